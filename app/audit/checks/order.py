"""The order of offers: the most pressing first, the refused not again, nobody left waiting."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from app.audit.fact import Fact
from app.audit.invariant import Bounds, Invariant, Violation
from app.audit.lanes import Lane, covers
from app.audit.world import QUEUED, Rep, Task, World, order_of

_ROUNDING_MS = 1.0  # keys are fractions of a millisecond; nobody waits for one


class Order(Invariant):
    id = "I9"
    sentence = "A rep is offered the most pressing task that waits and that they can take."

    def __init__(self, world: World, bounds: Bounds) -> None:
        super().__init__(world, bounds)
        self._unproven = 0

    def see(self, fact: Fact, task: Task | None) -> Iterator[Violation]:
        if task is None:
            yield from self._key(fact, None)
        elif fact.op in ("queued", "prioritised"):
            yield from self._key(fact, task)
        elif fact.op == "offered" and not fact.forced:
            rep = self.world.rep(fact.rep)
            yield from self._refused(fact, task, rep)
            if task.for_rep != rep.name:  # a task kept for its own agent is outside the order
                yield from self._before(fact, task, rep)

    def _key(self, fact: Fact, task: Task | None) -> Iterator[Violation]:
        """The key that the door tells must be the one that the formula gives."""
        told = fact.data.get("order_ms")
        if told is None or (task and task.level):
            return
        known = Task(fact.task_id, fact.mention_id, fact.deadline_ms, fact.now_ms)
        known.priority = fact.priority
        known.detected_ms = int(fact.data.get("detected_ms") or (task.detected_ms if task else 0))
        right = order_of(known)
        if right is not None and abs(right - float(told)) > _ROUNDING_MS:
            yield self.broken(fact, f"waits by the key {told}, expected {right:.0f}")

    def _before(self, fact: Fact, task: Task, rep: Rep) -> Iterator[Violation]:
        if task.order is None or task.skills is None:
            self._unproven += 1
            return
        limit = task.order - _ROUNDING_MS
        for lane in self._lanes_for(task, rep):
            for order, task_id in lane.by_order:
                if order >= limit:
                    break
                other = self.world.tasks[task_id]
                if rep.capacity is None and other.weight > task.weight:
                    continue  # who has room for the one may have none for the other
                if task_id != task.id and _may_have(rep, other, fact.now_ms):
                    detail = (
                        f"{rep.name} was offered this one (key {task.order:.0f}) while "
                        f"{task_id} (key {order:.0f}) waited in {other.queue}"
                    )
                    yield self.broken(fact, detail, other.last_seq)
                    return

    def _lanes_for(self, task: Task, rep: Rep) -> Iterator[Lane]:
        """The lanes this rep surely serves: those known of them, or like this task's own."""
        if rep.skills is None:
            for skills, lane in self.world.lanes.of_queue(task.queue):
                if task.skills is not None and covers(task.skills, skills):
                    yield lane
            return
        for queue in rep.queues:
            for skills, lane in self.world.lanes.of_queue(queue):
                if covers(rep.skills, skills):
                    yield lane

    def _refused(self, fact: Fact, task: Task, rep: Rep) -> Iterator[Violation]:
        """Not again to who refused it, while somebody free who has not refused can take it."""
        if rep.name not in task.refused or task.skills is None:
            return
        for other in self.world.free.values():
            if other.name in task.refused or other is rep or other.over(task):
                continue
            if other.serves(task.queue, task.skills):
                detail = f"offered again to {rep.name}, who refused it, while {other.name} was free"
                yield self.broken(fact, detail, task.last_seq)
                return

    def missing(self) -> str:
        if self._unproven:
            return f"{self._unproven} offers of tasks without data.skills and data.order_ms"
        if all(rep.skills is None for rep in self.world.reps.values()):
            return "lanes other than the offered task's own: `data.rep` facts or --staff"
        if all(rep.state is None for rep in self.world.reps.values()):
            return "who else was free when a task came again to who refused it: `data.rep` facts"
        return ""


