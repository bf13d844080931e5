"""The context card: who this is, why it came to you, why now, what to do.

What counts where several entries say it anew (the wording after an edit, the offer that stands) is
settled first, by `moment_of`. Then each clause is made of the entries that it names and of nothing
else: without one of them exactly the clauses on it go, and no older entry takes its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from app.core import cases
from app.core.clause import PARTS, WHAT_TO_DO, WHO, WHY_NOW, WHY_YOU, Clause, Entry

Fact = Mapping[str, Any]

# The roles that one entry has in a moment.
SAID, SCORED, DECIDED, OFFERED, WAITS, DUE, MOVED = (
    "said", "scored", "decided", "offered", "waits", "due", "moved",
)  # fmt: skip

_LEADS: Final = {
    WHO: "",
    WHY_YOU: "it came to you because ",
    WHY_NOW: "it matters now because ",
    WHAT_TO_DO: "what to do: ",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Titles:
    """How the codes of the catalogue are called: queues, channels, people by their name."""

    queues: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is live of a task: in whose hands it is, by which offer, and how its clock stands."""

    rep: str = ""
    reservation_id: str = ""
    sla: str = "ok"
    due_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A task at one moment, and which entry of its trail counts for what (by its id)."""

    task: Task
    counts: Mapping[str, str]
    titles: Titles = field(default_factory=Titles)


class Trail:
    """The entries of a mention, each read anew for each clause."""

    def __init__(self, facts: Iterable[Fact], moment: Moment) -> None:
        self._facts = {str(fact["fact_id"]): fact for fact in facts}
        self.moment = moment

    def one(self, role: str) -> Entry | None:
        """The entry that counts for this, where the trail has it."""
        fact = self._facts.get(self.moment.counts.get(role, ""))
        return Entry(fact) if fact else None

    def each(self, *ops: str) -> Iterator[Entry]:
        """All entries of these operations, in order."""
        return (Entry(fact) for fact in self._facts.values() if fact["op"] in ops)


def moment_of(facts: Sequence[Fact], task: Task, titles: Titles | None = None) -> Moment:
    """Which entries count: the newest wording, score and decision, the offer that stands."""
    counts: dict[str, str] = {}
    for fact in facts:
        for role in _roles(fact, task):
            counts[role] = str(fact["fact_id"])
    return Moment(task=task, counts=counts, titles=titles or Titles())


def _roles(fact: Fact, task: Task) -> Iterator[str]:
    op, data = fact["op"], fact.get("data") or {}
    if op in ("received", "edited") and "mention" in data:
        yield SAID
    if op in ("scored", "edited") and "score" in data:
        yield SCORED
    if op in ("decided", "edited") and "decision" in data:
        yield DECIDED
    if op == "offered" and task.reservation_id == fact.get("reservation_id"):
        yield OFFERED
    if op in ("queued", "transferred", "escalated", "prioritised") and "skills" in data:
        yield WAITS
    if op in ("queued", "prioritised") and task.due_ms == fact.get("deadline_ms"):
        yield DUE
    if op in ("queued", "transferred"):
        yield MOVED
    if op == cases.OPENED and "rule" in data:
        yield opened_by(str(data["rule"]))


def opened_by(rule: str) -> str:
    """The role of the entry by which this rule opened its case."""
    return f"{cases.OPENED}:{rule}"


def sentence(clauses: Sequence[Clause]) -> str:
    """All of it as one sentence, to be read aloud; times in UTC."""
    parts = []
    for part in PARTS:
        said = [_spoken(clause) for clause in clauses if clause.part == part]
        if said:
            parts.append(_LEADS[part] + ", ".join(said))
    return f"{'; '.join(parts)}." if parts else ""


def short(clauses: Sequence[Clause]) -> tuple[Clause, ...]:
    """The first clause of each part: the most that is read while an offer runs out."""
    firsts: dict[str, Clause] = {}
    for clause in clauses:
        firsts.setdefault(clause.part, clause)
    return tuple(firsts[part] for part in PARTS if part in firsts)


def _spoken(clause: Clause) -> str:
    text = clause.text.rstrip(" .;,")
    if not clause.at_ms:
        return text
    return f"{text} {moment_text(clause.at_ms)}"


def moment_text(at_ms: int) -> str:
    """A moment as a person says it, in UTC; a clock that nobody has reads as nothing."""
    try:
        return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%H:%M UTC on %-d %B")
    except (ValueError, OverflowError, OSError):
        return ""
