"""What people do to a flight: each move is an event, or is refused with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from app.core.errors import Conflict
from app.core.flight import (
    ADDED,
    CLOSED,
    EDITED,
    OPEN,
    OPENED,
    REMOVED,
    REOPENED,
    TICKED,
    UNTICKED,
    Event,
    Flight,
    Goal,
    Plan,
    Who,
    differences,
    numbered,
    plan_dict,
)
from app.core.flight_goal import Counts, due_ms

MOST_BY_HAND: Final = 500  # tasks that people add to one flight or take out of it
MOST_EVENTS: Final = 5_000  # of one flight; who comes near has a process, not a situation


def opened(flight_id: str, plan: Plan, who: Who) -> Event:
    """The first event of a flight. Raises Conflict where a step names one that there is not."""
    if known := [step.id for step in plan.steps if step.id]:
        said = f"A new flight has no step {min(known)} yet: leave the ids of its steps out"
        raise Conflict("unknown_step", said)
    made = replace(plan, steps=numbered(plan.steps, 1), since_ms=plan.since_ms or who.at_ms)
    return Event(
        flight_id=flight_id,
        version=1,
        kind=OPENED,
        at_ms=who.at_ms,
        by=who.name,
        role=who.role,
        data={"plan": plan_dict(made)},
    )


def edited(flight: Flight, plan: Plan, who: Who) -> Event | None:
    """Another plan; None where it is the same. Raises Conflict.

    A step that is done stays as it was: what somebody did is not taken away by an edit.
    """
    _refuse_closed(flight)
    known = {step.id: step for step in flight.plan.steps}
    given = {step.id: step for step in plan.steps if step.id}
    if unknown := given.keys() - known.keys():
        raise Conflict("unknown_step", f"No step of this flight has the id {min(unknown)}")
    for id_, done in flight.done.items():
        if given.get(id_) != known[id_]:
            said = f"Step {id_} was done by {done.by} and stays as it was: take its tick back first"
            raise Conflict("step_done", said)
    new = replace(
        plan,
        steps=numbered(plan.steps, flight.next_step),
        since_ms=plan.since_ms or flight.plan.since_ms,
    )
    before, after = differences(flight.plan, new)
    if not after:
        return None
    return _event(flight, EDITED, who, {"from": before, "to": after})


def ticked(flight: Flight, step_id: int, who: Who, note: str = "") -> Event | None:
    """A step is done; None where the same person has ticked it before. Raises Conflict."""
    _refuse_closed(flight)
    what = _step(flight, step_id)
    done = flight.done.get(step_id)
    if done and done.by == who.name:
        return None
    if done:
        raise Conflict("already_done", f"{done.by} has ticked this step already")
    return _event(flight, TICKED, who, {"step": step_id, "what": what, "note": note})


def unticked(flight: Flight, step_id: int, who: Who, reason: str) -> Event | None:
    """A tick is taken back; None where there is none. Raises Conflict."""
    _refuse_closed(flight)
    what, done = _step(flight, step_id), flight.done.get(step_id)
    if done is None:
        return None
    was = {"by": done.by, "at_ms": done.at_ms, "note": done.note}
    data = {"step": step_id, "what": what, "was": was, "reason": reason}
    return _event(flight, UNTICKED, who, data)


def added(flight: Flight, mention_id: str, task_id: str, who: Who) -> Event:
    """A task belongs by hand. Raises Conflict."""
    data = {"mention_id": mention_id, "task_id": task_id}
    return _by_hand(flight, ADDED, who, data)


def removed(flight: Flight, found: Mapping[str, str], who: Who, reason: str) -> Event:
    """A task belongs no longer, whatever its labels say. `found` names task and mention.

    Raises Conflict.
    """
    return _by_hand(flight, REMOVED, who, {**found, "reason": reason})


def closed(flight: Flight, how: str, who: Who, reason: str, outcome: Mapping[str, Any]) -> Event:
    """It is over, with its outcome. Raises Conflict."""
    data = {"how": how, "reason": reason, "outcome": outcome}
    return _event(flight, CLOSED, who, data)


def reopened(flight: Flight, counts: Counts, who: Who, reason: str, goal: Goal | None) -> Event:
    """It goes on, with another goal where one is given. Raises Conflict.

    A flight whose goal is reached already would close at once.
    """
    if flight.state == OPEN:
        raise Conflict("not_closed", "This flight is open")
    data: dict[str, Any] = {"reason": reason}
    plan = replace(flight.plan, goal=goal or flight.plan.goal)
    if plan != flight.plan:
        before, after = differences(flight.plan, plan)
        data |= {"from": before, "to": after}
    then = replace(flight, plan=plan, begun_ms=who.at_ms, state=OPEN)
    if 0 < due_ms(then, counts) <= who.at_ms:
        raise Conflict("already_reached", "Its goal is reached already: give it another one")
    return _made(flight, REOPENED, who, data)


def _step(flight: Flight, step_id: int) -> str:
    """What the step says. Raises Conflict."""
    for step in flight.plan.steps:
        if step.id == step_id:
            return step.what
    raise Conflict("unknown_step", f"No step of this flight has the id {step_id}")


def _by_hand(flight: Flight, kind: str, who: Who, data: Mapping[str, Any]) -> Event:
    if flight.by_hand >= MOST_BY_HAND:
        said = f"Expected at most {MOST_BY_HAND} tasks added or taken out by hand: use a label"
        raise Conflict("too_many_by_hand", said)
    return _event(flight, kind, who, data)


def _event(flight: Flight, kind: str, who: Who, data: Mapping[str, Any]) -> Event:
    """The next event of an open flight."""
    _refuse_closed(flight)
    return _made(flight, kind, who, data)


def _refuse_closed(flight: Flight) -> None:
    if flight.state != OPEN:
        raise Conflict("flight_closed", "This flight is closed: reopen it first")


def _made(flight: Flight, kind: str, who: Who, data: Mapping[str, Any]) -> Event:
    if flight.version >= MOST_EVENTS and kind != CLOSED:
        raise Conflict("too_many_changes", f"Expected at most {MOST_EVENTS} changes of a flight")
    return Event(
        flight_id=flight.id,
        version=flight.version + 1,
        kind=kind,
        at_ms=who.at_ms,
        by=who.name,
        role=who.role,
        data=data,
    )
