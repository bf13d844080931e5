"""What time does: offers run out, clocks cross thresholds, timers end, nobody can take a task."""

from __future__ import annotations

from tests.audit.ledger import Row, Work
from tests.audit.offering import Offering


class Sweeping(Offering):
    def sweep(self) -> None:
        for task in list(self.tasks.values()):
            if task.open and not task.answered:
                self._clock(task)
            if task.open and task.resolution and not task.unresolved:
                self._resolution(task)
            if task.state == "offered" and self.now >= task.expires:
                self._expire(task)
            self._timers(task)

    def _expire(self, task: Work) -> None:
        rep = self.people[task.rep]
        task.refused[rep.name] = self.now
        self.change(task, "timed_out", "queued", f"expire:{task.reservation}")
        rep.state, rep.since = "paused", self.now
        self.staff(rep)

    def _timers(self, task: Work) -> None:
        if task.state == "wrapping" and self.now >= task.timer:
            op_id = f"wrap:{task.id}:{task.version}"
            self.change(task, "completed", "completed", op_id, reason="wrap_up_ended")
        elif task.state == "parked" and self.now >= task.timer:
            self.wake(task, for_rep=task.parked_for if task.interrupted_by else "")
        elif task.state == "accepted" and task.silent and 0 < task.reply_by <= self.now:
            task.refused[task.rep] = self.now
            self.take_back(task, "no_first_reply")

    def take_back(self, task: Work, reason: str) -> None:
        """The service takes a task from its owner; it waits where it waited before."""
        data = {"from_queue": task.queue, "hops": task.hops}
        op_id = f"back:{task.id}:{task.version}"
        task.for_rep = ""
        self.change(task, "transferred", "queued", op_id, reason=reason, data=data)

    # the clocks

    def _clock(self, task: Work) -> None:
        if not task.halfway and task.sla == "ok" and task.half <= self.now < task.risk:
            task.halfway = True
            self.change(task, "halfway", task.state, f"sla:{task.id}:halfway:{task.version}")
        if task.sla == "ok" and self.now >= task.risk:
            task.sla = "at_risk"
            self.change(task, "at_risk", task.state, f"sla:{task.id}:at_risk")
        if task.sla == "at_risk" and self.now >= task.due:
            task.sla = "breached"
            self.change(task, "breached", task.state, f"sla:{task.id}:breached")
            self.escalate(task, "breached")

    def _resolution(self, task: Work) -> None:
        stands = task.state == "parked" and task.waits_for == "customer"
        if stands or self.now < task.resolution:
            return
        task.unresolved = True
        data = {"clock": "resolution"}
        self.change(task, "breached", task.state, f"sla:{task.id}:resolution", data=data)
        self.escalate(task, "resolution breached", **data)

    def escalate(self, task: Work, why: str, **extra: str) -> None:
        task.level += 1
        data: Row = {"from_queue": task.queue, "level": task.level} | extra
        if task.state not in ("accepted", "wrapping"):
            task.queue, task.skills, task.order = "escalation", ("mediator",), task.detected
            task.steps, task.waiting_since, task.for_rep = [], self.now, ""
            task.cause = ""
            data |= {"skills": ["mediator"], "order_ms": task.order, "steps": []}
        op_id = f"sla:{task.id}:escalated:{task.level}"
        self.change(task, "escalated", task.state, op_id, reason=why, data=data)
        if task.state == "parked":
            self.wake(task)

    # who is left

    def tell_unroutable(self) -> None:
        for task in self.tasks.values():
            if task.state != "queued" or self.now - task.waiting_since < 2_000:
                continue
            cause = self._cause(task)
            if cause and cause != task.cause:
                op_id = f"unroutable:{task.id}:{task.version}"
                self.change(task, "unroutable", "queued", op_id, reason=cause)
            task.cause = cause

    def _cause(self, task: Work) -> str:
        able = [p for p in self.people.values() if self.serves(p, task)]
        able = [p for p in able if task.weight <= p.capacity]
        states = {p.state for p in able}
        if not able:
            return "nobody_has_skills"
        if "available" in states:
            return ""  # now, or when they have done what they have in hand
        return "everybody_is_paused" if "paused" in states else "nobody_is_here"
