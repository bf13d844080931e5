"""Forecast: what would become of tasks that come so, with these people. A model, no measurement.

It goes by the shipped order (`order_ms`), skills, capacities, easing and escalation. It assumes
that everybody is there all the time, accepts at once, and takes as long as is usual in the queue;
nobody rejects, transfers, parks or is pre-empted, and the queues are empty at the start.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heappop, heappush

from app.core.catalogue import ESCALATION_QUEUE
from app.core.event_acts import DONE, PRIORITISE, Act
from app.core.events import AT_RISK, BREACHED, Event
from app.core.forecast_desks import Desk, Entry, Lane, Waiting
from app.core.forecast_events import Course, Later
from app.core.forecast_tasks import Arrival, Floor, Served, Task, served
from app.core.handling import Handling
from app.core.queueing import order_between
from app.core.rules import Rule
from app.core.skills import MEDIATOR, after_move, level_of

# What happens at the same moment happens in this order: who becomes free can take what comes.
# Rules are asked about what has happened by then, and the door does what they want after that.
_ENDED, _EASED, _CAME, _RISK, _DUE, _LONG, _ACT = range(7)

REFUSED, THERE = "refused", "there already"  # beside `DONE`: what came of a move


def forecast(
    arrivals: Iterable[Arrival], floor: Floor, later: Later | None = None
) -> dict[str, Served]:
    """Serve these tasks and tell what became of each, by mention; `later` rules act on them."""
    day = _Day(floor, later)
    for arrival in arrivals:
        day.expect(arrival)
    return day.run()


class _Day:
    """Everything that happens, in order; ties are broken by name, so that it happens once."""

    def __init__(self, floor: Floor, later: Later | None) -> None:
        self._floor = floor
        self._later = later
        by_name = sorted(floor.reps, key=lambda rep: rep.name)
        self._desks = [Desk(rep, n, dict(rep.channels)) for n, rep in enumerate(by_name)]
        self._tasks: dict[str, Task] = {}
        self._lanes: dict[Lane, Waiting] = {}
        self._events: list[tuple[int, int, str, int]] = []

    def expect(self, arrival: Arrival) -> None:
        task = self._tasks[arrival.mention_id] = Task(
            arrival=arrival,
            queue=arrival.queue,
            skills=arrival.skills,
            order_ms=arrival.order_ms,
            entered_ms=arrival.at_ms,
        )
        heappush(self._events, (arrival.at_ms, _CAME, arrival.mention_id, 0))
        due_ms = max(arrival.due_ms, arrival.at_ms)
        heappush(self._events, (due_ms, _DUE, arrival.mention_id, 0))
        if self._later and arrival.known:
            self._plan(task, self._later)

    def _plan(self, task: Task, later: Later) -> None:
        """When event rules are to be asked about it, unless it is answered before."""
        of = task.arrival
        task.course = Course(of.mention_id, of.due_ms, of.priority, of.known)
        detected = {"detected_ms": of.detected_ms}
        task.course.note("queued", of.at_ms, of.queue, "queued", data=detected)
        heappush(self._events, (max(of.at_risk_ms, of.at_ms), _RISK, of.mention_id, 0))
        for number, (_, after_ms) in enumerate(later.waiting):
            heappush(self._events, (of.at_ms + after_ms, _LONG, of.mention_id, number))

    def run(self) -> dict[str, Served]:
        while self._events:
            now_ms, kind, id_, number = heappop(self._events)
            if kind == _ENDED:
                self._end(self._desks[number], self._tasks[id_], now_ms)
            elif kind == _DUE:
                self._due(self._tasks[id_], now_ms)
            elif kind == _RISK:
                self._cross(self._tasks[id_], AT_RISK, now_ms)
            elif kind == _LONG:
                self._long(self._tasks[id_], number, now_ms)
            elif kind == _ACT:
                self._act(self._tasks[id_], number, now_ms)
            elif not self._tasks[id_].begun_ms and self._tasks[id_].stay == number:
                self._wait(self._tasks[id_], now_ms)
        return {id_: served(task) for id_, task in self._tasks.items()}

    def _wait(self, task: Task, now_ms: int) -> None:
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

    def _opened(self, lane: Lane) -> Waiting:
        takers = [desk for desk in self._desks if desk.fits(lane)]
        weight = self._floor.catalogue.weight(lane.channel)
        waiting = self._lanes[lane] = Waiting(lane.channel, weight, takers)
        for desk in takers:
            desk.lanes.append(waiting)
        return waiting

    def _eased(self, task: Task, now_ms: int) -> tuple[Lane, int]:
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
        lane = Lane(task.queue, skills, task.arrival.channel, overflow)
        return lane, min(later, default=0)

    def _serve(self, desk: Desk, now_ms: int) -> None:
        """Give this rep the most pressing tasks, while there is room."""
        while (task := self._most_pressing(desk)) is not None:
            channel, usual = task.arrival.channel, self._handling(task.queue)
            task.begun_ms, task.answered_ms = now_ms, now_ms + usual.reply_ms
            task.breached |= task.answered_ms >= task.arrival.due_ms
            if task.course:
                for op in ("offered", "accepted"):
                    task.course.note(op, now_ms, task.queue, op, rep=desk.rep.name)
            desk.load += self._floor.catalogue.weight(channel)
            desk.on[channel] = desk.on.get(channel, 0) + 1
            ends_ms = now_ms + usual.whole_ms
            heappush(self._events, (ends_ms, _ENDED, task.arrival.mention_id, desk.number))

    def _most_pressing(self, desk: Desk) -> Task | None:
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

    def _end(self, desk: Desk, task: Task, now_ms: int) -> None:
        channel = task.arrival.channel
        desk.load -= self._floor.catalogue.weight(channel)
        desk.on[channel] -= 1
        desk.idle_since_ms = now_ms
        if task.course and now_ms > task.arrival.due_ms:
            task.course.facts.clear()  # nothing is asked any more
        self._serve(desk, now_ms)

    def _due(self, task: Task, now_ms: int) -> None:
        """Late while it waits: to the mediators, before everything that is newer."""
        self._cross(task, BREACHED, now_ms)
        if task.begun_ms:
            if task.course and not task.unanswered(now_ms):
                task.course.facts.clear()
            return
        task.breached = task.escalated = True
        if ESCALATION_QUEUE in self._floor.catalogue.queues:
            task.queue, task.skills, task.entered_ms = ESCALATION_QUEUE, (MEDIATOR,), now_ms
            task.order_ms = task.arrival.detected_ms
            if task.course:
                task.course.note("escalated", now_ms, task.queue, "queued", reason="breached")
            self._wait(task, now_ms)

    # What event rules are asked, and do

    def _cross(self, task: Task, threshold: str, now_ms: int) -> None:
        """Its response clock has run into this threshold, unless somebody has answered."""
        if self._later and task.course and task.unanswered(now_ms):
            task.course.note(threshold, now_ms, task.queue, task.course.facts[-1]["to"])
            self._ask(task, self._later.on(threshold), task.course.now())

    def _long(self, task: Task, number: int, now_ms: int) -> None:
        if self._later and task.course and not task.begun_ms:
            rule, _ = self._later.waiting[number]
            self._ask(task, (rule,), task.course.wait(rule, now_ms))

    def _ask(self, task: Task, rules: Sequence[Rule], event: Event) -> None:
        if self._later and task.course and rules:
            for number in task.course.ask(self._later, rules, event):
                heappush(self._events, (event.at_ms, _ACT, task.arrival.mention_id, number))

    def _act(self, task: Task, number: int, now_ms: int) -> None:
        """As the door: what somebody has in hand stays, and so does what is the mediator's."""
        if not task.course:
            return
        act, done = task.course.acts[number], {}
        for name in act.commands:
            if name == PRIORITISE:
                done[name] = self._prioritise(task, task.course, act, now_ms)
            else:
                done[name] = self._reroute(task, task.course, act, now_ms)
        task.course.settle(number, done)

    def _prioritise(self, task: Task, course: Course, act: Act, now_ms: int) -> str:
        course.priority = act.priority
        course.note("prioritised", now_ms, task.queue, course.facts[-1]["to"], actor=act.actor)
        if not task.mediated:
            of = task.arrival
            task.order_ms = order_between(of.detected_ms, of.due_ms, act.priority)
        if not task.begun_ms:
            self._wait(task, now_ms)
        return DONE

    def _reroute(self, task: Task, course: Course, act: Act, now_ms: int) -> str:
        queue = self._floor.catalogue.queues.get(act.queue)
        if queue is None or task.begun_ms or task.mediated:
            return REFUSED
        if task.queue == act.queue:
            return THERE
        course.moves.append((task.queue, act.queue))
        skills = after_move(queue.skills, task.skills, act.skills)
        data = {"from_queue": task.queue}
        task.queue, task.entered_ms = act.queue, now_ms
        task.skills = tuple(skill for skill in skills.split(",") if skill)
        course.note("transferred", now_ms, task.queue, "queued", actor=act.actor, data=data)
        self._wait(task, now_ms)
        return DONE

    def _handling(self, queue: str) -> Handling:
        return self._floor.handling.get(queue, Handling())
