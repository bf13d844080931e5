"""Who is offered what: the most pressing first, room saved, skills relaxed, work interrupted."""

from __future__ import annotations

import random

from tests.audit.ledger import Engine, Person, Row, Work

OFFER_MS = 3_000
PAUSE_MS = OFFER_MS  # before who refused a task is asked again
PREEMPTING, INTERRUPTIBLE = "urgent", "sales"


class Offering(Engine):
    def __init__(self, seed: int, start_ms: int) -> None:
        super().__init__(start_ms)
        self.dice = random.Random(seed)

    def offer(self, task: Work, person: Person, **fields: object) -> None:
        task.attempt += 1
        task.reservation = f"{task.id}:{task.attempt}"
        task.rep, task.expires = person.name, self.now + OFFER_MS
        person.offer = task.id
        person.tasks.add(task.id)
        extra = fields.pop("data", {})
        data: Row = {"expires_ms": task.expires, "attempt": task.attempt}
        data |= {"detected_ms": task.detected} | dict(extra)  # type: ignore[call-overload]
        task.preempts = data.get("override") == "preempts"
        self.change(task, "offered", "offered", f"offer:{task.reservation}", data=data, **fields)
        person.unseen = self.dice.random() < 0.03
        if person.unseen:  # the connection broke, and a new one begins to count anew
            person.conn, person.pushed = person.conn + 1, 0
        else:
            self.push(person, task, "offer")

    def make_offers(self) -> None:
        waiting = [t for t in self.tasks.values() if t.state == "queued"]
        for person in sorted(self.people.values(), key=lambda p: p.since) if waiting else ():
            if person.state == "available" and not person.offer:
                task = self.next_for(person, waiting)
                if task:
                    self.offer(task, person, data=self._how(task, person))
        for task in waiting:
            if task.state == "queued" and task.queue == PREEMPTING:
                self._interrupt_for(task)

    def next_for(self, person: Person, waiting: list[Work]) -> Work | None:
        """The most pressing one; nothing, where that is too heavy and can wait no longer."""
        fit = [t for t in waiting if self._is_one_for(person, t)]
        for task in sorted(fit, key=lambda t: (t.order, t.id)):
            if self.load(person) + task.weight <= person.capacity:
                return task
            if task.order <= self.now:
                return None
        return None

    def _how(self, task: Work, person: Person) -> Row:
        data: Row = {}
        if task.needs(self.now) != task.skills:
            data["skills"] = list(task.needs(self.now))
        if task.queue not in person.queues:
            data["overflow"] = True
        return data

    def serves(self, person: Person, task: Work) -> bool:
        if not task.queues(self.now) & set(person.queues):
            return False
        return person.has(task.needs(self.now))

    def _is_one_for(self, person: Person, task: Work) -> bool:
        if task.state != "queued" or not self.serves(person, task):
            return False
        if task.weight > person.capacity or self._channel_full(person, task):
            return False
        if self._kept_from(person, task):
            return False
        if person.name not in task.refused:
            return True
        others = (p for p in self.people.values() if p.state == "available" and p is not person)
        if any(self.serves(p, task) and p.name not in task.refused for p in others):
            return False
        return self.now >= task.refused[person.name] + PAUSE_MS

    def _channel_full(self, person: Person, task: Work) -> bool:
        limit = person.channels.get(task.channel, 99)
        return sum(self.tasks[id_].channel == task.channel for id_ in person.tasks) >= limit

    def _kept_from(self, person: Person, task: Work) -> bool:
        if task.for_rep in ("", person.name) or self.now >= task.for_until:
            return False
        own = self.people[task.for_rep]
        if own.state != "available" or own.name in task.refused:
            task.for_rep = ""  # at once, and for good
        return bool(task.for_rep)

    def _interrupt_for(self, task: Work) -> None:
        """Nobody with room can take it: ask who could make room."""
        for person in self.people.values():
            if person.state != "available" or person.offer or person.name in task.refused:
                continue
            if not self._is_one_for(person, task):
                continue
            room = person.capacity - self.load(person)
            if room >= task.weight:
                return  # they save it for a heavier one, or were just asked
            soft = [self.tasks[i] for i in person.tasks if self.interruptible(self.tasks[i])]
            if room + sum(t.weight for t in soft) >= task.weight:
                data = self._how(task, person) | {"override": "preempts"}
                self.offer(task, person, data=data)
                return

    def interruptible(self, task: Work) -> bool:
        return task.state == "accepted" and task.queue == INTERRUPTIBLE

    def can_interrupt(self, person: Person) -> bool:
        held = [self.tasks[i] for i in person.tasks]
        soft = sum(t.weight for t in held if self.interruptible(t))
        return self.load(person) - soft <= person.capacity

    def interrupt(self, person: Person, urgent: Work) -> None:
        """Make room for what pre-empts: as many as needed, the lightest first."""
        held = [self.tasks[i] for i in person.tasks if self.interruptible(self.tasks[i])]
        for task in sorted(held, key=lambda t: (t.weight, t.id)):
            if self.load(person) <= person.capacity:
                return
            task.timer, task.parked_at = self.now + 6_000, self.now
            task.parked_for, task.interrupted_by = person.name, urgent.id
            data = {"until_ms": task.timer, "for_rep": person.name}
            op_id = f"interrupt:{urgent.id}:{task.id}:{task.version}"
            self.change(task, "parked", "parked", op_id, reason="pre-empted", data=data)
