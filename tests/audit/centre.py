"""A seeded day in a contact center: mentions come, reps work, time passes, things go wrong."""

from __future__ import annotations

import hashlib
import random

from tests.audit.ledger import Engine, History, Person, Work, user

QUEUES = ("urgent", "service", "sales")
_SKILLS = ("en", "de", "billing")
_START_MS = 1_800_000_000_000
_OFFER_MS, _WINDOW_MS = 3_000, 20_000
_PAUSE_MS = _OFFER_MS  # before who refused a task is asked again
_BOSS = user("sofia", "supervisor")


class Centre(Engine):
    """Every step: a little time, the sweeps, what people do, then the offers."""

    def __init__(self, seed: int) -> None:
        super().__init__(_START_MS)
        self.dice = random.Random(seed)
        self.made = 0
        for number in range(self.dice.randint(2, 6)):
            skills = tuple(s for s in _SKILLS if self.dice.random() < 0.7)
            queues = tuple(q for q in QUEUES if self.dice.random() < 0.8)
            self._hire(Person(f"rep{number}", skills, queues, self.dice.randint(1, 3)))
        self._hire(Person("miriam", ("mediator", *_SKILLS), ("escalation",), 4))

    def _hire(self, person: Person) -> None:
        self.people[person.name] = person
        person.state = "available"
        self.staff(person)

    def run(self, mentions: int) -> History:
        reboot_at = self.dice.randint(5, 150) if self.dice.random() < 0.2 else -1
        for step in range(400):
            self.now += self.dice.randint(20, 700)
            if self.made < mentions and self.dice.random() < 0.4:
                self.mention()
            if step == reboot_at:
                self.reboot()
            self.sweep()
            self.work()
            self.make_offers()
            if self.made == mentions and not any(t.open for t in self.tasks.values()):
                break
        for task in self.tasks.values():
            if task.open:
                self.cancel(task, "the shift is over")
        return self.history

    # what comes in

    def mention(self) -> None:
        self.made += 1
        src, name = f"intake:{self.made}", f"m{self.made}"
        roll = self.dice.random()
        self.history.mentions.append({"src": src, "mention_id": name})
        if roll < 0.05:
            self._dead(src)
        elif roll < 0.15 and self.tasks:
            known = self.dice.choice(list(self.tasks.values())).mention_id
            self.history.mentions[-1]["mention_id"] = known
            self.write(self.dice.choice(("duplicate", "edited")), src, mention_id=known)
        else:
            self._decide(src, name, "" if roll < 0.25 else self.dice.choice(QUEUES))

    def _dead(self, src: str) -> None:
        raw = src.encode()
        sha256 = hashlib.sha256(raw).hexdigest()
        self.history.mentions[-1].pop("mention_id")
        self.history.dead.append({"src": src, "sha256": sha256, "size": len(raw)})
        self.write("dead", src, reason="not_json", data={"sha256": sha256, "bytes": len(raw)})

    def _decide(self, src: str, name: str, queue: str) -> None:
        age = self.dice.choice((0, 40, 900, 17_000, 60_000)) if self.dice.random() < 0.2 else 5
        detected = self.now - age
        window = self.dice.choice((_WINDOW_MS, _WINDOW_MS // 2, 2 * _WINDOW_MS))
        skills = tuple(s for s in _SKILLS if self.dice.random() < 0.3)
        model = "none" if self.dice.random() < 0.1 else "sentiment-l6@1c43604a"
        decision = {"queue": queue, "skills": list(skills), "priority": 0}
        self.write("received", src, mention_id=name, data={"content_hash": name})
        self.write("scored", src, mention_id=name, data={"score": {"model": model}})
        self.write("identified", src, mention_id=name)
        self.write("decided", src, mention_id=name, data={"decision": decision})
        if not queue:
            return
        task = Work(
            f"task-{name}", name, queue, skills, self.dice.randint(0, 100), detected,
            detected + window, weight=self.dice.choice((1, 1, 1, 2)),
        )  # fmt: skip
        if self.dice.random() < 0.1:
            task.for_rep, task.for_until = "rep0", self.now + 2_000
        self.tasks[task.id] = task
        task.order = task.key()
        self.change(task, "queued", "queued", src, data=self._waiting(task))

    def _waiting(self, task: Work) -> dict[str, object]:
        return {
            "skills": list(task.skills), "order_ms": task.order, "detected_ms": task.detected,
            "weight": task.weight, "for_rep": task.for_rep, "for_until_ms": task.for_until,
        }  # fmt: skip

    def reboot(self) -> None:
        """Redis came back empty: a new epoch, and open offers are taken back."""
        self.epoch = "epoch-2"
        for task in self.tasks.values():
            if task.state == "offered":
                op_id = f"rescind:{task.reservation}"
                self.change(task, "rescinded", "queued", op_id, reason="rebuilt")

    # what time does

    def sweep(self) -> None:
        for task in list(self.tasks.values()):
            if task.open and not task.answered:
                self._clock(task)
            if task.state == "offered" and self.now >= task.expires:
                rep = self.people[task.rep]
                task.refused[rep.name] = self.now
                self.change(task, "timed_out", "queued", f"expire:{task.reservation}")
                rep.state = "paused"
                self.staff(rep)
            elif task.state == "wrapping" and self.now >= task.timer:
                self.change(task, "completed", "completed", f"wrap:{task.id}", reason="resolved")
            elif task.state == "parked" and self.now >= task.timer:
                self.change(task, "queued", "queued", f"wake:{task.id}:{task.version}")

    def _clock(self, task: Work) -> None:
        if task.sla == "ok" and self.now >= task.at_risk_ms:
            task.sla = "at_risk"
            self.change(task, "at_risk", task.state, f"sla:{task.id}:at_risk")
        if task.sla == "at_risk" and self.now >= task.due:
            task.sla = "breached"
            self.change(task, "breached", task.state, f"sla:{task.id}:breached")
            self.escalate(task, "breached")

    def escalate(self, task: Work, why: str) -> None:
        task.level += 1
        data: dict[str, object] = {"from_queue": task.queue, "level": task.level}
        if task.state not in ("accepted", "wrapping"):
            task.queue, task.skills, task.order = "escalation", ("mediator",), task.detected
            data |= {"skills": ["mediator"], "order_ms": task.order}
        op_id = f"sla:{task.id}:escalated:{task.level}"
        self.change(task, "escalated", task.state, op_id, reason=why, data=data)

    # what people do

    def work(self) -> None:
        for person in self.people.values():
            if person.offer and self.dice.random() < 0.35:
                self._answer(person, self.tasks[person.offer])
            for task_id in sorted(person.tasks):
                if self.dice.random() < 0.12:
                    self._work_on(person, self.tasks[task_id])
            if self.dice.random() < (0.02 if person.state == "available" else 0.15):
                self._come_or_go(person)
        open_ = [t for t in self.tasks.values() if t.open]
        if open_ and self.dice.random() < 0.06:
            self._supervise(self.dice.choice(open_))

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
        if self.dice.random() < 0.7:
            person.offer, person.since = "", self.now
            self._command(task, "accepted", "accepted", "accept")
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
            task.answered = True
            self._command(task, "replied", "accepted", "reply", data=data)
        elif roll < 0.6:
            self._command(task, "completed", "completed", "complete", reason="resolved")
        elif roll < 0.75:
            task.timer = self.now + 2_000
            self._command(task, "wrapping", "wrapping", "complete", data={"ends_ms": task.timer})
        elif roll < 0.9:
            self._transfer(person, task)
        else:
            task.timer = self.now + 3_000
            data = {"until_ms": task.timer}
            self._command(task, "parked", "parked", "park", reason="later", data=data)

    def _transfer(self, person: Person, task: Work) -> None:
        task.refused[person.name] = self.now
        task.hops += 1
        data: dict[str, object] = {"from_queue": task.queue}
        task.queue = self.dice.choice(QUEUES)
        task.skills = task.skills[:1]
        data["skills"] = list(task.skills)
        self._command(task, "transferred", "queued", "transfer", reason="not mine", data=data)
        if task.hops == 3:
            self.escalate(task, "third hand-off")

    def _come_or_go(self, person: Person) -> None:
        if person.offer:
            task = self.tasks[person.offer]
            op_id, actor = f"rescind:{task.reservation}", user(person.name)
            self.change(task, "rescinded", "queued", op_id, actor=actor, reason="pausing")
        person.state = "available" if person.state != "available" else "paused"
        person.since = self.now
        self.staff(person)

    def cancel(self, task: Work, reason: str) -> None:
        op_id = f"sofia:cancel:{task.id}"
        self.change(task, "cancelled", "cancelled", op_id, actor=_BOSS, reason=reason)

    def _supervise(self, task: Work) -> None:
        roll, op_id = self.dice.random(), f"sofia:{task.id}:{task.version}"
        if roll < 0.2:
            self.cancel(task, "spam")
        elif roll < 0.6 and not task.level:
            data: dict[str, object] = {"from_priority": task.priority}
            task.priority = self.dice.randint(0, 100)
            task.order = data["order_ms"] = task.key()
            self.change(task, "prioritised", task.state, op_id, actor=_BOSS, data=data)
        elif roll < 0.8 and task.state == "offered":
            self.change(task, "rescinded", "queued", op_id, actor=_BOSS, reason="pulled back")
        elif task.state == "queued":
            free = [p for p in self.people.values() if p.state == "available" and not p.offer]
            if free:  # whoever it is, whatever they hold: a supervisor may
                fields = {"actor": _BOSS, "reason": "knows the customer"}
                self.offer(task, self.dice.choice(free), _OFFER_MS, **fields)

    # the offers

    def make_offers(self) -> None:
        waiting = [t for t in self.tasks.values() if t.state == "queued"]
        for person in sorted(self.people.values(), key=lambda p: p.since) if waiting else ():
            if person.state == "available" and not person.offer:
                fit = [t for t in waiting if self._may_have(person, t)]
                if fit:
                    self.offer(min(fit, key=lambda t: (t.order, t.id)), person, _OFFER_MS)

    def _may_have(self, person: Person, task: Work) -> bool:
        if task.state != "queued" or not _serves(person, task):
            return False
        if self.load(person) + task.weight > person.capacity:
            return False
        if task.for_rep not in ("", person.name) and self.now < task.for_until:
            return False
        if person.name not in task.refused:
            return True
        others = (p for p in self.people.values() if p.state == "available" and p is not person)
        if any(_serves(p, task) and p.name not in task.refused for p in others):
            return False
        return self.now >= task.refused[person.name] + _PAUSE_MS


def _serves(person: Person, task: Work) -> bool:
    return task.queue in person.queues and set(task.skills) <= set(person.skills)


def clean(seed: int) -> History:
    """The clean history of a seed: always the same."""
    return Centre(seed).run(mentions=4 + seed % 16)
