"""The order of offers: the most pressing first, the refused not again."""

from __future__ import annotations

from collections.abc import Iterator

from app.audit.fact import Fact
from app.audit.invariant import Bounds, Invariant, Violation
from app.audit.lanes import Lane, covers, skills_of
from app.audit.rep import Rep
from app.audit.task import Task, order_of
from app.audit.world import World

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
        elif fact.op == "offered":
            rep = self.world.rep(fact.rep)
            if fact.data.get("override") == "preempts":
                yield from self._needless(fact, task, rep)
            if not fact.forced:
                yield from self._refused(fact, task, rep)
                yield from self._kept(fact, task, rep)
                if task.for_rep != rep.name:  # kept for its own agent, it is outside the order
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
        for lane in self._lanes_for(fact, task, rep):
            for order, task_id in lane.by_order:
                if order >= limit:
                    break
                other = self.world.tasks[task_id]
                if task_id == task.id or not self._came_first(rep, other, task, fact.now_ms):
                    continue
                detail = (
                    f"{rep.name} was offered this one (key {task.order:.0f}) while "
                    f"{task_id} (key {order:.0f}) waited in {other.queue}"
                )
                yield self.broken(fact, detail, other.last_seq)
                return

    def _came_first(self, rep: Rep, other: Task, task: Task, now_ms: int) -> bool:
        """Should the rep have had the other, which is more pressing, or nothing for now?"""
        if rep.capacity is None and (other.weight, other.channel) != (task.weight, task.channel):
            return False  # who has room for the one may have none for the other
        if not self.world.would_be_next(rep, other, now_ms):
            return False
        # A sweep does what time brings, so it needs a moment, and more of them in an outage.
        open_ms = max(self.world.kept_until_ms(other, rep), rep.can_take_ms(other) or 0)
        if open_ms and now_ms < self.bounds.latest(open_ms, self.bounds.expiry_ms):
            return False
        # For a task too heavy as yet the rep saves room once its key has passed, not before.
        return not rep.too_heavy(other) or (other.order or 0) < now_ms - _ROUNDING_MS

    def _lanes_for(self, fact: Fact, task: Task, rep: Rep) -> Iterator[Lane]:
        """The lanes this rep surely serves: those known of them, or like this task's own."""
        if rep.skills is not None:
            yield from self.world.lanes_for(rep)
        elif task.skills is not None and not fact.data.get("overflow"):
            shown = skills_of(fact.data["skills"]) if "skills" in fact.data else task.skills
            for skills, lane in self.world.lanes.of_queue(task.queue):
                if covers(shown, skills):
                    yield lane

    def _refused(self, fact: Fact, task: Task, rep: Rep) -> Iterator[Violation]:
        """Not again to who refused it, while somebody free who has not refused can take it."""
        if rep.name not in task.refused or task.skills is None or task.for_rep == rep.name:
            return  # who it is kept for is asked whatever they said before
        other = self._another(task, rep, fact.now_ms)
        if other:
            detail = f"offered again to {rep.name}, who refused it, while {other.name} was free"
            yield self.broken(fact, detail, task.last_seq)

    def _needless(self, fact: Fact, task: Task, rep: Rep) -> Iterator[Violation]:
        """Nobody is interrupted while somebody has room."""
        other = None if task.skills is None else self._another(task, rep, fact.now_ms, itself=True)
        if other:
            detail = f"{rep.name} is to be interrupted while {other.name} was free"
            yield self.broken(fact, detail, task.last_seq)

    def _another(self, task: Task, rep: Rep, now_ms: int, itself: bool = False) -> Rep | None:
        """Somebody who is free, has not refused the task and could be offered it."""
        for other in self.world.free.values():
            if (other is rep and not itself) or other.too_heavy(task):
                continue
            if not self.world.would_be_next(other, task, now_ms):
                continue
            # Relaxed a moment ago, or room saved for another task: then perhaps not.
            if other.can_take_ms(task) == 0 and not self.world.saves_room(other, now_ms):
                return other
        return None

    def _kept(self, fact: Fact, task: Task, rep: Rep) -> Iterator[Violation]:
        """A task is kept for its own agent as long as they are there."""
        own = self.world.reps.get(task.for_rep)
        if own is None or own is rep or task.shared or fact.now_ms >= task.for_until_ms:
            return
        if own.stayed_since(task.since_at) and own.name not in task.refused | task.spared:
            detail = f"offered to {rep.name} while it was kept for {own.name}"
            yield self.broken(fact, detail, task.last_seq)

    def missing(self) -> str:
        if self._unproven:
            return f"{self._unproven} offers of tasks without data.skills and data.order_ms"
        if all(rep.skills is None for rep in self.world.reps.values()):
            return "lanes other than the offered task's own: `data.rep` facts or --staff"
        if all(rep.state is None for rep in self.world.reps.values()):
            return "who else was free when a task came again to who refused it: `data.rep` facts"
        return ""


CHECKS = (Order,)
