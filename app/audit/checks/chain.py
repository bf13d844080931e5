"""The chain of a task's facts: one task, one end, no gap, legal edges, one deadline, one epoch."""

from __future__ import annotations

from collections.abc import Iterator

from app.audit.checks.guards import against_edge, broken_guards
from app.audit.edges import CREATED, EDGES, OWNER, SERVICE, SUPERVISOR, Edge
from app.audit.fact import SUPERVISORS, Fact
from app.audit.invariant import Bounds, Invariant, Violation
from app.audit.learning import moves_deadline
from app.audit.task import PARKED, Task
from app.audit.world import World


class NoSecondTask(Invariant):
    id = "I2"
    sentence = "Each mention has at most one task, and each task exactly one mention."

    def see(self, fact: Fact, task: Task | None) -> Iterator[Violation]:
        if not fact.task_id:
            return
        if task is None:
            other = self.world.of_mention.get(fact.mention_id)
            if other:
                earlier = self.world.tasks[other].last_seq
                yield self.broken(fact, f"the mention already has the task {other}", earlier)
            if not fact.mention_id:
                yield self.broken(fact, "the task names no mention")
        elif task.mention_id != fact.mention_id:
            yield self.broken(fact, f"the task belongs to mention {task.mention_id}", task.last_seq)
        elif fact.op == "queued" and not fact.before:
            yield self.broken(fact, "the task is made a second time", task.last_seq)


class OneEnd(Invariant):
    id = "I3"
    sentence = "A task ends at most once, nothing follows its end, and when all is done it ended."

    def see(self, fact: Fact, task: Task | None) -> Iterator[Violation]:
        if task and not task.open:
            detail = f"{fact.op} after the task was {task.state}"
            yield self.broken(fact, detail, task.last_seq)

    def end(self) -> Iterator[Violation]:
        if not self.bounds.drained:
            return
        for task in self.world.tasks.values():
            if task.open:
                yield self.broken_task(task, f"the task never ended: it is {task.state}")

    def missing(self) -> str:
        if self.bounds.drained:
            return ""
        return "that every task ended: --drained, once the run is over"


class VersionChain(Invariant):
    id = "I4"
    sentence = (
        "A task's facts are versions 1, 2, 3 ... and each goes on where the last one stopped."
    )

    def see(self, fact: Fact, task: Task | None) -> Iterator[Violation]:
        if not fact.task_id:
            return
        at, state = (task.version, task.state) if task else (0, "")
        earlier = task.last_seq if task else 0
        if fact.version != at + 1:
            how = "a fork" if fact.version <= at else "a gap"
            yield self.broken(fact, f"{how}: version {fact.version} follows {at}", earlier)
        elif fact.before != state:
            detail = f"from {fact.before or 'nothing'}, but the task was {state or 'not there'}"
            yield self.broken(fact, detail, earlier)


class LegalEdges(Invariant):
    id = "I5"
    sentence = "Every change is in docs/state-machine.md, made by who may make it, when they may."

    def see(self, fact: Fact, task: Task | None) -> Iterator[Violation]:
        if not fact.task_id or (task and not task.open):
            return  # what follows an end is I3's
        edge = CREATED if fact.op == "queued" and not fact.before else EDGES.get(fact.op)
        if edge is None:
            yield self.broken(fact, f"no such change of a task: {fact.op}")
            return
        for detail in against_edge(fact, edge):
            yield self.broken(fact, detail)
        if task or edge is CREATED:
            for detail in self._who(fact, task, edge):
                yield self.broken(fact, detail)
        if task:
            for detail in broken_guards(fact, task, self.world):
                yield self.broken(fact, detail, task.last_seq)

    def _who(self, fact: Fact, task: Task | None, edge: Edge) -> Iterator[str]:
        callers = set()
        if fact.role == SERVICE and fact.actor_type == "system":
            callers.add(SERVICE)
        if fact.role in SUPERVISORS:
            callers.add(SUPERVISOR)
        owner = task.parked_for if task and task.state == PARKED else task.rep if task else ""
        if owner and fact.actor_type == "user" and fact.actor_id == owner:
            callers.add(OWNER)
        if not callers & edge.by:
            who = f"{fact.actor_id or 'nobody'} ({fact.role or 'no role'})"
            yield f"{fact.op} by {who}, who may not"

    def missing(self) -> str:
        if any(rep.skills is not None for rep in self.world.reps.values()):
            return ""
        return "skills, queues and state of who is offered a task: `data.rep` facts or --staff"


class OneDeadline(Invariant):
    id = "I13"
    sentence = "A task's deadline never moves, unless a new policy moves it and says so."

    def see(self, fact: Fact, task: Task | None) -> Iterator[Violation]:
        if not fact.task_id:
            return
        if task and fact.deadline_ms != task.deadline_ms:
            if not moves_deadline(fact, task):
                moved = fact.deadline_ms - task.deadline_ms
                detail = f"{fact.op} moved the deadline by {moved} ms"
                yield self.broken(fact, detail, task.last_seq)
        elif not fact.deadline_ms:
            yield self.broken(fact, "the task has no deadline")
        told = fact.data.get("due_ms") if fact.op == "queued" else None
        if told is not None and told != fact.deadline_ms:
            yield self.broken(fact, f"due at {told} by its thresholds, by itself otherwise")


class EpochFence(Invariant):
    id = "I18"
    sentence = "Once a new epoch has begun, no fact of an old one follows."

    def __init__(self, world: World, bounds: Bounds) -> None:
        super().__init__(world, bounds)
        self._current, self._began = "", 0
        self._over: set[str] = set()

    def see(self, fact: Fact, task: Task | None) -> Iterator[Violation]:  # noqa: ARG002
        if fact.task_id and not fact.epoch:
            yield self.broken(fact, "a change of a task in no epoch", self._began)
        if not fact.epoch or fact.epoch == self._current:
            return
        if fact.epoch in self._over:
            detail = f"epoch {fact.epoch} was over when {self._current} began"
            yield self.broken(fact, detail, self._began)
            return
        self._over.add(self._current)
        self._current, self._began = fact.epoch, fact.seq


CHECKS = (NoSecondTask, OneEnd, VersionChain, LegalEdges, OneDeadline, EpochFence)
