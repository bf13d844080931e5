"""A small task engine of the tests' own that writes facts, right by construction.

It shares no code with the product's engine or the auditor: neither can hide the other's mistake.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

SYSTEM = {"type": "system", "id": "door", "role": "service"}
TRIAGE = {"type": "system", "id": "triage", "role": "service"}
Row = dict[str, Any]


@dataclass
class Work:
    """A task as this engine sees it."""

    id: str
    mention_id: str
    queue: str
    skills: tuple[str, ...]
    priority: int
    detected: int
    due: int
    state: str = ""
    version: int = 0
    rep: str = ""
    reservation: str = ""
    attempt: int = 0
    expires: int = 0
    preempts: bool = False  # its offer does
    timer: int = 0
    order: float = 0.0
    weight: float = 1
    channel: str = "x"
    half: int = 0
    risk: int = 0
    resolution: int = 0
    level: int = 0
    hops: int = 0
    answered: bool = False
    silent: bool = True
    reply_by: int = 0
    halfway: bool = False
    sla: str = "ok"
    unresolved: bool = False
    waiting_since: int = 0
    steps: list[tuple[int, str, str]] = field(default_factory=list)
    cause: str = ""
    for_rep: str = ""
    for_until: int = 0
    parked_at: int = 0
    parked_for: str = ""
    waits_for: str = ""
    interrupted_by: str = ""
    refused: dict[str, int] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        return self.state not in ("completed", "cancelled")

    def key(self) -> float:
        return self.due - (self.due - self.detected) * self.priority / 100

    def needs(self, now: int) -> tuple[str, ...]:
        dropped = [what for at, how, what in self.steps if how == "drop" and at <= now]
        return tuple(s for s in self.skills if s.partition(":")[0] not in dropped)

    def queues(self, now: int) -> set[str]:
        more = {what for at, how, what in self.steps if how == "overflow" and at <= now}
        return {self.queue} | more


@dataclass
class Person:
    name: str
    skills: tuple[str, ...]
    queues: tuple[str, ...]
    capacity: float
    channels: dict[str, int] = field(default_factory=dict)
    state: str = "offline"
    since: int = 0
    offer: str = ""
    unseen: bool = False  # the offer did not reach them
    conn: int = 1
    pushed: int = 0
    tasks: set[str] = field(default_factory=set)

    def has(self, wanted: tuple[str, ...]) -> bool:
        levels = dict(_level(skill) for skill in self.skills)
        return all(levels.get(name, 0) >= level for name, level in map(_level, wanted))


def _level(skill: str) -> tuple[str, int]:
    name, _, level = skill.partition(":")
    return name, int(level or 1)


@dataclass
class History:
    """A ledger and the files beside it."""

    facts: list[Row] = field(default_factory=list)
    mentions: list[Row] = field(default_factory=list)
    dead: list[Row] = field(default_factory=list)
    client: list[Row] = field(default_factory=list)
    pushes: list[Row] = field(default_factory=list)
    users: list[Row] = field(default_factory=list)
    samples: list[Row] = field(default_factory=list)
    snapshot: Row = field(default_factory=dict)
    resources: list[Row] = field(default_factory=list)
    canaries: list[str] = field(default_factory=list)
    disk: dict[str, bytes] = field(default_factory=dict)  # what is searched for them
    sealed: list[Row] = field(default_factory=list)  # the facts with their chain, once judged
    forged: list[Any] = field(default_factory=list)  # what is done to those afterwards


def user(name: str, role: str = "agent") -> Row:
    return {"type": "user", "id": name, "role": role}


class Engine:
    """Writes the fact of every change; who may do what when is for the caller to respect."""

    def __init__(self, start_ms: int) -> None:
        self.now = start_ms
        self.epoch = "epoch-1"
        self.history = History()
        self.tasks: dict[str, Work] = {}
        self.people: dict[str, Person] = {}

    def write(self, op: str, op_id: str, **fields: Any) -> Row:
        fact = {
            "seq": len(self.history.facts) + 1,
            "fact_id": f"{op_id}/{op}",
            "op": op,
            "op_id": op_id,
            "now_ms": self.now,
            "mention_id": "",
            "source_id": "",
            "actor": TRIAGE,
            "reason": "",
            "data": {},
        } | fields
        self.history.facts.append(fact)
        return fact

    def change(self, task: Work, op: str, to: str, op_id: str, **fields: Any) -> Row:
        before, task.state = task.state, to
        task.version += 1
        rep = fields.pop("rep", task.rep)
        fact = self.write(
            op,
            op_id,
            epoch=self.epoch,
            mention_id=task.mention_id,
            source_id=task.mention_id,
            task_id=task.id,
            version=task.version,
            **{"from": before},
            to=to,
            rep=rep,
            queue=task.queue,
            reservation_id=task.reservation,
            priority=task.priority,
            deadline_ms=task.due,
            **({"actor": SYSTEM} | fields),
        )
        if to != before:
            task.waiting_since = self.now
            task.cause = ""
        if to in ("queued", "parked", "completed", "cancelled"):
            self._let_go(task)
        return fact

    def _let_go(self, task: Work) -> None:
        rep, task.rep, task.reservation = task.rep, "", ""
        if not rep:
            return
        person = self.people[rep]
        person.tasks.discard(task.id)
        if person.offer == task.id:
            person.offer = ""
            self.push(person, task, "offer_ended")
        for other in list(self.tasks.values()):
            if other.state == "parked" and other.interrupted_by == task.id:
                self.wake(other, for_rep=rep)

    def wake(self, task: Work, for_rep: str = "", actor: Row = SYSTEM) -> None:
        data: Row = {}
        if task.waits_for and task.resolution:
            task.resolution += self.now - task.parked_at
            data |= {"resolution_due_ms": task.resolution}
        if for_rep:
            task.for_rep, task.for_until = for_rep, self.now + 2_000
            data |= {"for_rep": for_rep, "for_until_ms": task.for_until}
        task.interrupted_by = task.waits_for = ""
        op_id = f"wake:{task.id}:{task.version}"
        self.change(task, "queued", "queued", op_id, actor=actor, data=data)

    def staff(self, person: Person) -> None:
        """Tell the ledger what a rep can do and whether they are there."""
        rep = {
            "name": person.name,
            "skills": list(person.skills),
            "queues": list(person.queues),
            "capacity": person.capacity,
            "channels": person.channels,
            "state": person.state,
        }
        op_id = f"rep:{person.name}:{len(self.history.facts)}"
        self.write("configured", op_id, rep=person.name, data={"rep": rep}, actor=SYSTEM)

    def load(self, person: Person) -> float:
        return sum(self.tasks[id_].weight for id_ in person.tasks)

    def push(self, person: Person, task: Work, event: str) -> None:
        person.pushed += 1
        row = {"type": "push", "rep": person.name, "conn": str(person.conn), "seq": person.pushed}
        self.history.pushes.append(row | {"task": task.id, "event": event})

    def told(self, kind: str, fact: Row, command: str, **fields: Any) -> None:
        """One line of the client's history of a command."""
        row = {
            "type": kind,
            "op_id": fact["op_id"],
            "command": command,
            "rep": fact["rep"],
            "task": fact["task_id"],
        }
        if kind == "ok":
            row |= {"status": 200, "result": {"state": fact["to"], "version": fact["version"]}}
        self.history.client.append(row | fields)
