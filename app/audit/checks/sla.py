"""The response clock: no deadline is missed in silence, and the warnings come first."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from app.audit.fact import Fact
from app.audit.invariant import Bounds, Invariant, Violation
from app.audit.learning import is_resolution, moves_deadline
from app.audit.task import PARKED, Task
from app.audit.world import World


class NoSilentMiss(Invariant):
    id = "I11"
    sentence = "Who misses a deadline hears of it in time: breached, then escalated, never before."

    def __init__(self, world: World, bounds: Bounds) -> None:
        super().__init__(world, bounds)
        self._due: list[tuple[int, str]] = []  # latest breach, task
        # The latest time, the task, its level and version when it was breached.
        self._to_escalate: list[tuple[int, str, int, int]] = []
        self._told: set[str] = set()

    def see(self, fact: Fact, task: Task | None) -> Iterator[Violation]:
        if task is None:
            if fact.task_id:
                self._watch(fact, fact.now_ms)
            return
        if moves_deadline(fact, task):
            self._watch(fact, fact.now_ms)
        if fact.op == "breached":
            latest_ms = self.bounds.latest(fact.now_ms, self.bounds.sla_ms)
            heapq.heappush(self._to_escalate, (latest_ms, task.id, task.level, fact.version))
            if not is_resolution(fact):
                yield from self._breach(fact, task)
        elif task.clock_runs and fact.op in ("replied", "completed", "cancelled"):
            yield from self._stop(fact, task)

    def _watch(self, fact: Fact, now_ms: int) -> None:
        latest_ms = self.bounds.latest(max(fact.deadline_ms, now_ms), self.bounds.sla_ms)
        heapq.heappush(self._due, (latest_ms, fact.task_id))

    def _breach(self, fact: Fact, task: Task) -> Iterator[Violation]:
        late_ms = fact.now_ms - max(task.deadline_ms, task.born_ms)
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
        """A deadline that a new policy put into the past is noticed when the policy comes."""
        due_ms = max(task.deadline_ms, task.born_ms, task.policy_ms)
        return self.bounds.latest(due_ms, self.bounds.sla_ms)

    def tick(self, now_ms: int) -> Iterator[Violation]:
        while self._due and self._due[0][0] < now_ms:
            task = self.world.tasks[heapq.heappop(self._due)[1]]
            if task.clock_runs and not task.breached and self._latest(task) < now_ms:
                self._told.add(task.id)
                over_ms = now_ms - task.deadline_ms
                yield self.broken_task(
                    task, f"open {over_ms} ms after its deadline, no breach told"
                )
        while self._to_escalate and self._to_escalate[0][0] < now_ms:
            _, task_id, level, version = heapq.heappop(self._to_escalate)
            task = self.world.tasks[task_id]
            if task.open and task.level == level:
                yield self.broken_task(task, "breached, but never escalated")
            elif task.state == PARKED and task.timer_version < version:
                yield self.broken_task(task, "breached while parked, but never woken")


class WarnedFirst(Invariant):
    id = "I12"
    sentence = (
        "Half-time and the warning come at their thresholds, before the breach, unless born too"
        " late."
    )

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
            return
        if moves_deadline(fact, task):
            self._fresh.append(task.id)
        if is_resolution(fact):
            return
        if fact.op == "at_risk":
            yield from self._warning(fact, task)
        elif fact.op == "halfway":
            yield from self._halfway(fact, task)
        elif fact.op == "breached" and not task.at_risk and not _born_too_late(task):
            yield self.broken(fact, "breached without a warning before", task.last_seq)

    def _watch(self, task: Task) -> None:
        threshold_ms = self._threshold(task)
        if not threshold_ms:
            self._unknown += 1
            return
        heapq.heappush(self._due, (self._latest(task, threshold_ms), task.id))
        if task.half_ms:
            heapq.heappush(self._due, (self._latest(task, task.half_ms), task.id))

    def _latest(self, task: Task, due_ms: int) -> int:
        due_ms = max(due_ms, task.born_ms, task.policy_ms)
        return self.bounds.latest(due_ms, self.bounds.sla_ms)

    def _threshold(self, task: Task) -> int:
        """As the task was told by its calendar, or by share where nobody told."""
        if task.at_risk_ms or not task.detected_ms:
            return task.at_risk_ms
        window_ms = task.deadline_ms - task.detected_ms
        return task.detected_ms + round(window_ms * self.bounds.at_risk_share)

    def _warning(self, fact: Fact, task: Task) -> Iterator[Violation]:
        # With a new policy it may come again.
        if (task.at_risk and task.told_ms >= task.policy_ms) or task.breached:
            what = "a second warning" if task.at_risk else "warned after the breach"
            yield self.broken(fact, what, task.last_seq)
        elif task.answered:
            yield self.broken(fact, "warned after the clock had stopped", task.last_seq)
        threshold_ms = self._threshold(task)
        if threshold_ms and fact.now_ms < threshold_ms - 1:  # both sides round to milliseconds
            yield self.broken(fact, f"warned {threshold_ms - fact.now_ms} ms too early")
        elif threshold_ms and self._late(fact, task, threshold_ms):
            late_ms = fact.now_ms - threshold_ms
            yield self.broken(fact, f"warned {late_ms} ms late", task.last_seq)

    def _late(self, fact: Fact, task: Task, threshold_ms: int) -> bool:
        return task.id not in self._told and fact.now_ms > self._latest(task, threshold_ms)

    def _halfway(self, fact: Fact, task: Task) -> Iterator[Violation]:
        if task.halfway and task.told_ms >= task.policy_ms:
            yield self.broken(fact, "half-time a second time", task.last_seq)
        elif task.breached or (task.at_risk and not task.policy_ms):
            yield self.broken(fact, "half-time after the warning", task.last_seq)
        elif task.answered:
            yield self.broken(fact, "half-time after the clock had stopped", task.last_seq)
        if not task.half_ms:
            yield self.broken(fact, "half-time of a task that has none: data.half_ms")
        elif fact.now_ms < task.half_ms - 1:
            yield self.broken(fact, f"half-time {task.half_ms - fact.now_ms} ms too early")

    def tick(self, now_ms: int) -> Iterator[Violation]:
        while self._fresh:
            self._watch(self.world.tasks[self._fresh.pop()])
        while self._due and self._due[0][0] < now_ms:
            task = self.world.tasks[heapq.heappop(self._due)[1]]
            if not task.clock_runs or task.at_risk or task.breached or task.id in self._told:
                continue
            if self._latest(task, self._threshold(task)) < now_ms:
                self._told.add(task.id)
                yield self.broken_task(task, "past its warning threshold, no warning told")
            elif self._half_missed(task, now_ms):
                self._told.add(task.id)
                yield self.broken_task(task, "past half of its time, nobody told")

    def _half_missed(self, task: Task, now_ms: int) -> bool:
        """A task that was born or given a policy later than half of its time has no half-time."""
        begun_ms = max(task.born_ms, task.policy_ms)
        if task.halfway or not task.half_ms or begun_ms >= task.half_ms:
            return False
        return self._latest(task, task.half_ms) < now_ms < self._threshold(task)

    def missing(self) -> str:
        if not self._unknown:
            return ""
        return f"the thresholds of {self._unknown} tasks: their detection time is in no fact"


def _born_too_late(task: Task) -> bool:
    """Had the deadline passed when the task, or its policy, came?"""
    return max(task.born_ms, task.policy_ms) >= task.deadline_ms


CHECKS = (NoSilentMiss, WarnedFirst)
