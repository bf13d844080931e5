"""The model of the door: what each command does, or the code of its refusal."""

from __future__ import annotations

from typing import Any

from tests.adapters.door_model import ESCALATION, MOST_HOPS, QUEUES, REPS, Task, can_take
from tests.adapters.door_model_clocks import Clocks

AGENTS = ("accept", "reject", "reply", "wrap", "complete", "transfer", "park", "resume")
ENGINES = ("reroute",)
SUPERVISORS = ("assign", "pull_back", "park", "resume", "cancel", "prioritise", "reclock")


class Model(Clocks):
    def command(self, name: str, id_: str, given: dict[str, Any]) -> str:
        """Return the state after the command, or the code of its refusal."""
        task = self.tasks.get(id_)
        if task is None:
            return "unknown_task"
        if "version" in given and given["version"] != task.version:
            return "stale_version"
        refused = getattr(self, f"_{name}")(task, given)
        return refused or task.state

    def _answers(self, task: Task, given: dict[str, Any]) -> str:
        rep = given["rep"]
        if task.in_hand:
            return "already_accepted" if task.rep == rep else "taken"
        if task.missed == rep != task.rep:
            return "expired"
        if task.state != "offered" or task.rep != rep:
            return "not_yours"
        other = given.get("reservation_id", task.reservation) != task.reservation
        return "expired" if other or self.now >= task.expires else ""

    def _accept(self, task: Task, given: dict[str, Any]) -> str:
        refused = self._answers(task, given)
        if refused:
            return refused
        if task.override == "preempts" and not self._make_room(task):
            self.put_back(task, "rescinded")
            return "no_room"
        task.state, task.expires, task.for_rep = "accepted", 0, ""
        silent = round(QUEUES[task.queue].first_reply_s * 1000)
        task.first_reply = self.now + silent if silent and not task.replied else 0
        if task.first_reply:
            self.timers["reply", task.id] = task.first_reply
        self.available[task.rep] = self.now
        self.emit(task, "accepted", "offered")
        return ""

    def _make_room(self, task: Task) -> bool:
        """Put aside what may be, the least pressing first, until the new task has room.

        False, and nothing is put aside, where all of it would not be enough.
        """
        soft = sorted(self.soft(task.rep), key=lambda other: other.key, reverse=True)
        kept = self.load(task.rep) - sum(other.weight for other in soft)
        if kept > REPS[task.rep].capacity:
            return False
        for other in soft:
            if self.load(task.rep) > REPS[task.rep].capacity:
                self.park(other, self.now + 1_800_000, pushed_by=task.id)
        return True

    def _reject(self, task: Task, given: dict[str, Any]) -> str:
        refused = self._answers(task, given)
        if not refused:
            task.refused[task.rep] = self.now
            self.put_back(task, "rejected")
        return refused

    def _owns(self, task: Task, given: dict[str, Any], *states: str) -> str:
        if task.state not in states:
            return "wrong_state"
        return "" if task.rep == given["rep"] else "not_yours"

    def _reply(self, task: Task, given: dict[str, Any]) -> str:
        refused = self._owns(task, given, "accepted")
        if refused:
            return refused
        if not task.replied:
            self.stop_clock(task)
        task.replied, task.first_reply = True, 0
        self.drop_timers(task, "reply")
        self.emit(task, "replied")
        return ""

    def _wrap(self, task: Task, given: dict[str, Any]) -> str:
        refused = self._owns(task, given, "accepted")
        if refused:
            return refused
        self.drop_timers(task, "reply")
        task.state, task.first_reply = "wrapping", 0
        task.wrap_ends = self.timers["wrap", task.id] = self.now + self.wrap_ms(task)
        self.emit(task, "wrapping", "accepted")
        return ""

    def _complete(self, task: Task, given: dict[str, Any]) -> str:
        refused = self._owns(task, given, "accepted", "wrapping")
        if not refused:
            self.complete(task)
        return refused

    def _transfer(self, task: Task, given: dict[str, Any]) -> str:
        refused = self._owns(task, given, "accepted", "wrapping")
        if refused:
            return refused
        queue, to = given.get("queue") or task.queue, given.get("to_rep", "")
        if task.hops >= MOST_HOPS and queue != ESCALATION:
            return "bounced"
        if to:
            if to not in self.states:
                return "unknown_rep"
            if to == given["rep"]:
                return "cannot_take"
            if to not in self.available:
                return "not_available"
            if not can_take(REPS[to], queue, task.skills):
                return "cannot_take"
        self.hand_over(task, queue, given.get("skills", ""), to, given.get("kept_ms", 0))
        return ""

    def _pull_back(self, task: Task, given: dict[str, Any]) -> str:
        if task.state == "offered" and given.get("queue", task.queue) == task.queue:
            task.refused[task.rep] = self.now
            self.put_back(task, "rescinded")
        elif task.in_hand:
            if task.hops >= MOST_HOPS and (given.get("queue") or task.queue) != ESCALATION:
                return "bounced"
            self.hand_over(task, given.get("queue", ""), given.get("skills", ""))
        else:
            return "wrong_state"
        return ""

    def _reroute(self, task: Task, given: dict[str, Any]) -> str:
        self.settle(task)
        escalated = task.level and task.queue == ESCALATION
        if escalated or task.state not in ("queued", "offered"):
            return "wrong_state"
        if task.queue == given["queue"]:
            return ""
        if task.state == "offered":
            self.put_back(task, "rescinded")
        self.leave_lane(task)
        self.enter_queue(task, given["queue"])
        task.skills = given["skills"]
        task.for_rep, task.for_until = "", 0
        self.emit(task, "transferred", "queued")
        self.wait(task)
        return ""

    def _park(self, task: Task, given: dict[str, Any]) -> str:
        if given["actor"]["role"] == "agent":
            refused = self._owns(task, given, "accepted")
            if refused:
                return refused
        elif task.state not in ("queued", "accepted"):
            return "wrong_state"
        if given["until_ms"] <= self.now:
            return "too_late"
        self.settle(task)
        self.park(task, given["until_ms"], given.get("waits_for", ""))
        self.give_back_pushed(task)
        return ""

    def _resume(self, task: Task, given: dict[str, Any]) -> str:
        if task.state != "parked":
            return "wrong_state"
        if given["actor"]["role"] == "agent" and task.for_rep != given["rep"]:
            return "not_yours"
        self.settle(task)
        if task.state != "parked":
            return "wrong_state"
        self.wake(task, given.get("kept_ms", 0))
        return ""

    def _assign(self, task: Task, given: dict[str, Any]) -> str:
        to = given["to_rep"]
        if to not in self.states:
            return "unknown_rep"
        if to not in self.available:
            return "not_available"
        if self.offer_of(to) not in (None, task):
            return "has_offer"
        if task.state == "offered" and task.rep != to:
            self.put_back(task, "rescinded")
        elif task.state == "parked":
            self.wake(task)
        elif task.state != "queued":
            return "wrong_state"
        self.make_offer(task, to, "assigned")
        return ""

    def _cancel(self, task: Task, given: dict[str, Any]) -> str:
        if not task.open:
            return "wrong_state"
        self.settle(task)
        before = task.state
        if task.in_hand:
            self.stop_owning(task)
        self.leave_lane(task)
        task.state = "cancelled"
        self.emit(task, "cancelled", before)
        self.close(task)
        self.give_back_pushed(task)
        return ""

    def _reorder(self, task: Task) -> None:
        task.order = round(task.due - (task.due - task.detected) * task.priority / 100)
        if task.level and task.queue == ESCALATION:
            task.order = task.detected
        if task.state == "queued":
            self.wait(task)
        self.emit(task, "prioritised")

    def _prioritise(self, task: Task, given: dict[str, Any]) -> str:
        if not task.open:
            return "wrong_state"
        task.priority = given["priority"]
        self._reorder(task)
        return ""

    def _reclock(self, task: Task, given: dict[str, Any]) -> str:
        if not task.open:
            return "wrong_state"
        task.half, task.at_risk, task.due = (given[n] for n in ("half_ms", "at_risk_ms", "due_ms"))
        task.resolution = 0 if task.resolution_told else given["resolution_due_ms"]
        if task.id in self.sla_next:
            first = task.at_risk if task.halfway or not task.half else task.half
            self.sla_next[task.id] = task.due if task.sla == "at_risk" else first
        if not given["resolution_due_ms"] or given["resolution_left_ms"]:
            task.left = given["resolution_left_ms"]
        self.drop_timers(task, "resolve")
        if task.resolution and not task.left:
            self.timers["resolve", task.id] = task.resolution
        self._reorder(task)
        return ""
