"""Who holds a task: one owner, within capacity, on an offer that had not run out."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import replace

from app.audit.fact import Fact
from app.audit.invariant import Bounds, Invariant, Violation
from app.audit.rep import Rep
from app.audit.task import ACCEPTED, OFFERED, OWNED, PARKED, WRAPPING, Task
from app.audit.world import World

_ENDS = frozenset({"accepted", "rejected", "timed_out", "rescinded", "cancelled"})


class OneOwner(Invariant):
    id = "I6"
    sentence = "At no time do two reps hold a task, in the ledger or by what they were told."

    def see(self, fact: Fact, task: Task | None) -> Iterator[Violation]:
        if task is None or task.state not in OWNED or not fact.rep or fact.rep == task.rep:
            return
        if fact.to in OWNED or fact.op in _ENDS | {"completed", "transferred"}:
            detail = f"{fact.op} of {fact.rep} while {task.rep} holds the task"
            yield self.broken(fact, detail, task.last_seq)


class Capacity(Invariant):
    id = "I7"
    sentence = "No rep holds more than their capacity, unless somebody forced it."

    def see(self, fact: Fact, task: Task | None) -> Iterator[Violation]:
        if fact.op == "configured":
            yield from self._left(fact)
        if task is None or fact.op not in ("offered", "accepted"):
            return
        rep = self.world.rep(fact.rep)
        if fact.op == "offered" and not fact.forced and task.id not in rep.holding:
            yield from self._beside(fact, task, rep)
        elif fact.op == "accepted" and task.override == "preempts" and task.id in rep.holding:
            # What it interrupts is parked before, in the same script.
            others = replace(rep, holding={k: v for k, v in rep.holding.items() if k != task.id})
            yield from self._beside(fact, task, others)

    def _left(self, fact: Fact) -> Iterator[Violation]:
        """Who leaves the staff has given back everything before."""
        said = fact.data.get("rep")
        if isinstance(said, dict) and said.get("left"):
            rep = self.world.rep(str(said.get("name") or ""))
            for held in rep.holding.values():
                detail = f"{rep.name} has left and still holds {held.id}"
                yield self.broken(fact, detail, held.last_seq)

    def _beside(self, fact: Fact, task: Task, rep: Rep) -> Iterator[Violation]:
        over = rep.over(task)
        if over:
            others = sorted(held.last_seq for held in rep.holding.values())
            yield self.broken(fact, f"{rep.name} holds {over}", *others)

    def missing(self) -> str:
        unknown = sum(r.capacity is None for r in self.world.reps.values())
        if not unknown:
            return ""
        return f"the capacity of {unknown} reps: `data.rep` facts or --staff"

    def blind(self) -> bool:
        return all(rep.capacity is None for rep in self.world.reps.values())


class OfferEnds(Invariant):
    id = "I8"
    sentence = (
        "Nobody accepts an offer that ran out, and every offer, wrap-up and parking ends in time."
    )

    def __init__(self, world: World, bounds: Bounds) -> None:
        super().__init__(world, bounds)
        self._due: list[tuple[int, str, str]] = []  # latest end, task, reservation
        self._used: set[str] = set()
        self._told: set[str] = set()  # reservations whose lateness has been reported

    def see(self, fact: Fact, task: Task | None) -> Iterator[Violation]:
        if task is None:
            return
        if fact.op == "offered":
            yield from self._begins(fact, task)
        elif task.state == OFFERED and fact.to != OFFERED:
            yield from self._ends(fact, task)

    def _begins(self, fact: Fact, task: Task) -> Iterator[Violation]:
        expires_ms = int(fact.data.get("expires_ms") or 0)
        if expires_ms <= fact.now_ms:
            yield self.broken(fact, "offered with an expiry that has passed")
        if fact.reservation in self._used or not fact.reservation:
            yield self.broken(fact, f"reservation {fact.reservation or '(none)'} is not new")
        self._used.add(fact.reservation)
        latest_ms = self.bounds.latest(expires_ms, self.bounds.expiry_ms)
        heapq.heappush(self._due, (latest_ms, task.id, fact.reservation))

    def _ends(self, fact: Fact, task: Task) -> Iterator[Violation]:
        late_ms = fact.now_ms - task.expires_ms
        if fact.op in _ENDS - {"cancelled"} and fact.reservation != task.reservation:
            detail = f"{fact.op} of {fact.reservation or 'no offer'}, open is {task.reservation}"
            yield self.broken(fact, detail, task.last_seq)
        if fact.op in ("accepted", "rejected") and late_ms >= 0:
            yield self.broken(fact, f"{fact.op} {late_ms} ms after it ran out", task.last_seq)
        elif fact.op == "timed_out" and late_ms < 0:
            yield self.broken(fact, f"timed out {-late_ms} ms too early", task.last_seq)
        elif fact.now_ms > self._latest(task) and task.reservation not in self._told:
            yield self.broken(fact, f"the offer ended {late_ms} ms after it ran out", task.last_seq)

    def _latest(self, task: Task) -> int:
        return self.bounds.latest(task.expires_ms, self.bounds.expiry_ms)

    def tick(self, now_ms: int) -> Iterator[Violation]:
        """Offers that nobody has ended. One that ends late is told by the fact of its end."""
        while self._due and self._due[0][0] < now_ms:
            _, task_id, reservation = heapq.heappop(self._due)
            task = self.world.tasks[task_id]
            if task.state == OFFERED and task.reservation == reservation:
                self._told.add(reservation)
                late_ms = now_ms - task.expires_ms
                yield self.broken_task(task, f"the offer stands {late_ms} ms after it ran out")


class TimersEnd(Invariant):
    """I8's other half: what else was set for a time is done when the time has come."""

    id = "I8"
    sentence = OfferEnds.sentence

    def __init__(self, world: World, bounds: Bounds) -> None:
        super().__init__(world, bounds)
        self._due: list[tuple[int, str, int]] = []  # latest end, task, version of the timer

    def see(self, fact: Fact, task: Task | None) -> Iterator[Violation]:  # noqa: ARG002
        for name in _TIMERS.get(fact.op, ()):
            due_ms = int(fact.data.get(name) or 0)
            if due_ms and fact.task_id:
                latest_ms = self.bounds.latest(due_ms, self.bounds.expiry_ms)
                heapq.heappush(self._due, (latest_ms, fact.task_id, fact.version))
        return iter(())

    def tick(self, now_ms: int) -> Iterator[Violation]:
        while self._due and self._due[0][0] < now_ms:
            latest_ms, task_id, version = heapq.heappop(self._due)
            task = self.world.tasks[task_id]
            late_ms = now_ms - latest_ms + self.bounds.expiry_ms
            if task.state == WRAPPING and task.timer_version == version:
                yield self.broken_task(task, f"still wrapping {late_ms} ms after its time")
            elif task.state == PARKED and task.timer_version == version:
                yield self.broken_task(task, f"still parked {late_ms} ms after its time")
            elif task.state == ACCEPTED and task.silent and task.timer_version == version:
                yield self.broken_task(task, f"silent {late_ms} ms after it was to be taken back")


_TIMERS = {"wrapping": ("ends_ms",), "parked": ("until_ms",), "accepted": ("reply_by_ms",)}

CHECKS = (OneOwner, Capacity, OfferEnds, TimersEnd)
