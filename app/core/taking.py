"""What comes of rows that are taken in: nothing is overwritten, what collides stays visible."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from app.core.known import HANDLE, Order, Statement, facts_of, fold
from app.core.profile import Profile
from app.core.profile_fields import Row

NEW, CHANGED, SAME, CONTESTED, REJECTED = "new", "changed", "same", "contested", "rejected"
COUNTED: Final = (NEW, CHANGED, SAME, CONTESTED, REJECTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who says to have a handle, and since when. The earliest claim holds it."""

    customer_id: str
    since_ms: int

    def before(self, other: Claim) -> bool:
        return (self.since_ms, self.customer_id) < (other.since_ms, other.customer_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A row that was not taken, and why; `raw` is what came."""

    line: int
    code: str
    reason: str
    raw: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What is known of the customers and handles of the rows; `contested`: who claims them, too."""

    statements: Mapping[str, Sequence[Statement]] = field(default_factory=dict)
    holders: Mapping[str, Claim] = field(default_factory=dict)
    contested: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(slots=True)
class Taken:
    """What is to be written."""

    added: list[Statement] = field(default_factory=list)
    seen: list[Statement] = field(default_factory=list)  # said again: only `seen_ms` is new
    profiles: dict[str, Profile] = field(default_factory=dict)
    holders: dict[str, Claim] = field(default_factory=dict)  # new or changed
    contested: dict[tuple[str, str], Claim] = field(default_factory=dict)  # by handle, customer
    rejected: list[Rejected] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTED, 0))


def candidates(
    rows: Iterable[Row],
    holders: Mapping[str, Claim],
    contested: Mapping[str, Collection[str]],
) -> set[str]:
    """The customers whose statements `take` may need."""
    found: set[str] = set()
    for row in rows:
        if row.statement.customer_id:
            found.add(row.statement.customer_id)
            continue
        found.add(_named_after(row))
        found |= {holders[key].customer_id for key in row.handles if key in holders}
        found.update(*(contested.get(key, ()) for key in row.handles))
    return found


def take(rows: Iterable[Row], before: Before, order: Order) -> Taken:
    """Judge the rows in their order."""
    return _Taking(before, order).all(rows)


class _Taking:
    def __init__(self, before: Before, order: Order) -> None:
        self._order = order
        self._known = {id_: list(said) for id_, said in before.statements.items()}
        self._holders = dict(before.holders)
        self._contested = {key: set(ids) for key, ids in before.contested.items()}
        self._added: dict[tuple[str, str, int], Statement] = {}
        self._seen: dict[tuple[str, str, int], Statement] = {}
        self._stale: set[str] = set()  # customers whose profile must be folded again
        self._taken = Taken()

    def all(self, rows: Iterable[Row]) -> Taken:
        for row in rows:
            outcome = self._one(row)
            self._taken.counts[outcome] += 1
        taken = self._taken
        taken.added, taken.seen = list(self._added.values()), list(self._seen.values())
        for id_ in self._stale:
            facts = [fact for said in self._known[id_] for fact in facts_of(said)]
            taken.profiles[id_] = fold(facts, self._order, id_)
        return taken

    def _one(self, row: Row) -> str:
        said = row.statement
        if not said.customer_id:
            ids = self._owners(row)
            if len(ids) > 1:
                told = f"its handles belong to {' and '.join(sorted(ids))}: name the customer"
                return self._reject(row, "ambiguous", told)
            said = replace(said, customer_id=min(ids, default=_named_after(row)))
        known = self._known.setdefault(said.customer_id, [])
        own = [one for one in known if one.source == said.source and one.at_ms <= said.at_ms]
        last = max(own, key=lambda one: one.at_ms, default=None)
        if last and (last.says, last.confidence) == (said.says, said.confidence):
            if said.seen_ms > last.seen_ms:
                self._say_again(last, said.seen_ms)
            return SAME
        if last and last.at_ms == said.at_ms:
            told = f"{said.source} says otherwise of {said.customer_id} at the same time"
            return self._reject(row, "says_otherwise", told)
        self._claim(said)
        outcome = CHANGED if known else NEW
        known.append(said)
        self._added[_key(said)] = said
        self._stale.add(said.customer_id)
        return outcome

    def _reject(self, row: Row, code: str, reason: str) -> str:
        self._taken.rejected.append(Rejected(line=row.line, code=code, reason=reason))
        return REJECTED

    def _owners(self, row: Row) -> set[str]:
        """Whose handles these are, and who else claims one of them."""
        ids = {self._holders[key].customer_id for key in row.handles if key in self._holders}
        return ids.union(*(self._contested.get(key, ()) for key in row.handles))

    def _say_again(self, last: Statement, seen_ms: int) -> None:
        """Alone, a source that says the same changes nothing that is shown."""
        again = replace(last, seen_ms=seen_ms)
        known = self._known[last.customer_id]
        known[known.index(last)] = again
        group = self._added if _key(last) in self._added else self._seen
        group[_key(last)] = again
        if len({one.source for one in known}) > 1:
            self._stale.add(last.customer_id)

    def _claim(self, said: Statement) -> None:
        mine = Claim(customer_id=said.customer_id, since_ms=said.at_ms)
        handles = said.says.get(HANDLE, ())
        contested = False
        for key in handles if isinstance(handles, tuple) else ():
            held = self._holders.get(key)
            if held and held.customer_id != mine.customer_id:
                contested = True
                loser = held if mine.before(held) else mine
                self._taken.contested[key, loser.customer_id] = loser
                self._contested.setdefault(key, set()).add(loser.customer_id)
            if held is None or mine.before(held):
                self._holders[key] = self._taken.holders[key] = mine
        self._taken.counts[CONTESTED] += contested


def _key(said: Statement) -> tuple[str, str, int]:
    return said.customer_id, said.source, said.at_ms


def _named_after(row: Row) -> str:
    """The id of a customer of whom only handles are known: always the same one."""
    first = min(row.handles, default="")
    return f"h-{hashlib.sha256(first.encode()).hexdigest()[:16]}"
