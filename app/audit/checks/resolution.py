"""The resolution clock: from the first word to the end, standing while the customer has to act."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from app.audit.fact import Fact
from app.audit.invariant import Bounds, Invariant, Violation
from app.audit.learning import POLICY, is_resolution
from app.audit.task import PARKED, Task
from app.audit.world import World

_CUSTOMER = "customer"


class NoSilentResolutionMiss(Invariant):
    """I11 for the second clock."""

    id = "I11"
    sentence = "Who misses a deadline hears of it in time: breached, then escalated, never before."

    def __init__(self, world: World, bounds: Bounds) -> None:
        super().__init__(world, bounds)
        self._due: list[tuple[int, str, int]] = []  # latest breach, task, due time it was for
        self._told: set[str] = set()

    def see(self, fact: Fact, task: Task | None) -> Iterator[Violation]:
        told = fact.data.get("resolution_due_ms")
        if fact.task_id and told and fact.op in ("queued", "prioritised"):
            latest_ms = self.bounds.latest(max(int(told), fact.now_ms), self.bounds.sla_ms)
            heapq.heappush(self._due, (latest_ms, fact.task_id, int(told)))
        if task is None:
            return
        if told is not None and fact.op in ("queued", "prioritised"):
            yield from self._moved(fact, task, int(told))
        elif fact.op == "queued" and _stands(task) and task.resolving_later:
            yield self.broken(fact, "woken without data.resolution_due_ms", task.last_seq)
        if is_resolution(fact):
            yield from self._threshold(fact, task)
        elif fact.op == "completed" and task.resolving and not task.unresolved:
            over_ms = fact.now_ms - task.resolution_due_ms
            if over_ms >= 0 and task.id not in self._told:
                detail = f"completed {over_ms} ms after the time for it, no breach told"
                yield self.broken(fact, detail, task.last_seq)

    def _moved(self, fact: Fact, task: Task, told: int) -> Iterator[Violation]:
        """The clock stood still while the customer had to act, and at no other time."""
        if fact.op == "prioritised":
            if fact.reason != POLICY and told != task.resolution_due_ms:
                yield self.broken(fact, "moved the time for the resolution", task.last_seq)
            return
        stood_ms = fact.now_ms - task.parked_ms if _stands(task) else 0
        moved_ms = told - task.resolution_due_ms
        if moved_ms != stood_ms and not task.unresolved:
            detail = f"the time for the resolution moved {moved_ms} ms, it stood {stood_ms} ms"
            yield self.broken(fact, detail, task.last_seq)

    def _threshold(self, fact: Fact, task: Task) -> Iterator[Violation]:
        if fact.op != "breached":
            return
        late_ms = fact.now_ms - task.resolution_due_ms
        if not task.resolving:
            yield self.broken(fact, "breached, but the resolution clock does not run")
        elif late_ms < 0:
            yield self.broken(fact, f"the resolution breached {-late_ms} ms too early")
        elif task.unresolved:
            yield self.broken(fact, "the resolution breached a second time", task.last_seq)

    def tick(self, now_ms: int) -> Iterator[Violation]:
        while self._due and self._due[0][0] < now_ms:
            _, task_id, due_ms = heapq.heappop(self._due)
            task = self.world.tasks[task_id]
            if task.resolution_due_ms != due_ms or not task.resolving:
                continue
            if not task.unresolved and task_id not in self._told:
                self._told.add(task_id)
                over_ms = now_ms - due_ms
                yield self.broken_task(
                    task, f"open {over_ms} ms after the time to resolve it, no breach told"
                )


def _stands(task: Task) -> bool:
    """Does its clock stand still, because the customer has to act?"""
    return task.state == PARKED and task.waits_for == _CUSTOMER


CHECKS = (NoSilentResolutionMiss,)
