"""Clauses: short things said of a task, each made of nothing but what entries of its trail say."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

# The parts of what is said, in their order.
WHO, WHY_YOU, WHY_NOW, WHAT_TO_DO = "who", "why_you", "why_now", "what_to_do"
PARTS: Final = (WHO, WHY_YOU, WHY_NOW, WHAT_TO_DO)

CLAUSE_CHARS: Final = 120  # what is longer is not read while a customer waits
CUT: Final = "…"

# Signs that turn the direction of what stands beside them: a name must not reorder our words.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A stretch of a clause: ours, or `data` that an entry says."""

    text: str
    data: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Backing:
    """An entry of the trail, by its id, with the fields of it that are spoken of."""

    entry: str
    op: str
    at_ms: int
    fields: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One thing said. A time is always said last: `at_ms`, 0 where there is none.

    `because` is the reason of a suggestion, for whoever asks.
    """

    part: str
    key: str
    words: tuple[Word, ...]
    backing: tuple[Backing, ...]
    at_ms: int = 0
    because: str = ""

    @property
    def text(self) -> str:
        return "".join(word.text for word in self.words)

    @property
    def entries(self) -> frozenset[str]:
        """The ids of all that it stands on: without any one of them it is not said."""
        return frozenset(one.entry for one in self.backing)


class Entry:
    """An entry of the trail that remembers which of its fields were asked for and told something.

    What is missing or of another kind than expected reads as empty: older facts say less.
    """

    def __init__(self, fact: Mapping[str, Any]) -> None:
        self.fact = fact
        self._read: dict[Path, None] = {}
        self.id, self.op = str(fact["fact_id"]), str(fact["op"])
        self.at_ms = int(fact.get("now_ms", 0))

    def text(self, *path: str) -> str:
        found = self._at(path)
        return self._told(path, found) if _readable(found) else ""

    def texts(self, *path: str) -> tuple[str, ...]:
        found = self._at(path)
        if not isinstance(found, list | tuple):
            return ()
        kept = tuple(one for one in found if _readable(one))
        return self._told(path, kept) if kept else ()

    def number(self, *path: str) -> float:
        found = self._at(path)
        fits = isinstance(found, int | float) and not isinstance(found, bool) and found
        return self._told(path, found) if fits else 0

    def says(self, wanted: object, *path: str) -> bool:
        """Does it say exactly this there?"""
        found = self._at(path)
        same = type(found) is type(wanted) and found == wanted
        return bool(self._told(path, same)) if same else False

    def backing(self) -> Backing:
        return Backing(entry=self.id, op=self.op, at_ms=self.at_ms, fields=tuple(self._read))

    def _at(self, path: Path) -> Any:
        found: Any = self.fact
        for name in path:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found

    def _told(self, path: Path, found: Any) -> Any:
        self._read[path] = None
        return found


def ours(text: str) -> Word:
    return Word(text=text)


def told(text: str) -> Word:
    return Word(text=text, data=True)


def clause(
    named: tuple[str, str],
    words: Sequence[Word],
    *entries: Entry,
    at_ms: int = 0,
    because: str = "",
) -> Clause:
    """A clause of this part and key, on the fields that were read of these entries.

    Raises ValueError for an entry of which nothing was read: nothing is said without backing.
    """
    backing = tuple(entry.backing() for entry in entries)
    if not backing or not all(one.fields for one in backing):
        raise ValueError(f"{named}: expected entries of which something was read")
    part, key = named
    return Clause(
        part=part,
        key=key,
        words=_fitted(words),
        backing=backing,
        at_ms=at_ms,
        because=fitted(because, CLAUSE_CHARS),
    )


def by_rule(decided: Entry, key: str, did: str) -> str:
    """The reason of a suggestion: which rule gave this part of the decision; empty: none told."""
    rule = decided.text("data", "decision", "by", key)
    return f"The rule {rule} {did}" if rule else ""


def fitted(text: str, chars: int) -> str:
    """One line of readable text, cut where it is too long."""
    readable = (
        " " if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") else sign
        for sign in text
        if sign not in _TURNING
    )
    line = " ".join("".join(readable).split())
    return line if len(line) <= chars else line[: max(chars - 1, 0)].rstrip() + CUT


def _readable(found: object) -> bool:
    """Is it a text of which something is left to be said?"""
    return isinstance(found, str) and fitted(found, CLAUSE_CHARS) != ""


def _fitted(words: Sequence[Word]) -> tuple[Word, ...]:
    """Our words whole; what entries say shares the rest of the room, in its order."""
    room = CLAUSE_CHARS - sum(len(word.text) for word in words if not word.data)
    left = sum(word.data for word in words)
    found = []
    for word in words:
        if word.data:
            word = told(fitted(word.text, room // left))
            room, left = room - len(word.text), left - 1
        found.append(word)
    return tuple(found)
