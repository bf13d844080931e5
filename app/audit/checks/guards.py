"""What must be true for a change, beside its edge: times, causes, who is offered what."""

from __future__ import annotations

from collections.abc import Iterator

from app.audit.edges import CAUSES, SAME, SERVICE, Edge
from app.audit.fact import SUPERVISORS, Fact
from app.audit.lanes import Skills, covers, skills_of
from app.audit.learning import BOUNCED_HOPS, ESCALATION, NO_FIRST_REPLY, THIRD_HAND_OFF
from app.audit.rep import AVAILABLE
from app.audit.task import ACCEPTED, DROP, PARKED, QUEUED, WRAPPING, Task
from app.audit.world import World


def against_edge(fact: Fact, edge: Edge) -> Iterator[str]:
    """What is wrong with a fact by itself."""
    to = fact.before if edge.to == SAME else edge.to
    if fact.before not in edge.before or fact.to != to:
        yield f"{fact.op} from {fact.before or 'nothing'} to {fact.to or 'nothing'}"
    if edge.reason and not fact.reason:
        yield f"{fact.op} without a reason"
    for name in edge.says:
        if name not in fact.data:
            yield f"{fact.op} without data.{name}"


def broken_guards(fact: Fact, task: Task, world: World) -> Iterator[str]:
    """What is wrong with a fact of this task, as the task was before it."""
    yield from _silently(fact, task)
    yield from _bounced(fact, task)
    guard = _GUARDS.get(fact.op)
    if guard:
        yield from guard(fact, task, world)


def _silently(fact: Fact, task: Task) -> Iterator[str]:
    """Queue and priority change by the ops that say so, and by no other."""
    if fact.queue != task.queue and fact.op not in ("transferred", "escalated"):
        yield f"{fact.op} moved the task from {task.queue} to {fact.queue}"
    told = fact.data.get("from_queue")
    if fact.op in ("transferred", "escalated") and told not in (None, task.queue):
        yield f"{fact.op} from queue {told}, but the task was in {task.queue}"
    if fact.priority != task.priority and fact.op not in ("prioritised", "escalated"):
        yield f"{fact.op} changed the priority from {task.priority} to {fact.priority}"


def _bounced(fact: Fact, task: Task) -> Iterator[str]:
    """The third hand-off ends with the mediator, and stays there."""
    if task.handed_over:
        if fact.op != "escalated" or fact.reason != THIRD_HAND_OFF:
            yield f"{fact.op} follows the third hand-off, expected escalated"
        elif fact.queue != ESCALATION:
            yield f"the third hand-off ends in {fact.queue}, expected {ESCALATION}"
    elif task.bounced and fact.queue != ESCALATION:
        yield f"{fact.op} took a bounced task out of {ESCALATION} to {fact.queue}"


def _completed(fact: Fact, task: Task, world: World) -> Iterator[str]:  # noqa: ARG001
    if fact.role != SERVICE:
        return
    if task.state != WRAPPING:
        yield "completed by the service without a wrap-up"
    elif fact.now_ms < task.timer_ms:
        yield f"wrap-up ended {task.timer_ms - fact.now_ms} ms before its time"


def _woken(fact: Fact, task: Task, world: World) -> Iterator[str]:
    """The service wakes when the time has come, at a breach, or when the interruption is over."""
    if task.state != PARKED or fact.role != SERVICE or fact.now_ms >= task.timer_ms:
        return
    if task.breach_version > task.timer_version and task.level:
        return
    urgent = world.tasks.get(task.interrupted_by)
    if urgent is None or urgent.rep == task.parked_for:
        yield f"woken {task.timer_ms - fact.now_ms} ms before its time"


def _parked(fact: Fact, task: Task, world: World) -> Iterator[str]:
    """The service parks only to make room for a task that pre-empts."""
    if fact.role != SERVICE:
        return
    if task.state != ACCEPTED:
        yield f"interrupted while it was {task.state}"
    if fact.reason != "pre-empted":
        yield f"parked by the service for {fact.reason or 'no reason'}"
    if fact.data.get("for_rep") != task.rep:
        yield f"interrupted, but not kept for {task.rep}"
    offers = (world.tasks[id_] for id_ in world.rep(task.rep).offers)
    if not any(offer.override == "preempts" for offer in offers):
        yield f"interrupted, but {task.rep} has no offer that pre-empts"


