"""Flights: what a group follows together for one situation. A flight is the fold of its events.

A flight stands beside tasks, never in them: it says which belong to it, and changes none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Final

from app.core.skills import MEDIATOR, mediates

OPEN, SHUT = "open", "closed"
QUIET, ROUTE, TIME = "quiet", "steps", "time"  # the measures of a goal
REACHED, BY_HAND = "reached", "by_hand"  # how a flight was closed
REP, ROLE, QUEUE = "rep", "role", "queue"  # who a step is for
ITSELF: Final = "handshake"  # who closes a flight whose goal is reached

OPENED, EDITED, TICKED, UNTICKED = "opened", "edited", "ticked", "unticked"
ADDED, REMOVED, CLOSED, REOPENED = "task_added", "task_removed", "closed", "reopened"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a route. `kind` is rep, role or queue; empty where anybody of the group may."""

    id: int
    what: str
    kind: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """The destination: in words, and measured.

    quiet: no task is open for so many `minutes`; steps: every step is done; time: at `until_ms`.
    """

    words: str
    kind: str
    minutes: int = 0
    until_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What people set: the start (labels, from when on), the goal, the route and the group."""

    name: str
    goal: Goal
    say: str = ""
    labels: tuple[str, ...] = ()
    since_ms: int = 0
    steps: tuple[Step, ...] = ()
    reps: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    by: str
    at_ms: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Somebody who acts, and when. `role` is that of their account."""

    name: str
    role: str
    at_ms: int = 0
    skills: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One change of a flight. `version` counts them from 1; nobody changes or drops one."""

    flight_id: str
    version: int
    kind: str
    at_ms: int
    by: str
    role: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """A flight as its events made it.

    `begun_ms` is when it was opened or last reopened, `route_ms` when a step was last ticked or
    the route changed. `next_step` is an id that no step has had. `by_hand` counts tasks that
    people added or took out. `closed` holds how, by whom, why and the outcome; empty while open.
    """

    id: str
    version: int
    state: str
    plan: Plan
    opened_by: str
    opened_ms: int
    begun_ms: int
    route_ms: int
    changed_ms: int
    next_step: int
    done: Mapping[int, Done] = field(default_factory=dict)
    by_hand: int = 0
    closed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def current(self) -> Step | None:
        """The first step that is not done; None at the end of the route."""
        return next((step for step in self.plan.steps if step.id not in self.done), None)

    @property
    def arrived(self) -> bool:
        """Is there a route, and is every step of it done?"""
        return bool(self.plan.steps) and self.current is None


def may_lead(who: Who) -> bool:
    """May they open, edit and close flights? Supervisors, administrators, mediators."""
    return who.role in ("supervisor", "admin") or mediates(who.skills)


def is_of(plan: Plan, who: Who) -> bool:
    """Are they of the group? So is whoever a step names."""
    if who.name in plan.reps or set(who.queues) & set(plan.queues):
        return True
    return any(_named(step, who) for step in plan.steps)


def _named(step: Step, who: Who) -> bool:
    if step.kind == REP:
        return step.name == who.name
    if step.kind == QUEUE:
        return step.name in who.queues
    settles = step.name == MEDIATOR and mediates(who.skills)
    return step.kind == ROLE and (step.name == who.role or settles)


def fold(events: Iterable[Event]) -> Flight:
    """The flight that these events made, in their order. Raises ValueError where there is none."""
    found: Flight | None = None
    for event in events:
        found = applied(found, event)
    if found is None:
        raise ValueError("expected at least the event that opened it")
    return found


def applied(flight: Flight | None, event: Event) -> Flight:
    """The flight after one more event."""
    if flight is None:
        return _opened(event)
    now = replace(flight, version=event.version, changed_ms=event.at_ms)
    data = event.data
    if event.kind == EDITED:
        plan = plan_of(plan_dict(flight.plan) | dict(data["to"]))
        moved = event.at_ms if "steps" in data["to"] else flight.route_ms
        return replace(now, plan=plan, next_step=_next(plan, flight.next_step), route_ms=moved)
    if event.kind == TICKED:
        done = Done(by=event.by, at_ms=event.at_ms, note=data["note"])
        return replace(now, done={**flight.done, data["step"]: done}, route_ms=event.at_ms)
    if event.kind == UNTICKED:
        left = {id_: done for id_, done in flight.done.items() if id_ != data["step"]}
        return replace(now, done=left, route_ms=event.at_ms)
    if event.kind in (ADDED, REMOVED):
        return replace(now, by_hand=flight.by_hand + 1)
    if event.kind == CLOSED:
        closed = {"at_ms": event.at_ms, "by": event.by, **data}
        return replace(now, state=SHUT, closed=closed)
    if event.kind == REOPENED:
        goal = goal_of(data["to"]["goal"]) if "to" in data else flight.plan.goal
        plan = replace(flight.plan, goal=goal)
        return replace(now, state=OPEN, closed={}, begun_ms=event.at_ms, plan=plan)
    raise ValueError(f"no event of a flight is named {event.kind!r}")


def _opened(event: Event) -> Flight:
    plan = plan_of(event.data["plan"])
    return Flight(
        id=event.flight_id,
        version=event.version,
        state=OPEN,
        plan=plan,
        opened_by=event.by,
        opened_ms=event.at_ms,
        begun_ms=event.at_ms,
        route_ms=event.at_ms,
        changed_ms=event.at_ms,
        next_step=_next(plan, 1),
    )


def _next(plan: Plan, at_least: int) -> int:
    return max([at_least, *(step.id + 1 for step in plan.steps)])


def plan_dict(plan: Plan) -> dict[str, Any]:
    """A plan as its events keep it."""
    return asdict(plan)


def goal_of(given: Mapping[str, Any]) -> Goal:
    return Goal(**given)


def plan_of(given: Mapping[str, Any]) -> Plan:
    """The plan of `plan_dict`, also after it went through JSON."""
    return Plan(
        name=given["name"],
        goal=goal_of(given["goal"]),
        say=given["say"],
        labels=tuple(given["labels"]),
        since_ms=given["since_ms"],
        steps=tuple(Step(**step) for step in given["steps"]),
        reps=tuple(given["reps"]),
        queues=tuple(given["queues"]),
    )


def differences(old: Plan, new: Plan) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields in which two plans differ: as they were, and as they are."""
    before, after = plan_dict(old), plan_dict(new)
    changed = [each.name for each in fields(Plan) if before[each.name] != after[each.name]]
    return {name: before[name] for name in changed}, {name: after[name] for name in changed}


def numbered(steps: Sequence[Step], first: int) -> tuple[Step, ...]:
    """Steps of which the new ones, with the id 0, get ids that no step has had."""
    found = []
    for step in steps:
        found.append(step if step.id else replace(step, id=first))
        first += 0 if step.id else 1
    return tuple(found)