class NoStarvation(Invariant):
    id = "I10"
    sentence = "A waiting task that a free rep could take is offered in time."

    def __init__(self, world: World, bounds: Bounds) -> None:
        super().__init__(world, bounds)
        self._told: set[str] = set()

    def see(self, fact: Fact, task: Task | None) -> Iterator[Violation]:
        """Look whenever a waiting time may end: of the task, or of the rep's being free."""
        late: Iterator[tuple[Task, Rep]] = iter(())
        if task and task.state == QUEUED and (fact.to != QUEUED or fact.queue != task.queue):
            late = self._of_task(task, fact.now_ms)
        if fact.op == "offered":
            late = chain(late, self._of_rep(self.world.rep(fact.rep), fact.now_ms))
        elif fact.op == "configured" and isinstance(fact.data.get("rep"), dict):
            rep = self.world.rep(str(fact.data["rep"].get("name") or ""))
            late = self._of_rep(rep, fact.now_ms)
        yield from self._report(late, fact.now_ms, fact.seq)

    def tick(self, now_ms: int) -> Iterator[Violation]:
        for rep in self.world.free.values():
            yield from self._report(self._of_rep(rep, now_ms), now_ms, 0)

    def _of_task(self, task: Task, now_ms: int) -> Iterator[tuple[Task, Rep]]:
        if task.lane is None or now_ms - task.since_ms <= self.bounds.offer_ms:
            return
        for rep in self.world.free.values():
            if rep.serves(*task.lane) and self._late(task, rep, now_ms):
                yield task, rep

    def _of_rep(self, rep: Rep, now_ms: int) -> Iterator[tuple[Task, Rep]]:
        if rep.free_since_ms is None or now_ms - rep.free_since_ms <= self.bounds.offer_ms:
            return
        for queue in rep.queues:
            for skills, lane in self.world.lanes.of_queue(queue):
                if rep.skills is None or not covers(rep.skills, skills):
                    continue
                for since_ms, task_id in lane.by_since:
                    if now_ms - since_ms <= self.bounds.offer_ms:
                        break
                    task = self.world.tasks[task_id]
                    if self._late(task, rep, now_ms):
                        yield task, rep

    def _late(self, task: Task, rep: Rep, now_ms: int) -> bool:
        if rep.free_since_ms is None or not _may_have(rep, task, now_ms):
            return False
        since_ms = max(task.since_ms, rep.free_since_ms)
        if task.weight > 1 or rep.channels:  # free for one task is not free for every task
            since_ms = max(since_ms, rep.eased_ms)
        if task.for_rep not in ("", rep.name):
            since_ms = max(since_ms, task.for_until_ms)
        return now_ms > self.bounds.latest(since_ms, self.bounds.offer_ms)

    def _report(
        self, late: Iterator[tuple[Task, Rep]], now_ms: int, seq: int
    ) -> Iterator[Violation]:
        for task, rep in late:
            if task.id in self._told:
                continue
            self._told.add(task.id)
            waited_ms = now_ms - max(task.since_ms, rep.free_since_ms or 0)
            detail = f"waited {waited_ms} ms while {rep.name} was free and could take it"
            seqs = (task.last_seq, seq) if seq else (task.last_seq,)
            yield Violation(self.id, detail, seqs, task.id, task.mention_id)

    def missing(self) -> str:
        if any(rep.state is not None for rep in self.world.reps.values()):
            return ""
        return "who was free and when: a fact with `data.rep` at each change of a rep's state"

    def blind(self) -> bool:
        return bool(self.missing())


def _may_have(rep: Rep, task: Task, now_ms: int) -> bool:
    """Nothing known keeps this rep from being offered this waiting task now."""
    if rep.name in task.refused or rep.over(task):
        return False
    return task.for_rep in ("", rep.name) or now_ms >= task.for_until_ms


CHECKS = (Order, NoStarvation)
