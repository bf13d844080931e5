"""A model of the door in plain Python: what each command should answer, and what should be true."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.ports import Admission
from tests.builders import CATALOGUE, OFFER_MS

REPS = ("ann", "bob", "mia")
CAPACITY = 2


@dataclass
class Task:
    """What the model knows of one task."""

    id: str
    queue: str
    skills: tuple[str, ...]
    order_ms: float
    detected_ms: int
    at_risk_ms: int
    due_ms: int
    state: str = "queued"
    rep: str = ""
    expires_ms: int = 0
    sla: str = "ok"
    answered: bool = False
    missed: str = ""
    refused: set[str] = field(default_factory=set)

    def release(self) -> None:
        self.state, self.rep, self.expires_ms = "queued", "", 0


@dataclass
class Model:
    now_ms: int
    tasks: dict[str, Task] = field(default_factory=dict)
    available: set[str] = field(default_factory=set)

    def admit(self, admission: Admission) -> None:
        given = admission.task
        assert given
        self.tasks[given.task_id] = Task(
            id=given.task_id,
            queue=given.queue,
            skills=given.skills,
            order_ms=round(given.order_ms),
            detected_ms=given.detected_ms,
            at_risk_ms=given.at_risk_ms,
            due_ms=given.due_ms,
        )

    def held(self, rep: str) -> list[Task]:
        tasks = self.tasks.values()
        return [t for t in tasks if t.rep == rep and t.state in ("offered", "accepted")]

    def offer_of(self, rep: str) -> Task | None:
        return next((task for task in self.held(rep) if task.state == "offered"), None)

    def has_room(self, rep: str) -> bool:
        held = self.held(rep)
        return (
            rep in self.available
            and len(held) < CAPACITY
            and all(t.state != "offered" for t in held)
        )

    def fits(self, task: Task, rep: str) -> bool:
        known = CATALOGUE.reps[rep]
        return task.queue in known.queues and set(task.skills) <= set(known.skills)

    def fresh_for(self, rep: str) -> list[Task]:
        """What this rep could be offered and has not refused: for these there is no pause."""
        waiting = [task for task in self.tasks.values() if task.state == "queued"]
        return [task for task in waiting if self.fits(task, rep) and rep not in task.refused]

    def offered(self, task_id: str, rep: str) -> None:
        """Check that the door was right to make this offer, and note it."""
        task = self.tasks[task_id]
        assert task.state == "queued"
        assert self.has_room(rep)
        assert self.fits(task, rep)
        if rep in task.refused:
            others = self.available - {rep} - task.refused
            assert not any(self.has_room(r) and self.fits(task, r) for r in others)
        key = (task.order_ms, task.id)
        assert all(key <= (other.order_ms, other.id) for other in self.fresh_for(rep))
        task.state, task.rep, task.expires_ms = "offered", rep, self.now_ms + OFFER_MS

    def command(self, name: str, task_id: str, rep: str, queue: str) -> str:
        """Return the state after the command, or the code of its refusal."""
        task = self.tasks.get(task_id)
        if task is None:
            return "unknown_task"
        refused = self._answers(task, rep) if name in ("accept", "reject") else _owns(task, rep)
        if refused:
            return refused
        if name == "accept":
            task.state, task.expires_ms = "accepted", 0
        elif name == "reject":
            task.refused.add(rep)
            task.release()
        elif name == "reply":
            self._stop_clock(task)
            task.answered = True
        elif name == "complete":
            self._stop_clock(task)
            task.state = "completed"
        else:
            task.refused.add(rep)
            task.queue, task.skills = queue, CATALOGUE.queues[queue].skills
            task.release()
        return task.state

    def _answers(self, task: Task, rep: str) -> str:
        if task.state == "accepted" and task.rep != rep:
            return "taken"
        if task.missed == rep != task.rep:
            return "expired"
        if task.state != "offered" or task.rep != rep:
            return "not_yours"
        return "expired" if self.now_ms >= task.expires_ms else ""

    def leave(self, rep: str) -> None:
        self.available.discard(rep)
        offer = self.offer_of(rep)
        if offer:
            offer.release()

    def expire(self) -> set[str]:
        late = [
            task
            for task in self.tasks.values()
            if task.state == "offered" and task.expires_ms <= self.now_ms
        ]
        for task in late:
            self.available.discard(task.rep)
            task.missed = task.rep
            task.refused.add(task.rep)
            task.release()
        return {task.id for task in late}

    def cross_thresholds(self) -> tuple[set[str], set[str]]:
        crossed = [(task.id, state) for task in self.tasks.values() for state in self._cross(task)]
        at_risk, breached = (
            {id_ for id_, into in crossed if into == state} for state in ("at_risk", "breached")
        )
        return at_risk, breached

    def _cross(self, task: Task) -> list[str]:
        """The thresholds that this task crosses now, while its clock runs."""
        into: list[str] = []
        if task.answered or task.state == "completed" or task.sla == "breached":
            return into
        if task.sla == "ok" and self.now_ms >= task.at_risk_ms:
            task.sla = "at_risk"
            into.append("at_risk")
        if self.now_ms >= task.due_ms:
            task.sla = "breached"
            into.append("breached")
            if task.state != "accepted":
                task.queue, task.skills = "escalation", ("mediator",)
                task.order_ms = task.detected_ms
        return into

    def _stop_clock(self, task: Task) -> None:
        """What was crossed before the answer counts, however late the sweep is."""
        if task.answered:
            return
        self._cross(task)
        task.sla = "breached" if task.sla == "breached" else "met"


def _owns(task: Task, rep: str) -> str:
    if task.state != "accepted":
        return "wrong_state"
    return "" if task.rep == rep else "not_yours"


def check_chain(facts: list[dict[str, Any]]) -> None:
    """Versions 1..n, each from where the last ended, one deadline, at most one end."""
    assert [fact["version"] for fact in facts] == list(range(1, len(facts) + 1))
    assert [fact["from"] for fact in facts] == ["", *(fact["to"] for fact in facts[:-1])]
    assert len({fact["deadline_ms"] for fact in facts}) == 1
    assert all(fact["op"] != "completed" for fact in facts[:-1])
    times = [fact["now_ms"] for fact in facts]
    assert times == sorted(times)
