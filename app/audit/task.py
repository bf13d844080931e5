"""A task as the facts tell it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from app.audit.lanes import LaneKey, Skills, covers

QUEUED, OFFERED, ACCEPTED, WRAPPING, PARKED = "queued", "offered", "accepted", "wrapping", "parked"
FINAL = frozenset({"completed", "cancelled"})
OWNED = frozenset({OFFERED, ACCEPTED, WRAPPING})  # what counts against capacity, too
NOBODY: frozenset[str] = frozenset()
HIGHEST_PRIORITY = 100

# From this time on (absolute, ms) the task asks for less, or more reps may take it.
Step: TypeAlias = tuple[int, str, str]
DROP, OVERFLOW = "drop", "overflow"


@dataclass(slots=True)
class Task:
    """A task after the last fact of it; `skills`, `order` and `steps` are None if nobody told."""

    id: str
    mention_id: str
    deadline_ms: int
    born_ms: int
    state: str = ""
    version: int = 0
    last_seq: int = 0
    queue: str = ""
    priority: int = 0
    rep: str = ""
    reservation: str = ""
    attempt: int = 0
    expires_ms: int = 0
    override: str = ""  # of its last offer
    timer_ms: int = 0  # when wrap-up or parking ends
    timer_version: int = 0  # of the fact that set the newest timer
    parked_ms: int = 0
    parked_for: str = ""  # who may take it up again
    waits_for: str = ""
    interrupted_by: str = ""  # the task for which it was parked
    reply_by_ms: int = 0  # taken back from a silent owner then
    silent: bool = True  # its owner has not replied since they have it
    since_ms: int = 0  # waiting in its queue since then
    detected_ms: int = 0
    half_ms: int = 0
    at_risk_ms: int = 0
    resolution_due_ms: int = 0
    skills: Skills | None = None
    steps: tuple[Step, ...] | None = None
    order: float | None = None
    weight: float = 1.0
    channel: str = ""
    since_at: int = 0  # the place in the ledger where it began to wait
    for_rep: str = ""
    for_until_ms: int = 0
    shared: bool = False  # offered to another since then: it is kept for its own no more
    refused: frozenset[str] = NOBODY
    spared: frozenset[str] = NOBODY  # perhaps not offered it again: it was taken from them
    cause: tuple[str, int] = ("", 0)  # told as unroutable, and after which change of a rep
    hops: int = 0
    level: int = 0
    handed_over: int = 0  # the fact of the third hand-off, until the mediator is told
    bounced: bool = False
    answered: bool = False
    halfway: bool = False
    told_ms: int = 0  # the last half-time or warning
    at_risk: bool = False
    breached: bool = False
    unresolved: bool = False  # its resolution clock is breached
    breach_version: int = 0  # the last breach of any clock
    policy_ms: int = 0  # when a new policy moved its deadline
    lanes: tuple[LaneKey, ...] = ()

    @property
    def open(self) -> bool:
        return self.state not in FINAL

    @property
    def clock_runs(self) -> bool:
        return self.open and not self.answered

    @property
    def resolving(self) -> bool:
        """Does the resolution clock run? It stands still while the customer has to act."""
        waits = self.state == PARKED and self.waits_for == "customer"
        return self.open and self.resolution_due_ms > 0 and not waits

    @property
    def resolving_later(self) -> bool:
        """Will its resolution clock go on once the customer has acted?"""
        return self.resolution_due_ms > 0 and not self.unresolved

    def asks(self, at_ms: int) -> tuple[Skills, tuple[str, ...]]:
        """The skills that it asks for at this time, and the queues whose reps may take it."""
        steps = [(how, what) for from_ms, how, what in self.steps or () if from_ms <= at_ms]
        dropped = {what.partition(":")[0] for how, what in steps if how == DROP}
        skills = frozenset(s for s in self.skills or () if s[0] not in dropped)
        return skills, (self.queue, *(what for how, what in steps if how == OVERFLOW))

    def opens_ms(self, skills: Skills, queues: Iterable[str]) -> int | None:
        """From when on somebody with these could take it: 0 is always, None is not yet known."""
        if self.skills is None:
            return None
        for at_ms in (0, *sorted(from_ms for from_ms, _, _ in self.steps or ())):
            wanted, into = self.asks(at_ms)
            if covers(skills, wanted) and any(queue in queues for queue in into):
                return at_ms
        return None


def order_of(task: Task) -> float | None:
    """The key by which a task waits: from detection (priority 100) to the due time (0)."""
    if not task.detected_ms:
        return None
    share = min(max(task.priority, 0), HIGHEST_PRIORITY) / HIGHEST_PRIORITY
    return task.deadline_ms - (task.deadline_ms - task.detected_ms) * share


def steps_of(given: Any) -> tuple[Step, ...]:
    """Read `data.steps`: [[at_ms, "drop", skill], [at_ms, "overflow", queue]]."""
    rows = given if isinstance(given, list) else []
    return tuple(sorted((int(at_ms), str(how), str(what)) for at_ms, how, what in rows))
