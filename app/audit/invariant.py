"""What an invariant is: an id, a sentence, and the facts that break it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from app.audit.fact import Fact
from app.audit.task import Task
from app.audit.world import World


@dataclass(frozen=True, slots=True)
class Violation:
    """One breach: which invariant, the facts that show it, and what happened."""

    invariant: str
    detail: str
    seqs: tuple[int, ...] = ()
    task_id: str = ""
    mention_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How late is too late, in milliseconds. The product promises the defaults."""

    expiry_ms: int = 2_000  # an offer ends this long after its expiry at the latest
    offer_ms: int = 5_000  # a task that somebody free could take is offered by then
    sla_ms: int = 5_000  # a threshold is noticed by then
    at_risk_share: float = 0.8  # of the window
    drained: bool = False  # the run is over: every task must have ended
    outages: tuple[tuple[int, int], ...] = ()  # while these lasted nothing was promised

    def latest(self, due_ms: int, bound_ms: int) -> int:
        """When it must have happened: an outage moves the promise to its own end."""
        latest = due_ms + bound_ms
        for start, end in self.outages:
            if start <= latest and due_ms <= end:
                latest = max(latest, end + bound_ms)
        return latest


class Invariant:
    """Sees every fact before the world takes it in; `task` is the task before the fact."""

    id: ClassVar[str]
    sentence: ClassVar[str]
    of_facts: ClassVar[bool] = True  # proven from the ledger: without a fact nothing is

    def __init__(self, world: World, bounds: Bounds) -> None:
        self.world = world
        self.bounds = bounds

    def see(self, fact: Fact, task: Task | None) -> Iterable[Violation]:  # noqa: ARG002
        return ()

    def tick(self, now_ms: int) -> Iterable[Violation]:  # noqa: ARG002
        """Time has come this far: what should have happened by now?"""
        return ()

    def end(self) -> Iterable[Violation]:
        """The ledger is over."""
        return ()

    def missing(self) -> str:
        """What could not be proven for want of something, as a sentence; empty: all was."""
        return ""

    def blind(self) -> bool:
        """Is so much missing that nothing at all was proven?"""
        return False

    def broken(self, fact: Fact, detail: str, *earlier: int) -> Violation:
        seqs = (*(s for s in earlier if s), fact.seq)
        return Violation(self.id, detail, seqs, fact.task_id, fact.mention_id)

    def broken_task(self, task: Task, detail: str) -> Violation:
        return Violation(self.id, detail, (task.last_seq,), task.id, task.mention_id)
