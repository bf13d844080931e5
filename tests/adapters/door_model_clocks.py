"""The model of the door: its clocks, and everything that happens by itself at its time."""

from __future__ import annotations

import re

from tests.adapters.door_model import (
    BACK_KEPT_MS,
    ESCALATION,
    MOST_HOPS,
    PUSHED_ASIDE_MS,
    QUEUES,
    REPS,
    ROUTE_AGAIN_MS,
    Task,
)
from tests.adapters.door_model_offers import Offers

OUTAGE_MS = 5_000


class Clocks(Offers):
    def cross(self, task: Task) -> list[str]:
        """The thresholds that the response clock has reached; it ends at the breach."""
        into: list[str] = []
        if task.id not in self.sla_next:
            return into
        if task.sla == "ok" and not task.halfway and task.half and self.now >= task.half:
            task.halfway, self.sla_next[task.id] = True, task.at_risk
            self.emit(task, "halfway")
            into.append("halfway")
        if task.sla == "ok" and self.now >= task.at_risk:
            task.sla, self.sla_next[task.id] = "at_risk", task.due
            self.emit(task, "at_risk")
            into.append("at_risk")
        if self.now >= task.due:
            task.sla = "breached"
            del self.sla_next[task.id]
            self.emit(task, "breached")
            self.escalate(task)
            into.append("breached")
        return into

    def thresholds(self) -> dict[str, list[str]]:
        crossed: dict[str, list[str]] = {"halfway": [], "at_risk": [], "breached": []}
        due = sorted((at, id_) for id_, at in self.sla_next.items() if at <= self.now)
        for _, id_ in due:
            for state in self.cross(self.tasks[id_]):
                crossed[state].append(id_)
        return crossed

    def stop_clock(self, task: Task) -> None:
        self.cross(task)
        self.sla_next.pop(task.id, None)
        task.sla = "breached" if task.sla == "breached" else "met"

    def resolution_breached(self, task: Task) -> None:
        self.emit(task, "breached")
        task.resolution, task.resolution_told = 0, True
        self.escalate(task)

    def settle(self, task: Task) -> None:
        """Whatever its clocks have crossed counts, however late the sweep is."""
        self.cross(task)
        due = self.timers.get(("resolve", task.id))
        if due is not None and due <= self.now:
            self.drop_timers(task, "resolve")
            self.resolution_breached(task)

    def escalate(self, task: Task) -> None:
        state = task.state
        if not task.in_hand:
            self.leave_lane(task)
            self.enter_queue(task, ESCALATION)
            task.skills, task.order, task.for_rep = "mediator", task.detected, ""
        task.level += 1
        self.emit(task, "escalated")
        if state == "queued":
            self.wait(task)
        if state == "parked":
            self.wake(task)

    def wake(self, task: Task, kept: int = 0) -> None:
        self.drop_timers(task, "park")
        task.state, task.until, task.pushed_by = "queued", 0, ""
        self.keep_for(task, task.for_rep, self.now + kept)
        if task.waits_for == "customer" and task.left:
            task.resolution, task.left = self.now + task.left, 0
            self.timers["resolve", task.id] = task.resolution
        task.waits_for = ""
        self.emit(task, "queued", "parked")
        self.wait(task)

    def park(self, task: Task, until: int, waits_for: str = "", pushed_by: str = "") -> None:
        before, rep = task.state, task.rep
        if before == "queued":
            self.leave_lane(task)
        else:
            self.stop_owning(task)
        task.state, task.rep, task.reservation, task.for_rep = "parked", "", "", rep
        task.until, task.waits_for, task.pushed_by = until, waits_for, pushed_by
        self.timers["park", task.id] = until
        if pushed_by:
            self.pushed[pushed_by].add(task.id)
        if waits_for == "customer" and task.resolution > self.now:
            task.left = task.resolution - self.now
            self.drop_timers(task, "resolve")
        self.emit(task, "parked", before, rep)

    def stop_owning(self, task: Task) -> None:
        self.drop_timers(task, "reply", "wrap")
        task.first_reply = task.wrap_ends = 0

    def give_back_pushed(self, task: Task) -> None:
        for id_ in self.pushed.pop(task.id, set()):
            other = self.tasks[id_]
            if other.state == "parked" and other.pushed_by == task.id:
                self.wake(other, PUSHED_ASIDE_MS)

    def hand_over(
        self, task: Task, queue: str = "", skills: str = "", for_rep: str = "", kept: int = 0
    ) -> None:
        rep, before, queue = task.rep, task.state, queue or task.queue
        self.settle(task)
        self.stop_owning(task)
        task.refused[rep] = self.now
        moved = queue != task.queue
        self.enter_queue(task, queue)
        task.state, task.rep, task.reservation = "queued", "", ""
        if moved:
            task.skills, task.hops = skills, task.hops + 1
        self.keep_for(task, for_rep, self.now + kept)
        self.emit(task, "transferred", before, rep)
        self.give_back_pushed(task)
        if moved and task.hops >= MOST_HOPS and queue != ESCALATION:
            self.escalate(task)
        else:
            self.wait(task)

    def complete(self, task: Task) -> None:
        before = task.state
        self.settle(task)
        self.stop_owning(task)
        if not task.replied:
            self.stop_clock(task)
        task.state = "completed"
        self.emit(task, "completed", before)
        self.close(task)
        self.give_back_pushed(task)

    def close(self, task: Task) -> None:
        self.sla_next.pop(task.id, None)
        self.timers = {key: at for key, at in self.timers.items() if key[1] != task.id}
        task.refused.clear()

    def sweep_timers(self) -> int:
        """Fire what is due; what an earlier one has put off is left for its time."""
        due = sorted((at, f"{k}|{id_}") for (k, id_), at in self.timers.items() if at <= self.now)
        causes: dict[str, str] = {}
        for _, member in due:
            kind, id_ = re.split(r"\|", member, maxsplit=1)
            if self.timers.get((kind, id_), self.now + 1) <= self.now:
                del self.timers[kind, id_]
                self._fire(kind, self.tasks[id_], causes)
        return len(due)

    def _fire(self, kind: str, task: Task, causes: dict[str, str]) -> None:
        queued = task.state == "queued"
        if kind == "ease" and queued:
            self.wait(task)
        elif kind == "kept" and queued:
            task.for_rep, task.for_until = "", 0
            self.wait(task)
        elif kind == "reply" and task.state == "accepted" and not task.replied:
            self.hand_over(task)
        elif kind == "wrap" and task.state == "wrapping":
            self.complete(task)
        elif kind == "park" and task.state == "parked":
            self.wake(task, BACK_KEPT_MS)
        elif kind == "resolve" and task.open:
            self.resolution_breached(task)
        elif kind == "route" and queued:
            self._route(task, causes)

    def _route(self, task: Task, causes: dict[str, str]) -> None:
        assert task.lane
        name = task.lane.name
        cause = causes[name] = causes[name] if name in causes else self.why_nobody(task)
        if cause and cause != task.unroutable:
            self.emit(task, "unroutable")
        task.unroutable = cause
        self.timers["route", task.id] = self.now + ROUTE_AGAIN_MS

    def why_nobody(self, task: Task) -> str:
        lane = task.lane
        assert lane
        states = {
            self.states[rep.name]
            for rep in REPS.values()
            if rep.name in self.states and lane.fits(rep) and lane.could_be_held_by(rep)
        }
        if not states:
            return "nobody_has_skills"
        if "available" in states:
            return ""
        return "everybody_is_paused" if "paused" in states else "nobody_is_here"

    def absent(self, grace: int, gone: int) -> list[str]:
        if self.now - (self.swept or self.now) > OUTAGE_MS:
            for seen in (self.present, self.gone):
                seen.update(dict.fromkeys(seen, self.now))
        self.swept = self.now
        for rep, _ in sorted(self.present.items(), key=lambda seen: (seen[1], seen[0])):
            if self.present[rep] <= self.now - grace:
                del self.present[rep]
                if self.states[rep] != "offline":
                    self.set_state(rep, "offline")
                else:
                    self.gone[rep] = self.now
        released = []
        for rep in [rep for rep, at in self.gone.items() if at <= self.now - gone]:
            del self.gone[rep]
            for task in self.held(rep):
                if task.state == "accepted":
                    self.hand_over(task)
                    released.append(task.id)
        return released

    def staff(self, reps: list[str]) -> list[str]:
        """These are enrolled, and whoever else was has to leave; returns them."""
        for rep in reps:
            self.states.setdefault(rep, "offline")
        left = sorted(set(self.states) - set(reps))
        for rep in left:
            self.unavailable(rep)
            for task in sorted(self.held(rep), key=lambda task: task.id):
                self.hand_over(task)
            self.present.pop(rep, None)
            self.gone.pop(rep, None)
            del self.states[rep]
        return left

    def note_desks(self, reps: list[str]) -> None:
        for rep in self.states.keys() & set(reps):
            self.present[rep] = self.now
            self.gone.pop(rep, None)

    def wrap_ms(self, task: Task) -> int:
        return round(QUEUES[task.queue].wrap_up_s * 1000)
