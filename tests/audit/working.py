"""What people do: agents answer, reply, finish, hand on, park; supervisors step in."""

from __future__ import annotations

from tests.audit.ledger import Person, Row, Work, user
from tests.audit.offering import OFFER_MS
from tests.audit.sweeping import Sweeping

QUEUES = ("urgent", "service", "sales")
BOSS = user("sofia", "supervisor")


class Working(Sweeping):
    def work(self) -> None:
        for person in self.people.values():
            if person.offer and not person.unseen and self.dice.random() < 0.35:
                self._answer(person, self.tasks[person.offer])
            for task_id in sorted(person.tasks):
                if task_id in person.tasks and self.dice.random() < 0.12:
                    self._work_on(person, self.tasks[task_id])
            if self.dice.random() < (0.02 if person.state == "available" else 0.15):
                self._come_or_go(person)
        open_ = [t for t in self.tasks.values() if t.open]
        if open_ and self.dice.random() < 0.06:
            self._supervise(self.dice.choice(open_))
        if open_ and self.dice.random() < 0.02:
            self._new_policy(self.dice.choice(open_))

    def _command(self, task: Work, op: str, to: str, name: str, **fields: object) -> None:
        rep = task.rep
        op_id = f"{rep}:{name}:{task.id}-{task.version}"
        task_fields = {"actor": user(rep), "rep": rep} | fields
        fact = self.change(task, op, to, op_id, **task_fields)
        self.told("invoke", fact, name)
        if self.dice.random() < 0.1:  # the answer was lost; asked again, it is the same
            self.told("info", fact, name)
        if self.dice.random() < 0.1:
            self.told("ok", fact, name)
        self.told("ok", fact, name)

    def _answer(self, person: Person, task: Work) -> None:
        if task.preempts and not self.can_interrupt(person):
            return  # what was to be parked has ended meanwhile, or cannot be any more
        if self.dice.random() < 0.7:
            if task.preempts:
                self.interrupt(person, task)
            person.offer, person.since = "", self.now
            task.silent, task.for_rep = True, ""
            task.reply_by = self.now + 4_000 if task.queue == "service" else 0
            data = {"reply_by_ms": task.reply_by} if task.reply_by else {}
            self._command(task, "accepted", "accepted", "accept", data=data)
            loser = {"op_id": f"thief:accept:{task.id}-{task.version}", "rep": "thief"}
            told = self.history.facts[-1]
            self.told("fail", told, "accept", status=409, **loser)
        else:
            task.refused[person.name] = self.now
            self._command(task, "rejected", "queued", "reject", reason="not mine")

    def _work_on(self, person: Person, task: Work) -> None:
        roll = self.dice.random()
        if task.state != "accepted":
            if task.state == "wrapping" and roll < 0.3:
                self._command(task, "completed", "completed", "complete", reason="resolved")
        elif roll < 0.4:
            data = {"text": "", "first": not task.answered}
            task.answered, task.silent = True, False
            self._command(task, "replied", "accepted", "reply", data=data)
        elif roll < 0.6:
            self._command(task, "completed", "completed", "complete", reason="resolved")
        elif roll < 0.75:
            task.timer = self.now + 2_000
            self._command(task, "wrapping", "wrapping", "complete", data={"ends_ms": task.timer})
        elif roll < 0.88:
            self._transfer(person, task)
        else:
            waits_for = self.dice.choice(("customer", ""))
            data = self._park(task, person.name, waits_for)
            self._command(task, "parked", "parked", "park", reason="later", data=data)

    def _park(self, task: Work, parked_for: str, waits_for: str) -> Row:
        task.timer, task.parked_at = self.now + 3_000, self.now
        task.parked_for, task.waits_for = parked_for, waits_for
        data: Row = {"until_ms": task.timer}
        return data | ({"waits_for": waits_for} if waits_for else {})

    def _transfer(self, person: Person, task: Work) -> None:
        """To another queue, or to a colleague in the same; the third queue is the mediator's."""
        task.refused[person.name] = self.now
        data: Row = {"from_queue": task.queue}
        task.for_rep, old = "", task.queue
        bounced = task.hops >= 3
        if bounced or self.dice.random() < 0.3:
            if not bounced:
                colleagues = [p for p in self.people if p != person.name]
                task.for_rep, task.for_until = self.dice.choice(colleagues), self.now + 2_000
                data |= {"for_rep": task.for_rep, "for_until_ms": task.for_until}
        else:
            task.queue = self.dice.choice([q for q in QUEUES if q != old])
            task.skills, task.steps = task.skills[:1], self.steps_for(task.skills[:1])
            data |= {"skills": list(task.skills), "steps": [list(s) for s in task.steps]}
            task.hops += 1
        self._command(task, "transferred", "queued", "transfer", reason="not mine", data=data)
        if task.hops == 3 and not bounced and task.queue != old:
            self.escalate(task, "third hand-off")

    def steps_for(self, skills: tuple[str, ...]) -> list[tuple[int, str, str]]:
        """What the queue's policy gives away after a while, from now on."""
        steps = []
        if skills and self.dice.random() < 0.4:
            steps.append((self.now + 4_000, "drop", skills[0].partition(":")[0]))
        if self.dice.random() < 0.3:
            steps.append((self.now + 6_000, "overflow", "service"))
        return steps

    def _come_or_go(self, person: Person) -> None:
        gone = person.state == "available" and self.dice.random() < 0.3
        if person.offer:
            task = self.tasks[person.offer]
            op_id = f"rescind:{task.reservation}"
            how: Row = {"reason": "disconnected"} if gone else {"actor": user(person.name)}
            self.change(task, "rescinded", "queued", op_id, **({"reason": "pausing"} | how))
        person.state = "available" if person.state != "available" else "paused"
        if gone:
            person.state = "offline"
            for task_id in sorted(person.tasks):
                self.take_back(self.tasks[task_id], "the agent is gone")
        person.since = self.now
        self.staff(person)

    # supervisors, and whoever sets the policies

    def cancel(self, task: Work, reason: str) -> None:
        op_id = f"sofia:cancel:{task.id}"
        self.change(task, "cancelled", "cancelled", op_id, actor=BOSS, reason=reason)

    def _supervise(self, task: Work) -> None:
        roll, op_id = self.dice.random(), f"sofia:{task.id}:{task.version}"
        if roll < 0.15:
            self.cancel(task, "spam")
        elif roll < 0.4 and not task.level:
            data: Row = {"from_priority": task.priority}
            task.priority = self.dice.randint(0, 100)
            task.order = data["order_ms"] = task.key()
            self.change(task, "prioritised", task.state, op_id, actor=BOSS, data=data)
        elif roll < 0.5 and task.state == "queued":
            data = self._park(task, "", "")
            self.change(task, "parked", "parked", op_id, actor=BOSS, reason="later", data=data)
        elif task.state == "parked" and not task.interrupted_by:
            self.wake(task, actor=user(task.parked_for) if task.parked_for else BOSS)
        elif task.state in ("queued", "offered"):
            self._assign(task, op_id)

    def _assign(self, task: Work, op_id: str) -> None:
        if task.state == "offered":
            task.refused[task.rep] = self.now
            self.change(task, "rescinded", "queued", op_id, actor=BOSS, reason="pulled back")
        free = [p for p in self.people.values() if p.state == "available" and not p.offer]
        if free:  # whoever it is, whatever they hold: a supervisor may
            fields = {"actor": BOSS, "reason": "knows the customer"}
            self.offer(task, self.dice.choice(free), **fields)

    def _new_policy(self, task: Work) -> None:
        """The one way in which a deadline moves."""
        if not task.open or task.level or task.answered or task.due < self.now:
            return
        data: Row = {"from_priority": task.priority, "from_deadline_ms": task.due, "policy": "v2"}
        task.due = self.now + self.dice.choice((2 * OFFER_MS, 30_000))
        self.set_thresholds(task)
        data |= {"half_ms": task.half, "at_risk_ms": task.risk}
        task.order = data["order_ms"] = task.key()
        op_id = f"policy:{task.id}:{task.version}"
        self.change(task, "prioritised", task.state, op_id, reason="policy", data=data)

    def set_thresholds(self, task: Work) -> None:
        """Not at round shares: a night may lie between them."""
        window = task.due - task.detected
        task.half = task.detected + round(window * self.dice.uniform(0.4, 0.6))
        task.risk = task.detected + round(window * self.dice.uniform(0.7, 0.9))
