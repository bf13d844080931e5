"""Overrides: what people did otherwise than the rules had decided, rule by rule.

A rule that people keep correcting is a rule to change: this says which one, to where they send its
tasks instead, why they say they do, and whether customers were answered sooner for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final, TypeVar

from app.core.catalogue import ESCALATION_QUEUE

MOVED, ASSIGNED, TAKEN_BACK = "moved", "assigned", "taken back"
PRIORITY, CANCELLED = "priority", "cancelled"
KINDS: Final = (MOVED, ASSIGNED, TAKEN_BACK, PRIORITY, CANCELLED)

# The facts of a trail that `course` needs.
OPS: Final = (
    "decided", "edited", "transferred", "offered", "rescinded", "prioritised", "cancelled",
    "escalated", "replied",
)  # fmt: skip

_T = TypeVar("_T")

_MOST_TOLD = 5  # reasons and people of one rule: the rest is in the ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One thing that somebody did to a task. `to_queue` is empty where it stayed in its queue."""

    kind: str
    by: str
    role: str
    reason: str
    from_queue: str
    to_queue: str = ""

    @property
    def mediated(self) -> bool:
        """Was it the mediator who decided? Agents have what is escalated if they are mediators."""
        return self.role == "agent" and self.from_queue == ESCALATION_QUEUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What became of one decided mention with a task. `reply_ms` is -1 before the first reply."""

    rule: str
    overrides: tuple[Override, ...] = ()
    reply_ms: int = -1


def course(facts: Iterable[Mapping[str, Any]]) -> Course | None:
    """Follow the trail of one mention, in order; None where the rules made no task of it."""
    rule, queue, decided_ms, reply_ms = "", "", 0, -1
    found: list[Override] = []
    for fact in facts:
        op, data = fact["op"], fact.get("data") or {}
        if decision := data.get("decision"):
            if decision["queue"] and not queue:
                decided_ms = int(fact["now_ms"])
            rule, queue = decision["rule"], decision["queue"] or queue
        elif op == "replied" and reply_ms < 0:
            reply_ms = int(fact["now_ms"]) - decided_ms
        else:
            if (kind := _kind(fact)) and fact.get("actor", {}).get("type") == "user":
                found.append(_override(kind, fact, queue))
            queue = fact.get("queue") or queue
    return Course(rule=rule, overrides=tuple(found), reply_ms=reply_ms) if queue else None


def _kind(fact: Mapping[str, Any]) -> str:
    """The kind of override that this fact tells of, if a person did it; empty for others."""
    op, data = fact["op"], fact.get("data") or {}
    if op == "transferred":
        if data.get("for_rep"):
            return ASSIGNED
        return MOVED if data.get("from_queue") != fact.get("queue") else TAKEN_BACK
    if op == "offered":
        return ASSIGNED if data.get("override") == "assigned" else ""
    if op == "rescinded":
        return TAKEN_BACK if data.get("refused") else ""
    return {"prioritised": PRIORITY, "cancelled": CANCELLED}.get(op, "")


def _override(kind: str, fact: Mapping[str, Any], queue: str) -> Override:
    from_queue = (fact.get("data") or {}).get("from_queue") or queue
    return Override(
        kind=kind,
        by=str(fact["actor"]["id"]),
        role=str(fact["actor"].get("role") or ""),
        reason=str(fact.get("reason") or ""),
        from_queue=from_queue,
        to_queue=str(fact["queue"]) if kind == MOVED else "",
    )


@dataclass(slots=True)
class Overridden:
    """How one rule fared. `tasks` are all that it made, `overridden` those that people changed."""

    rule: str
    tasks: int = 0
    overridden: int = 0
    mediated: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    routes: Counter[tuple[str, str]] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    people: Counter[str] = field(default_factory=Counter)
    _left_ms: list[int] = field(default_factory=list)
    _changed_ms: list[int] = field(default_factory=list)

    def add(self, one: Course) -> None:
        self.tasks += 1
        self.overridden += bool(one.overrides)
        self.mediated += any(override.mediated for override in one.overrides)
        for override in one.overrides:
            self.kinds[override.kind] += 1
            self.people[override.by] += 1
            if override.reason:
                self.reasons[override.reason] += 1
            if override.to_queue:
                self.routes[override.from_queue, override.to_queue] += 1
        if one.reply_ms >= 0:
            (self._changed_ms if one.overrides else self._left_ms).append(one.reply_ms)

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON; times are medians in s, None where nobody replied."""
        return {
            "rule": self.rule,
            "tasks": self.tasks,
            "overridden": self.overridden,
            "share": round(self.overridden / self.tasks, 4),
            "mediated": self.mediated,
            "kinds": {kind: self.kinds[kind] for kind in KINDS if self.kinds[kind]},
            "routes": [
                {"from": gone, "to": come, "tasks": n} for (gone, come), n in _first(self.routes)
            ],
            "reasons": [{"reason": reason, "times": n} for reason, n in _first(self.reasons)],
            "people": [{"name": name, "times": n} for name, n in _first(self.people)],
            "reply_s": {"left": _seconds(self._left_ms), "changed": _seconds(self._changed_ms)},
        }


class Overrides:
    """The report of a window, added up mention by mention."""

    def __init__(self) -> None:
        self._rules: dict[str, Overridden] = {}

    def add(self, one: Course) -> None:
        self._rules.setdefault(one.rule, Overridden(one.rule)).add(one)

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON: the rules that people changed most often first."""
        rules = sorted(self._rules.values(), key=lambda r: (-r.overridden, -r.tasks, r.rule))
        return {
            "tasks": sum(rule.tasks for rule in rules),
            "overridden": sum(rule.overridden for rule in rules),
            "mediated": sum(rule.mediated for rule in rules),
            "rules": [rule.as_dict() for rule in rules],
        }


def _first(counted: Counter[_T]) -> Iterator[tuple[_T, int]]:
    yield from sorted(counted.items(), key=lambda one: (-one[1], str(one[0])))[:_MOST_TOLD]


def _seconds(times_ms: list[int]) -> float | None:
    return round(median(times_ms) / 1000, 1) if times_ms else None
