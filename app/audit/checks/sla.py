"""The SLA clock: no deadline is missed in silence, and the warning comes first."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from app.audit.fact import Fact
from app.audit.invariant import Bounds, Invariant, Violation
from app.audit.world import Task, World


class NoSilentMiss(Invariant):
    id = "I11"
    sentence = "Who misses a deadline hears of it in time: breached, then escalated, never before."

    def __init__(self, world: World, bounds: Bounds) -> None:
        super().__init__(world, bounds)
        self._due: list[tuple[int, str]] = []  # latest breach, task
        self._to_escalate: list[tuple[int, str]] = []
        self._told: set[str] = set()

    def see(self, fact: Fact, task: Task | None) -> Iterator[Violation]:
        if task is None:
            if fact.task_id:
                due_ms = max(fact.deadline_ms, fact.now_ms)
                latest_ms = self.bounds.latest(due_ms, self.bounds.sla_ms)
                heapq.heappush(self._due, (latest_ms, fact.task_id))
        elif fact.op == "breached":
            yield from self._breach(fact, task)
        elif task.clock_runs and fact.op in ("replied", "completed", "cancelled"):
            yield from self._stop(fact, task)

    def _breach(self, fact: Fact, task: Task) -> Iterator[Violation]:
        late_ms = fact.now_ms - max(task.deadline_ms, task.born_ms)
        latest_ms = self.bounds.latest(fact.now_ms, self.bounds.sla_ms)
        heapq.heappush(self._to_escalate, (latest_ms, task.id))
        if fact.now_ms < task.deadline_ms:
            yield self.broken(fact, f"breached {task.deadline_ms - fact.now_ms} ms too early")
        elif task.breached:
            yield self.broken(fact, "breached a second time", task.last_seq)
        elif task.answered:
            yield self.broken(fact, "breached after the clock had stopped", task.last_seq)
        elif fact.now_ms > self._latest(task) and task.id not in self._told:
            yield self.broken(fact, f"the breach was noticed {late_ms} ms late", task.last_seq)

    def _stop(self, fact: Fact, task: Task) -> Iterator[Violation]:
        """The clock stops: had the deadline passed, the breach must be in the ledger already."""
        over_ms = fact.now_ms - task.deadline_ms
        if over_ms >= 0 and not task.breached and task.id not in self._told:
            yield self.broken(fact, f"{fact.op} {over_ms} ms after the deadline, no breach told")
        elif task.breached and not task.level and fact.op != "replied":
            yield self.broken(fact, f"{fact.op} after a breach that was never escalated")
        elif task.breached and fact.data.get("sla") == "met":
            yield self.broken(fact, "told as met, but it was breached", task.last_seq)

    def _latest(self, task: Task) -> int:
        return self.bounds.latest(max(task.deadline_ms, task.born_ms), self.bounds.sla_ms)

    def tick(self, now_ms: int) -> Iterator[Violation]:
        while self._due and self._due[0][0] < now_ms:
            task = self.world.tasks[heapq.heappop(self._due)[1]]
            if task.clock_runs and not task.breached:
                self._told.add(task.id)
                over_ms = now_ms - task.deadline_ms
                yield self.broken_task(
                    task, f"open {over_ms} ms after its deadline, no breach told"
                )
        while self._to_escalate and self._to_escalate[0][0] < now_ms:
            task = self.world.tasks[heapq.heappop(self._to_escalate)[1]]
            if task.open and not task.level:
                yield self.broken_task(task, "breached, but never escalated")


class AtRiskFirst(Invariant):
    id = "I12"
    sentence = "The warning comes at its threshold and before the breach, unless born too late."

    def __init__(self, world: World, bounds: Bounds) -> None:
        super().__init__(world, bounds)
        self._due: list[tuple[int, str]] = []
        self._fresh: list[str] = []  # tasks of which the world knows since the last fact
        self._told: set[str] = set()
        self._unknown = 0

    def see(self, fact: Fact, task: Task | None) -> Iterator[Violation]:
        if task is None:
            if fact.task_id:
                self._fresh.append(fact.task_id)
        elif fact.op == "at_risk":
            yield from self._warning(fact, task)
        elif fact.op == "breached" and not task.at_risk and task.born_ms < task.deadline_ms:
            yield self.broken(fact, "breached without a warning before", task.last_seq)

    def _watch(self, task: Task) -> None:
        if not task.detected_ms:
            self._unknown += 1
            return
        heapq.heappush(self._due, (self._latest(task), task.id))

    def _latest(self, task: Task) -> int:
        due_ms = max(self._threshold(task), task.born_ms)
        return self.bounds.latest(due_ms, self.bounds.sla_ms)

    def _threshold(self, task: Task) -> int:
        if not task.detected_ms:
            return 0
        window_ms = task.deadline_ms - task.detected_ms
        return task.detected_ms + round(window_ms * self.bounds.at_risk_share)

    def _warning(self, fact: Fact, task: Task) -> Iterator[Violation]:
        if task.at_risk or task.breached:
            what = "a second warning" if task.at_risk else "warned after the breach"
            yield self.broken(fact, what, task.last_seq)
        elif task.answered:
            yield self.broken(fact, "warned after the clock had stopped", task.last_seq)
        threshold_ms = self._threshold(task)
        if threshold_ms and fact.now_ms < threshold_ms - 1:  # both sides round to milliseconds
            yield self.broken(fact, f"warned {threshold_ms - fact.now_ms} ms too early")
        elif threshold_ms and fact.now_ms > self._latest(task) and task.id not in self._told:
            yield self.broken(fact, f"warned {fact.now_ms - threshold_ms} ms late", task.last_seq)

    def tick(self, now_ms: int) -> Iterator[Violation]:
        while self._fresh:
            self._watch(self.world.tasks[self._fresh.pop()])
        while self._due and self._due[0][0] < now_ms:
            task = self.world.tasks[heapq.heappop(self._due)[1]]
            if task.clock_runs and not task.at_risk and not task.breached:
                self._told.add(task.id)
                yield self.broken_task(task, "past its warning threshold, no warning told")

    def missing(self) -> str:
        if not self._unknown:
            return ""
        return f"the thresholds of {self._unknown} tasks: their detection time is in no fact"


CHECKS = (NoSilentMiss, AtRiskFirst)
