"""Forecast: what would become of tasks that come so, with these people. A model, no measurement.

It goes by the shipped order (`order_ms`), skills, capacities, easing and escalation. It assumes
that everybody is there all the time, accepts at once, and takes as long as is usual in the queue;
nobody rejects, transfers, parks or is pre-empted, and the queues are empty at the start.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Final

from app.core.catalogue import ESCALATION_QUEUE, Catalogue, Rep
from app.core.handling import Handling
from app.core.skills import MEDIATOR, covers, level_of

_CRUMB: Final = 0.0005  # sums of weights such as 0.1 are a little off, and that little is no load

# What happens at the same moment happens in this order: who becomes free can take what comes.
_ENDED, _EASED, _CAME, _DUE = range(4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A task as it enters its queue. `at_ms` is when: never before it was detected."""

    mention_id: str
    queue: str
    skills: tuple[str, ...]
    channel: str
    at_ms: int
    detected_ms: int
    due_ms: int
    order_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What became of a task. `begun_ms` is 0 where nobody could ever take it."""

    queue: str
    at_ms: int
    begun_ms: int
    breached: bool
    escalated: bool  # it fell due while it waited


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """The queues, the people who take tasks, and how long they take in each queue."""

    catalogue: Catalogue
    reps: tuple[Rep, ...]
    handling: Mapping[str, Handling]


@dataclass(frozen=True, slots=True)
class _Lane:
    """Tasks that the same people may take; `overflow` lets another queue's people in."""

    queue: str
    skills: tuple[str, ...]
    channel: str
    overflow: str = ""


Entry = tuple[float, str, int]  # order, mention, and which stay of it this is


@dataclass(slots=True, eq=False)
class _Waiting:
    """The tasks of one lane, the most pressing first, and who may take them."""

    channel: str
    weight: float
    takers: list[_Desk]
    heap: list[Entry] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _Desk:
    """One rep at work."""

    rep: Rep
    number: int
    limits: dict[str, int]
    lanes: list[_Waiting] = field(default_factory=list)
    load: float = 0.0
    on: dict[str, int] = field(default_factory=dict)  # tasks in hand by channel
    idle_since_ms: int = 0

    def fits(self, lane: _Lane) -> bool:
        queues = self.rep.queues
        return (lane.queue in queues or lane.overflow in queues) and covers(
            self.rep.skills, lane.skills
        )

    def has_room(self, weight: float, channel: str) -> bool:
        limit = self.limits.get(channel)
        return self.load + weight <= self.rep.capacity + _CRUMB and (
            limit is None or self.on.get(channel, 0) < limit
        )


@dataclass(slots=True)
class _Task:
    """A task on its way. `stay` counts its lanes: entries of earlier ones are void."""

    arrival: Arrival
    queue: str
    skills: tuple[str, ...]
    order_ms: float
    entered_ms: int
    stay: int = 0
    begun_ms: int = 0
    breached: bool = False
    escalated: bool = False


def forecast(arrivals: Iterable[Arrival], floor: Floor) -> dict[str, Served]:
    """Serve these tasks and tell what became of each, by mention."""
    day = _Day(floor)
    for arrival in arrivals:
        day.expect(arrival)
    return day.run()


