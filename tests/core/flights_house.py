"""Flights as the tests open them: a storm, two steps, Ann and the queue of service."""

from __future__ import annotations

from typing import Any

from app.core import flight_moves as moves
from app.core.flight import QUIET, Event, Flight, Goal, Plan, Step, Who, applied
from tests.builders import NOON_MS

MINUTE_MS = 60_000
SUE = Who(name="sue", role="supervisor", at_ms=NOON_MS)
ANN = Who(name="ann", role="agent", queues=("billing",), at_ms=NOON_MS)
BOB = Who(name="bob", role="agent", queues=("service",), at_ms=NOON_MS)
CAT = Who(name="cat", role="agent", queues=("urgent",), at_ms=NOON_MS)
MIA = Who(name="mia", role="agent", skills=("en", "mediator:2"), at_ms=NOON_MS)
ANTON = Who(name="anton", role="analyst", at_ms=NOON_MS)
QUIET_GOAL = Goal(words="Everybody knows how they get home", kind=QUIET, minutes=30)


def plan(**given: Any) -> Plan:
    fields: dict[str, Any] = {
        "name": "Storm Berta",
        "goal": QUIET_GOAL,
        "say": "Trains north of Oslo are cancelled until noon.",
        "labels": ("storm",),
        "steps": (Step(id=0, what="Call the operator"), Step(id=0, what="Offer a bus")),
        "reps": ("ann",),
        "queues": ("service",),
    }
    return Plan(**fields | given)


def opening(**given: Any) -> Event:
    return moves.opened("f1", plan(**given), SUE)


def flight(**given: Any) -> Flight:
    return applied(None, opening(**given))


def after(found: Flight, *events: Event | None) -> Flight:
    """The flight after these moves; each was made by somebody who saw the one before."""
    for event in events:
        found = applied(found, event) if event else found
    return found


def at(who: Who, ms: int) -> Who:
    """The same person, so much later than noon."""
    return Who(
        name=who.name, role=who.role, skills=who.skills, queues=who.queues, at_ms=NOON_MS + ms
    )
