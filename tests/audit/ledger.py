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
    timer: int = 0
    order: float = 0.0
    weight: int = 1
    level: int = 0
    hops: int = 0
    answered: bool = False
    sla: str = "ok"
    for_rep: str = ""
    for_until: int = 0
    refused: dict[str, int] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        return self.state not in ("completed", "cancelled")

    @property
    def at_risk_ms(self) -> int:
        return self.detected + round((self.due - self.detected) * 0.8)

    def key(self) -> float:
        return self.due - (self.due - self.detected) * self.priority / 100


@dataclass
class Person:
    name: str
    skills: tuple[str, ...]
    queues: tuple[str, ...]
    capacity: int
    state: str = "offline"
    since: int = 0
    offer: str = ""
    tasks: set[str] = field(default_factory=set)


@dataclass
class History:
    """A ledger and the files beside it."""

    facts: list[Row] = field(default_factory=list)
    mentions: list[Row] = field(default_factory=list)
    dead: list[Row] = field(default_factory=list)
    client: list[Row] = field(default_factory=list)


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
        if to in ("queued", "parked", "completed", "cancelled"):
            self._let_go(task)
        return fact

    def _let_go(self, task: Work) -> None:
        if task.rep:
            person = self.people[task.rep]
            person.tasks.discard(task.id)
            if person.offer == task.id:
                person.offer = ""
        task.rep = task.reservation = ""

    def staff(self, person: Person) -> None:
        """Tell the ledger what a rep can do and whether they are there."""
        rep = {
            "name": person.name,
            "skills": list(person.skills),
            "queues": list(person.queues),
            "capacity": person.capacity,
            "state": person.state,
        }
        op_id = f"rep:{person.name}:{len(self.history.facts)}"
        self.write("configured", op_id, rep=person.name, data={"rep": rep}, actor=SYSTEM)

    def load(self, person: Person) -> int:
        held = (self.tasks[id_] for id_ in person.tasks)
        return sum(task.weight for task in held if task.state != "wrapping")

    def offer(self, task: Work, person: Person, expires_in: int, **fields: Any) -> None:
        task.attempt += 1
        task.reservation = f"{task.id}:{task.attempt}"
        task.rep, task.expires = person.name, self.now + expires_in
        person.offer = task.id
        person.tasks.add(task.id)
        data = {
            "expires_ms": task.expires,
            "attempt": task.attempt,
            "detected_ms": task.detected,
        }
        op_id = f"offer:{task.reservation}"
        self.change(task, "offered", "offered", op_id, **({"data": data} | fields))

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
