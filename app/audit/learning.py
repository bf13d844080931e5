"""What each fact changes of a task, and what it tells of it from here on."""

from __future__ import annotations

from app.audit.fact import Fact
from app.audit.lanes import skills_of
from app.audit.task import Task, order_of, steps_of

ESCALATION = "escalation"
RESOLUTION = "resolution"
NO_FIRST_REPLY = "no_first_reply"
THIRD_HAND_OFF = "third hand-off"
POLICY = "policy"
BOUNCED_HOPS = 3  # the third hand-off makes the mediator the owner


def is_resolution(fact: Fact) -> bool:
    """Is it of the resolution clock, not of the response clock?"""
    return bool(fact.before) and fact.data.get("clock") == RESOLUTION


def advance(task: Task, fact: Fact) -> None:
    """The state of the task after this fact."""
    op = fact.op
    task.state, task.version, task.last_seq = fact.to, fact.version, fact.seq
    if op == "transferred":
        _hand_on(task, fact)
    task.queue, task.priority = fact.queue, fact.priority
    if op in ("rejected", "timed_out", "rescinded"):
        _not_taken(task, fact)
    elif op == "replied":
        task.answered, task.silent = True, False
    elif op in _SETTING:
        _SETTING[op](task, fact)
    _clocks(task, fact)


def _not_taken(task: Task, fact: Fact) -> None:
    """An offer came to nothing; where it was its own agent's, it is kept for them no more."""
    if fact.op != "rescinded":
        task.refused |= {fact.rep}
    elif fact.role != "service":
        task.spared |= {fact.rep}
    if fact.rep == task.for_rep:
        task.for_rep, task.for_until_ms = "", 0


def _offered(task: Task, fact: Fact) -> None:
    task.attempt = int(fact.data.get("attempt") or task.attempt + 1)
    task.reservation, task.expires_ms = fact.reservation, int(fact.data.get("expires_ms") or 0)
    task.override = str(fact.data.get("override") or "")
    task.shared |= fact.rep != task.for_rep


def _accepted(task: Task, fact: Fact) -> None:
    task.silent, task.timer_version = True, fact.version
    task.reply_by_ms = int(fact.data.get("reply_by_ms") or 0)


def _wrapping(task: Task, fact: Fact) -> None:
    task.timer_ms, task.timer_version = int(fact.data.get("ends_ms") or 0), fact.version


def _parked(task: Task, fact: Fact) -> None:
    task.timer_ms, task.timer_version = int(fact.data.get("until_ms") or 0), fact.version
    task.parked_ms, task.waits_for = fact.now_ms, str(fact.data.get("waits_for") or "")


_SETTING = {
    "offered": _offered,
    "accepted": _accepted,
    "wrapping": _wrapping,
    "parked": _parked,
}


def _hand_on(task: Task, fact: Fact) -> None:
    told = fact.data.get("hops")
    task.hops = int(told) if told is not None else task.hops + (fact.queue != task.queue)
    if task.hops >= BOUNCED_HOPS and not task.bounced:
        # Handed on to the mediator anyway, it needs no more.
        task.handed_over = fact.seq if fact.queue != ESCALATION else 0
        task.bounced = True
    by_rep = fact.actor_id == fact.rep and fact.actor_type == "user"
    if by_rep or fact.reason == NO_FIRST_REPLY:
        task.refused |= {fact.rep}
    else:
        task.spared |= {fact.rep}


def _clocks(task: Task, fact: Fact) -> None:
    op = fact.op
    if op == "escalated":
        task.level = int(fact.data.get("level") or task.level + 1)
        task.handed_over = 0
    elif op == "breached":
        task.breach_version = fact.version
    if is_resolution(fact):
        task.unresolved |= op == "breached"
        return
    if op in ("halfway", "at_risk"):
        task.told_ms = fact.now_ms
    task.halfway |= op == "halfway"
    task.at_risk |= op == "at_risk"
    task.breached |= op == "breached"


def learn(task: Task, fact: Fact, old_queue: str) -> None:
    """Skills, thresholds and order key: told by the fact, or computed, or unknown from here on."""
    data = fact.data
    task.detected_ms = int(data.get("detected_ms") or task.detected_ms)
    if fact.op == "offered":
        return  # its skills are those of this offer, perhaps relaxed; the task keeps its own
    if moves_deadline(fact, task):
        task.deadline_ms, task.policy_ms = fact.deadline_ms, fact.now_ms
    for name in ("half_ms", "at_risk_ms", "resolution_due_ms"):
        if data.get(name) is not None and fact.op in _TELLING:
            setattr(task, name, int(data[name]))
    task.weight = float(data.get("weight") or task.weight)
    task.channel = str(data.get("channel") or task.channel)
    _keep(task, fact)
    moved = task.queue != old_queue
    if moved:
        task.steps = task.skills = None
    if "steps" in data:
        task.steps = steps_of(data["steps"])
    if "skills" in data:
        task.skills = skills_of(data["skills"])
    _order(task, fact, moved)


def _order(task: Task, fact: Fact, moved: bool) -> None:
    data = fact.data
    if data.get("order_ms") is not None:
        task.order = float(data["order_ms"])
    elif moved and fact.op == "escalated":
        task.order = None
    elif fact.op == "prioritised" or (fact.op == "queued" and task.order is None):
        task.order = order_of(task)


_TELLING = frozenset({"queued", "prioritised"})


def _keep(task: Task, fact: Fact) -> None:
    """For whom it is kept; what somebody took, parked or handed on is not kept as it was."""
    if "for_rep" in fact.data:
        task.for_rep, task.shared = str(fact.data["for_rep"] or ""), False
        task.for_until_ms = int(fact.data.get("for_until_ms") or 0)
    elif fact.op in ("accepted", "parked", "transferred", "escalated"):
        task.for_rep, task.for_until_ms = "", 0


def moves_deadline(fact: Fact, task: Task) -> bool:
    """The one legal way in which a deadline moves: a new policy, which names the old one."""
    if fact.op != "prioritised" or fact.reason != POLICY or fact.role != "service":
        return False
    return fact.data.get("from_deadline_ms") == task.deadline_ms and fact.deadline_ms > 0
