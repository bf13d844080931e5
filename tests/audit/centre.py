"""A seeded day in a contact center: mentions come, reps work, time passes, things go wrong."""

from __future__ import annotations

import hashlib
from collections import Counter

from tests.audit.ledger import History, Person, Row, Work
from tests.audit.working import QUEUES, Working

_SKILLS = ("en", "de", "billing")
_START_MS = 1_800_000_000_000
_WINDOW_MS = 20_000
_STATES = ("queued", "parked", "offered", "accepted", "wrapping", "completed", "cancelled")
_CANARIES = ['canary Mira Kanári "7f31"', "canary-of-an-erased-customer"]


class Centre(Working):
    """Every step: a little time, the sweeps, what people do, then the offers."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed, _START_MS)
        self.made = 0
        for number in range(self.dice.randint(2, 6)):
            skills = tuple(self._level(s) for s in _SKILLS if self.dice.random() < 0.7)
            queues = tuple(q for q in QUEUES if self.dice.random() < 0.8)
            channels = {"phone": 1} if self.dice.random() < 0.3 else {}
            capacity = self.dice.choice((1, 2, 3, 2.5))
            self._hire(Person(f"rep{number}", skills, queues, capacity, channels))
        self._hire(Person("miriam", ("mediator", *_SKILLS), ("escalation",), 4))
        self.history.users.append({"name": "sofia", "role": "supervisor", "from_ms": 0})
        self.history.canaries = list(_CANARIES)
        self.history.disk = {"store": b"\0nothing here\xff" * 99, "logs/door.log": b"started\n"}
        self._watch_resources()

    def _level(self, skill: str) -> str:
        return self.dice.choice((skill, skill, f"{skill}:2"))

    def _hire(self, person: Person) -> None:
        self.people[person.name] = person
        person.state = "available"
        self.staff(person)
        row: Row = {"name": person.name, "role": "agent", "from_ms": 0, "until_ms": 0}
        self.history.users.append(row)

    def _watch_resources(self) -> None:
        limits = {"rss": 300e6, "fds": 64, "outbox": 1_000, "labels": 2_000}
        slopes = {"rss": 1e6, "labels": 0}
        self.history.resources = [
            {"ceilings": limits, "slopes_per_hour": slopes, "warm_ms": 60_000}
        ]
        for minute in range(30):
            row = {"at_ms": _START_MS + minute * 60_000, "process": "worker", "labels": 300}
            rss = 200e6 + (minute % 3) * 1e3 if minute else 100e6
            self.history.resources.append(row | {"rss": rss, "fds": 20, "outbox": minute % 7})

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
            self.tell_unroutable()
            self._observe(step)
            if self.made == mentions and not any(t.open for t in self.tasks.values()):
                break
        for task in list(self.tasks.values()):
            if task.open:
                self.cancel(task, "the shift is over")
        return self.history

    def _observe(self, step: int) -> None:
        """Between two steps the live state is looked at, as a screen or an export does."""
        if step == 40:
            rows = [_live(task) for task in self.tasks.values()]
            self.history.snapshot = {"seq": len(self.history.facts), "tasks": rows}
        if step % 10 == 0:
            by_state = Counter(task.state for task in self.tasks.values())
            figures = {state: by_state[state] for state in _STATES}
            row = {"at_ms": self.now, "created": len(self.tasks)} | figures
            self.history.samples.append(row)

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
        skills = tuple(self._level(s) for s in _SKILLS if self.dice.random() < 0.3)
        model = "lexicon" if self.dice.random() < 0.1 else "sentiment-l6@1c43604a"
        decision = {"queue": queue, "skills": list(skills), "priority": 0}
        self.write("received", src, mention_id=name, data={"content_hash": name})
        self.write("scored", src, mention_id=name, data={"score": {"model": model}})
        self.write("identified", src, mention_id=name)
        self.write("decided", src, mention_id=name, data={"decision": decision})
        if not queue:
            return
        task = Work(
            f"task-{name}", name, queue, skills, self.dice.randint(0, 100), detected,
            detected + window, weight=self.dice.choice((1, 1, 1, 2, 0.5)),
            channel=self.dice.choice(("x", "phone")), steps=self.steps_for(skills),
        )  # fmt: skip
        self.set_thresholds(task)
        if self.dice.random() < 0.7:
            task.resolution = detected + 2 * window
        if self.dice.random() < 0.1:
            task.for_rep, task.for_until = "rep0", self.now + 2_000
        self.tasks[task.id] = task
        task.order = task.key()
        self.change(task, "queued", "queued", src, data=_waiting(task))

    def reboot(self) -> None:
        """Redis came back empty: a new epoch, and open offers are taken back."""
        self.epoch = "epoch-2"
        for task in self.tasks.values():
            if task.state == "offered":
                op_id = f"rescind:{task.reservation}"
                self.change(task, "rescinded", "queued", op_id, reason="rebuilt")


def _waiting(task: Work) -> Row:
    return {
        "skills": list(task.skills), "order_ms": task.order, "detected_ms": task.detected,
        "weight": task.weight, "channel": task.channel, "steps": [list(s) for s in task.steps],
        "for_rep": task.for_rep, "for_until_ms": task.for_until, "half_ms": task.half,
        "at_risk_ms": task.risk, "due_ms": task.due, "clock": "first_response",
        "resolution_due_ms": task.resolution, "policy": "v1",
    }  # fmt: skip


def _live(task: Work) -> Row:
    return {
        "task_id": task.id, "state": task.state, "rep": task.rep, "queue": task.queue,
        "priority": task.priority, "deadline_ms": task.due, "version": task.version,
    }  # fmt: skip


def clean(seed: int) -> History:
    """The clean history of a seed: always the same."""
    return Centre(seed).run(mentions=4 + seed % 16)