class _Day:
    """Everything that happens, in order; ties are broken by name, so that it happens once."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        by_name = sorted(floor.reps, key=lambda rep: rep.name)
        self._desks = [_Desk(rep, n, dict(rep.channels)) for n, rep in enumerate(by_name)]
        self._tasks: dict[str, _Task] = {}
        self._lanes: dict[_Lane, _Waiting] = {}
        self._events: list[tuple[int, int, str, int]] = []

    def expect(self, arrival: Arrival) -> None:
        self._tasks[arrival.mention_id] = _Task(
            arrival=arrival,
            queue=arrival.queue,
            skills=arrival.skills,
            order_ms=arrival.order_ms,
            entered_ms=arrival.at_ms,
        )
        heappush(self._events, (arrival.at_ms, _CAME, arrival.mention_id, 0))
        due_ms = max(arrival.due_ms, arrival.at_ms)
        heappush(self._events, (due_ms, _DUE, arrival.mention_id, 0))

    def run(self) -> dict[str, Served]:
        while self._events:
            now_ms, kind, id_, number = heappop(self._events)
            if kind == _ENDED:
                self._end(self._desks[number], self._tasks[id_], now_ms)
            elif kind == _DUE:
                self._due(self._tasks[id_], now_ms)
            elif not self._tasks[id_].begun_ms and self._tasks[id_].stay == number:
                self._wait(self._tasks[id_], now_ms)
        return {id_: _served(task) for id_, task in self._tasks.items()}

    def _wait(self, task: _Task, now_ms: int) -> None:
        """Into the lane that its time in the queue has come to, and to whoever is free for it."""
        lane, next_ms = self._eased(task, now_ms)
        task.stay += 1
        if next_ms:
            heappush(self._events, (next_ms, _EASED, task.arrival.mention_id, task.stay))
        waiting = self._lanes.get(lane) or self._opened(lane)
        heappush(waiting.heap, (task.order_ms, task.arrival.mention_id, task.stay))
        free = [d for d in waiting.takers if d.has_room(waiting.weight, waiting.channel)]
        if free:
            # Whoever has room has taken all else that they could: this is the only one for them.
            self._serve(min(free, key=lambda desk: desk.idle_since_ms), now_ms)

    def _opened(self, lane: _Lane) -> _Waiting:
        takers = [desk for desk in self._desks if desk.fits(lane)]
        weight = self._floor.catalogue.weight(lane.channel)
        waiting = self._lanes[lane] = _Waiting(lane.channel, weight, takers)
        for desk in takers:
            desk.lanes.append(waiting)
        return waiting

    def _eased(self, task: _Task, now_ms: int) -> tuple[_Lane, int]:
        """Skills dropped and people let in by now, and when there will be more of it; or 0."""
        queue, skills, overflow = self._floor.catalogue.queues.get(task.queue), task.skills, ""
        later: list[int] = []
        for step in queue.relax if queue else ():
            at_ms = task.entered_ms + round(step.after_s * 1000)
            if at_ms <= now_ms:
                skills = tuple(s for s in skills if level_of(s)[0] not in step.drop)
            else:
                later.append(at_ms)
        if queue and queue.overflow:
            at_ms = task.entered_ms + round(queue.overflow.after_s * 1000)
            if at_ms <= now_ms:
                overflow = queue.overflow.to
            else:
                later.append(at_ms)
        lane = _Lane(task.queue, skills, task.arrival.channel, overflow)
        return lane, min(later, default=0)

    def _serve(self, desk: _Desk, now_ms: int) -> None:
        """Give this rep the most pressing tasks, while there is room."""
        while (task := self._most_pressing(desk)) is not None:
            channel, usual = task.arrival.channel, self._handling(task.queue)
            task.begun_ms = now_ms
            task.breached |= now_ms + usual.reply_ms >= task.arrival.due_ms
            desk.load += self._floor.catalogue.weight(channel)
            desk.on[channel] = desk.on.get(channel, 0) + 1
            ends_ms = now_ms + usual.whole_ms
            heappush(self._events, (ends_ms, _ENDED, task.arrival.mention_id, desk.number))

    def _most_pressing(self, desk: _Desk) -> _Task | None:
        best: Entry | None = None
        for lane in desk.lanes:
            head = self._head(lane.heap) if lane.heap else None
            if head is None or (best is not None and head > best):
                continue
            if desk.has_room(lane.weight, lane.channel):
                best = head
        return self._tasks[best[1]] if best else None

    def _head(self, heap: list[Entry]) -> Entry | None:
        while heap:
            _, id_, stay = heap[0]
            task = self._tasks[id_]
            if task.stay == stay and not task.begun_ms:
                return heap[0]
            heappop(heap)
        return None

    def _end(self, desk: _Desk, task: _Task, now_ms: int) -> None:
        channel = task.arrival.channel
        desk.load -= self._floor.catalogue.weight(channel)
        desk.on[channel] -= 1
        desk.idle_since_ms = now_ms
        self._serve(desk, now_ms)

    def _due(self, task: _Task, now_ms: int) -> None:
        """Late while it waits: to the mediators, before everything that is newer."""
        if task.begun_ms:
            return
        task.breached = task.escalated = True
        if ESCALATION_QUEUE in self._floor.catalogue.queues:
            task.queue, task.skills, task.entered_ms = ESCALATION_QUEUE, (MEDIATOR,), now_ms
            task.order_ms = task.arrival.detected_ms
            self._wait(task, now_ms)

    def _handling(self, queue: str) -> Handling:
        return self._floor.handling.get(queue, Handling())


def _served(task: _Task) -> Served:
    return Served(
        queue=task.arrival.queue,
        at_ms=task.arrival.at_ms,
        begun_ms=task.begun_ms,
        breached=task.breached,
        escalated=task.escalated,
    )


def waits_ms(served: Iterable[Served]) -> Sequence[int]:
    """How long the tasks waited that somebody took, the shortest first."""
    return sorted(one.begun_ms - one.at_ms for one in served if one.begun_ms)
