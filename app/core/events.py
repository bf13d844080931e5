"""Events of a task: which facts are one, what is known of the task then, and how long it waits.

Event rules at other events than the mention see the values of the mention's own decision, the
variables of the task below, and the time of the event.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.core.calendar import Calendar
from app.core.condition_parts import LABELS
from app.core.recorded import Recorded
from app.core.rules import MENTION, VARIABLES, WAITING, of_moment

AT_RISK, BREACHED, REPLIED = "at_risk", "breached", "replied"
TRANSFERRED, COMPLETED = "transferred", "completed"
# The facts that are events; an event has the name of its fact. `waiting` is by time alone.
FACTS: Final = (AT_RISK, BREACHED, REPLIED, TRANSFERRED, COMPLETED)

# What a condition may speak of beside `VARIABLES` where there is a task.
TASK_VARIABLES: Final[dict[str, type]] = {
    "task.queue": str,
    "task.from_queue": str,
    "task.state": str,
    "task.priority": int,
    "task.rep": str,
    "task.by": str,
    "task.reason": str,
    "task.sla": str,
    "task.clock": str,
    "task.escalated": bool,
    "task.waited_s": float,
    "task.age_s": float,
    "task.left_s": float,
    "task.transfers": int,
    "task.offers": int,
    "task.replies": int,
}
EVERY_VARIABLE: Final[dict[str, type]] = VARIABLES | TASK_VARIABLES

_WAITS: Final = ("queued", "offered")  # states in which nobody has taken the task
_LATE: Final = ("ok", AT_RISK, BREACHED)  # how a response clock goes on, in this order


def variables_at(on: str) -> Mapping[str, type]:
    """The variables that a rule with this `on` may speak of; rows are asked at the mention."""
    return VARIABLES if on == MENTION else EVERY_VARIABLE


def event_of(fact: Mapping[str, Any]) -> str:
    """The event that this fact is; empty where it is none."""
    return str(fact["op"]) if fact.get("task_id") and fact["op"] in FACTS else ""


def id_of(*parts: str) -> str:
    """The same parts make the same id, whoever asks and however often."""
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One moment of a task that rules are asked about.

    `fact_id` is the fact that is the event, or the one with which the wait began; `seq` its place
    in the ledger. `depth` counts the rules whose actions led to it, one behind the other.
    """

    event_id: str
    name: str
    fact_id: str
    mention_id: str
    task_id: str
    seq: int
    at_ms: int
    depth: int = 0


def fact_event(fact: Mapping[str, Any], depth: int) -> Event:
    """The event that this fact is."""
    return Event(
        event_id=id_of(str(fact["fact_id"]), event_of(fact)),
        name=event_of(fact),
        fact_id=str(fact["fact_id"]),
        mention_id=str(fact["mention_id"]),
        task_id=str(fact["task_id"]),
        seq=int(fact["seq"]),
        at_ms=int(fact["now_ms"]),
        depth=depth,
    )


def begins_wait(fact: Mapping[str, Any]) -> bool:
    """New, back from a park, or given back by whoever had it in hand.

    A change of queue while it waits, and an offer that nobody took, are the same wait going on.
    """
    if fact["op"] == "queued":
        return True
    return fact["op"] == TRANSFERRED and fact.get("from") not in _WAITS


def waits(fact: Mapping[str, Any]) -> bool:
    """Does the task wait for somebody after this fact?"""
    return fact.get("to") in _WAITS


def seen(
    known: Recorded,
    trail: Iterable[Mapping[str, Any]],
    event: Event,
    calendars: Mapping[str, Calendar],
    labels: Iterable[str] = (),
) -> dict[str, object]:
    """The values of all variables at an event, of the mention's trail up to it.

    `known` is the mention's newest decision by then, `labels` what event rules have said since.
    """
    said = [str(one) for one in known.decision.get("labels") or ()]
    return {
        **known.values,
        **of_moment(event.at_ms, calendars),
        **task_values(trail, event),
        LABELS: list(dict.fromkeys((*said, *labels))),
    }


def task_values(trail: Iterable[Mapping[str, Any]], event: Event) -> dict[str, object]:
    """The values of `TASK_VARIABLES` after these facts of one mention, in their order."""
    known = _Known()
    for fact in trail:
        if fact.get("task_id"):
            known.take(fact)
    is_fact = event.name != WAITING
    last = known.last if is_fact else {}
    data = last.get("data") or {}
    clock = "resolution" if data.get("clock") == "resolution" else "response"
    return {
        "task.queue": known.queue,
        "task.from_queue": str(data.get("from_queue") or ""),
        "task.state": known.state,
        "task.priority": known.priority,
        "task.rep": known.rep,
        "task.by": str((last.get("actor") or {}).get("role") or ""),
        "task.reason": str(last.get("reason") or ""),
        "task.sla": known.sla,
        "task.clock": clock if event.name in (AT_RISK, BREACHED) else "",
        "task.escalated": known.escalated,
        "task.waited_s": _seconds(known.since_ms, event.at_ms) if known.since_ms else 0.0,
        "task.age_s": _seconds(known.detected_ms, event.at_ms),
        "task.left_s": (known.deadline_ms - event.at_ms) / 1000,
        "task.transfers": known.transfers,
        "task.offers": known.offers,
        "task.replies": known.replies,
    }


def _seconds(from_ms: int, to_ms: int) -> float:
    return max(0, to_ms - from_ms) / 1000


class _Known:
    """One task as its facts tell it so far."""

    def __init__(self) -> None:
        self.last: Mapping[str, Any] = {}
        self.queue, self.state, self.rep, self.sla = "", "", "", _LATE[0]
        self.priority = self.detected_ms = self.deadline_ms = 0
        self.since_ms = 0  # when the wait began that goes on; 0 while somebody has the task
        self.transfers = self.offers = self.replies = 0
        self.escalated = False

    def take(self, fact: Mapping[str, Any]) -> None:
        op, data, now_ms = str(fact["op"]), fact.get("data") or {}, int(fact["now_ms"])
        self.last = fact
        self.queue = str(fact.get("queue") or self.queue)
        self.state = str(fact.get("to") or self.state)
        self.rep = str(fact.get("rep") or self.rep)
        self.priority = int(fact.get("priority") or 0)
        self.deadline_ms = int(fact.get("deadline_ms") or self.deadline_ms)
        self.detected_ms = self.detected_ms or int(data.get("detected_ms") or now_ms)
        if begins_wait(fact) or (waits(fact) and not self.since_ms):
            self.since_ms = now_ms
        elif not waits(fact):
            self.since_ms = 0
        self.transfers += op == TRANSFERRED
        self.offers += op == "offered"
        self.replies += op == REPLIED
        self.escalated = self.escalated or op == "escalated"
        self.sla = self._sla(op, data)

    def _sla(self, op: str, data: Mapping[str, Any]) -> str:
        """The response clock; that of the resolution is told by its own event."""
        if data.get("clock") == "resolution" and op in (AT_RISK, BREACHED):
            return self.sla
        if op in (AT_RISK, BREACHED) and self.sla in _LATE:
            return op
        if op in (REPLIED, COMPLETED) and self.sla in _LATE[:2]:
            return "met"
        return self.sla
