"""Nobody waits beside somebody free who could take the task."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

from app.audit.fact import Fact
from app.audit.invariant import Bounds, Invariant, Violation
from app.audit.lanes import covers
from app.audit.rep import Rep
from app.audit.task import QUEUED, Task
from app.audit.world import World


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
        elif fact.op == "unroutable" and task:
            late = self._of_task(task, fact.now_ms)
        elif fact.op == "configured" and isinstance(fact.data.get("rep"), dict):
            rep = self.world.rep(str(fact.data["rep"].get("name") or ""))
            late = self._of_rep(rep, fact.now_ms)
        yield from self._report(late, fact)

    def tick(self, now_ms: int) -> Iterator[Violation]:
        for rep in self.world.free.values():
            for task, _ in self._of_rep(rep, now_ms):
                yield from self._told_once(task, rep, now_ms, (task.last_seq,))

    def _of_task(self, task: Task, now_ms: int) -> Iterator[tuple[Task, Rep]]:
        if not task.lanes or now_ms - task.since_ms <= self.bounds.offer_ms:
            return
        for rep in self.world.free.values():
            if self._late(task, rep, now_ms, self.world.saves_room):
                yield task, rep

    def _of_rep(self, rep: Rep, now_ms: int) -> Iterator[tuple[Task, Rep]]:
        if rep.free_since_ms is None or now_ms - rep.free_since_ms <= self.bounds.offer_ms:
            return
        saved = self.world.saves_room(rep, now_ms)
        for queue in rep.queues if rep.skills is not None else ():
            for skills, lane in self.world.lanes.of_queue(queue):
                if rep.skills is None or not covers(rep.skills, skills):
                    continue
                for since_ms, task_id in lane.by_since:
                    if now_ms - since_ms <= self.bounds.offer_ms:
                        break
                    task = self.world.tasks[task_id]
                    if self._late(task, rep, now_ms, lambda *_: saved):
                        yield task, rep

    def _late(self, task: Task, rep: Rep, now_ms: int, saved: Saved) -> bool:
        if rep.free_since_ms is None or rep.over(task):
            return False
        if not self.world.would_be_next(rep, task, now_ms):
            return False
        able_ms = rep.can_take_ms(task)
        if able_ms is None or able_ms > now_ms:
            return False
        since_ms = max(
            task.since_ms,
            able_ms,
            rep.free_since_ms,
            rep.room_since_ms(task),
            self.world.kept_until_ms(task, rep),
        )
        if now_ms <= self.bounds.latest(since_ms, self.bounds.offer_ms):
            return False
        heavy = saved(rep, now_ms)
        return heavy is None or heavy is task or (heavy.order or 0) > (task.order or 0)

    def _report(self, late: Iterator[tuple[Task, Rep]], fact: Fact) -> Iterator[Violation]:
        for task, rep in late:
            if fact.op == "unroutable":
                detail = f"told that {fact.reason} while {rep.name} was free and could take it"
                yield self.broken(fact, detail, task.last_seq)
                return
            yield from self._told_once(task, rep, fact.now_ms, (task.last_seq, fact.seq))

    def _told_once(
        self, task: Task, rep: Rep, now_ms: int, seqs: tuple[int, ...]
    ) -> Iterator[Violation]:
        if task.id in self._told:
            return
        self._told.add(task.id)
        waited_ms = now_ms - max(task.since_ms, rep.free_since_ms or 0)
        detail = f"waited {waited_ms} ms while {rep.name} was free and could take it"
        yield Violation(self.id, detail, seqs, task.id, task.mention_id)

    def missing(self) -> str:
        if any(rep.state is not None for rep in self.world.reps.values()):
            return ""
        return "who was free and when: a fact with `data.rep` at each change of a rep's state"

    def blind(self) -> bool:
        return bool(self.missing())


Saved = Callable[[Rep, float], Task | None]

CHECKS = (NoStarvation,)
