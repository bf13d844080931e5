"""The model of the door: was this offer right, and is nobody left waiting who could be offered?"""

from __future__ import annotations

from tests.adapters.door_model import QUEUES, REPS, Floor, Task
from tests.builders import OFFER_MS


class Offers(Floor):
    def choices(self, rep: str, spare: float | None = None) -> list[Task]:
        """What this rep could be offered now, the most pressing first, after saving room.

        With `spare` (what could be put aside) only work that may interrupt is looked at.
        """
        possible, saving = [], []
        for task in self.waiting():
            lane = task.lane
            assert lane
            if not lane.fits(REPS[rep]) or not self.may_be_offered(task, rep):
                continue
            if spare is not None and (lane.kept_for or not QUEUES[lane.queue].preempts):
                continue
            if self.has_room(rep, lane, spare or 0):
                possible.append(task)
            elif self.saves_for(rep, lane) and task.order <= self.now:
                saving.append(task.order)
        possible.sort(key=lambda task: task.key)
        if possible and saving and min(saving) < possible[0].order:
            return []
        return possible

    def offered(self, id_: str, rep: str, override: str) -> None:
        """Check that the door was right to make this offer, and note it."""
        task = self.tasks[id_]
        assert task.state == "queued"
        spare = None
        if override == "preempts":
            assert rep in self.available
            assert not self.offer_of(rep)
            spare = sum(t.weight for t in self.soft(rep))
            assert spare > 0
            assert not self.somebody_ready_could(task), "interrupted for nothing"
        else:
            assert self.is_ready(rep)
        assert task in self.choices(rep, spare)[:1], "not the most pressing for this rep"
        self.make_offer(task, rep, override)

    def nobody_is_left_waiting(self) -> None:
        for rep in REPS:
            assert not (self.is_ready(rep) and self.choices(rep)), "left waiting"

    def nothing_urgent_is_left_waiting(self) -> None:
        for rep in self.available:
            spare = sum(task.weight for task in self.soft(rep))
            if spare and not self.offer_of(rep):
                for task in self.choices(rep, spare)[:1]:
                    assert self.somebody_ready_could(task), "urgent work left waiting"

    def somebody_ready_could(self, task: Task) -> bool:
        assert task.lane
        others = [rep for rep in REPS if self.is_ready(rep) and rep not in task.refused]
        return any(task.lane.fits(REPS[r]) and self.has_room(r, task.lane) for r in others)

    def make_offer(self, task: Task, rep: str, override: str = "") -> None:
        self.leave_lane(task)
        task.attempt += 1
        task.state, task.rep, task.override = "offered", rep, override
        task.reservation = f"{task.id}:{task.attempt}"
        task.expires, task.unroutable = self.now + OFFER_MS, ""
        self.emit(task, "offered", "queued")

    def put_back(self, task: Task, op: str) -> None:
        rep = task.rep
        task.state, task.rep, task.reservation, task.expires = "queued", "", "", 0
        if task.for_rep == rep or task.for_until <= self.now or task.for_rep not in self.available:
            task.for_rep, task.for_until = "", 0
        self.emit(task, op, "offered", rep)
        self.wait(task)

    def expire(self) -> list[str]:
        late = [t for t in self.tasks.values() if t.state == "offered" and t.expires <= self.now]
        late.sort(key=lambda task: (task.expires, task.id))
        for task in late:
            rep = task.rep
            task.refused[rep], task.missed = self.now, rep
            self.put_back(task, "timed_out")
            self.unavailable(rep)
            self.states[rep] = "paused"
        return [task.id for task in late]

    def unavailable(self, rep: str) -> None:
        self.available.pop(rep, None)
        for task in self.waiting():
            if task.for_rep == rep:
                task.for_rep, task.for_until = "", 0
                self.wait(task)
        offer = self.offer_of(rep)
        if offer:
            self.put_back(offer, "rescinded")

    def set_state(self, rep: str, state: str) -> None:
        before = self.states[rep]
        if state == "available":
            self.available.setdefault(rep, self.now)
        else:
            self.unavailable(rep)
        if state != "offline":
            self.gone.pop(rep, None)
        elif before != "offline":
            self.gone[rep] = self.now
        self.states[rep] = state