def _transferred(fact: Fact, task: Task, world: World) -> Iterator[str]:  # noqa: ARG001
    if task.state == QUEUED:  # nobody has it: another engine's answer, or the want of one
        if fact.role != SERVICE:
            yield f"moved while it waited, by the role {fact.role or 'nobody'}"
        if fact.queue == task.queue:
            yield "moved while it waited, to the queue where it was"
        return
    if fact.reason == NO_FIRST_REPLY:
        if fact.queue != task.queue:
            yield "taken back for want of a reply, but to another queue"
        if task.state != ACCEPTED or not task.silent:
            yield "taken back for want of a reply, but its owner had replied"
        elif fact.now_ms < task.reply_by_ms:
            yield f"taken back {task.reply_by_ms - fact.now_ms} ms before its time"


def _escalated(fact: Fact, task: Task, world: World) -> Iterator[str]:  # noqa: ARG001
    if not (task.breached or task.unresolved) and task.hops < BOUNCED_HOPS:
        yield "escalated without a breach or a third hand-off"
    if fact.reason == THIRD_HAND_OFF and not task.handed_over:
        yield f"escalated as a third hand-off after {task.hops} changes of queue"
    if fact.data.get("level") != task.level + 1:
        yield f"escalation level {fact.data.get('level')} follows {task.level}"


def _prioritised(fact: Fact, task: Task, world: World) -> Iterator[str]:  # noqa: ARG001
    if fact.data.get("from_priority") != task.priority:
        yield f"prioritised from {fact.data.get('from_priority')}, but it was {task.priority}"


def _unroutable(fact: Fact, task: Task, world: World) -> Iterator[str]:
    if fact.reason not in CAUSES:
        yield f"unroutable for no known cause: {fact.reason}"
    # Told again where nobody came or went since then; and where nobody tells, who knows?
    if world.changes and task.cause == (fact.reason, world.changes):
        yield f"told a second time that {fact.reason}"


def _offered(fact: Fact, task: Task, world: World) -> Iterator[str]:
    """The guard of an offer: somebody who is there, serves the queue and has the skills."""
    if not fact.rep:
        yield "offered to nobody"
    if fact.role in SUPERVISORS and not fact.reason:
        yield "a forced offer without a reason"
    rep = world.rep(fact.rep)
    if rep.state not in (None, AVAILABLE):
        yield f"offered to {rep.name}, who is {rep.state}"
    if "skills" in fact.data and task.skills is not None:
        yield from _relaxed(skills_of(fact.data["skills"]), task, fact.now_ms)
    wanted = skills_of(fact.data["skills"]) if "skills" in fact.data else task.skills
    if (fact.forced and fact.data.get("override") != "preempts") or rep.skills is None:
        return
    queues = {task.queue}
    if fact.data.get("overflow"):
        queues |= set(task.asks(fact.now_ms)[1]) if task.steps is not None else rep.queues
        if task.steps is not None and len(queues) == 1:
            yield f"overflowed from {task.queue} before its time"
    if wanted is not None and (not covers(rep.skills, wanted) or not queues & rep.queues):
        names = ", ".join(sorted(name for name, _ in wanted)) or "nothing"
        yield f"{rep.name} does not serve {task.queue} or lacks a skill of: {names}"


def _relaxed(skills: Skills, task: Task, now_ms: int) -> Iterator[str]:
    """Skills are dropped when the queue's policy says so, and none is put in their place."""
    least = task.asks(now_ms)[0] if task.steps is not None else frozenset()
    own = task.skills or frozenset()
    if not skills <= own:
        yield "offered for skills that the task does not ask for"
    elif not least <= skills:
        early = ", ".join(sorted(name for name, _ in least - skills))
        how = "before its time" if any(step[1] == DROP for step in task.steps or ()) else "at all"
        yield f"offered without {early}, which is not dropped {how}"


_GUARDS = {
    "completed": _completed,
    "queued": _woken,
    "parked": _parked,
    "transferred": _transferred,
    "escalated": _escalated,
    "prioritised": _prioritised,
    "unroutable": _unroutable,
    "offered": _offered,
}
