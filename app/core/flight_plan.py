"""What is wrong with a plan: names that nobody knows, goals that are never reached."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from app.core.catalogue import ROLES
from app.core.condition_limits import meant
from app.core.flight import QUEUE, QUIET, REP, ROLE, ROUTE, TIME, Goal, Plan, Step
from app.core.skills import MEDIATOR

MOST_STEPS: Final = 30
MOST_LABELS: Final = 20
MOST_NAMES: Final = 100  # reps, or queues, of one group
LONGEST_QUIET: Final = 10_080  # minutes: a week
LONGEST_BACK_MS: Final = 7 * 24 * 3_600_000
LONGEST_AHEAD_MS: Final = 365 * 24 * 3_600_000

_SHOWN = 12  # names that a refusal lists


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The names that there are; labels that the live rules set, or that were recorded."""

    reps: Collection[str]
    queues: Collection[str]
    labels: Collection[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """One field is not what it must be."""

    field: str
    expected: str
    got: str


def problems(plan: Plan, known: Known, now_ms: int, kept_since_ms: int = 0) -> Iterator[Wrong]:
    """Everything that is wrong with a plan; `kept_since_ms` is a start that it had before."""
    yield from _start(plan, known, now_ms, kept_since_ms)
    yield from goal_problems(plan.goal, plan.steps, now_ms)
    yield from _route(plan.steps, known)
    if not plan.reps and not plan.queues:
        yield Wrong(field="group", expected="at least one agent or queue", got="nobody")
    yield from _names("group.reps", "an agent", plan.reps, known.reps)
    yield from _names("group.queues", "a queue", plan.queues, known.queues)


def goal_problems(goal: Goal, steps: Sequence[Step], now_ms: int) -> Iterator[Wrong]:
    """A goal that can never be reached, or has been, is none."""
    if goal.kind == QUIET and not 1 <= goal.minutes <= LONGEST_QUIET:
        expected = f"a whole number of minutes from 1 to {LONGEST_QUIET}"
        yield Wrong(field="goal.minutes", expected=expected, got=str(goal.minutes))
    if goal.kind == ROUTE and not steps:
        expected = "another measure, or a route: without a step it is never reached"
        yield Wrong(field="goal.kind", expected=expected, got="no step")
    if goal.kind == TIME and not now_ms < goal.until_ms <= now_ms + LONGEST_AHEAD_MS:
        expected = "a moment of the next 365 days"
        yield Wrong(field="goal.until", expected=expected, got="a moment outside of them")


def _start(plan: Plan, known: Known, now_ms: int, kept_ms: int) -> Iterator[Wrong]:
    said = "a label that a live rule sets, or one that was recorded"
    yield from _names("labels", said, plan.labels, known.labels)
    since = plan.since_ms
    if since and since != kept_ms and not now_ms - LONGEST_BACK_MS <= since <= now_ms:
        expected = "a moment of the last 7 days, or nothing for now"
        yield Wrong(field="since", expected=expected, got="a moment outside of them")


def _route(steps: Sequence[Step], known: Known) -> Iterator[Wrong]:
    given = [step.id for step in steps if step.id]
    for at, step in enumerate(steps):
        if step.id and given.count(step.id) > 1:
            yield Wrong(field=f"steps.{at}.id", expected="each id once", got=str(step.id))
        names = {REP: known.reps, QUEUE: known.queues, ROLE: (*ROLES, MEDIATOR)}
        if step.kind:
            field, words = f"steps.{at}.who", {REP: "an agent", QUEUE: "a queue", ROLE: "a role"}
            yield from _names(field, words[step.kind], [step.name], names[step.kind])


def _names(
    field: str, expected: str, given: Sequence[str], known: Collection[str]
) -> Iterator[Wrong]:
    for name in given:
        if name in known:
            continue
        some = sorted(known)
        listed = f": {' or '.join(some)}" if 0 < len(some) <= _SHOWN else ""
        yield Wrong(field=field, expected=f"{expected}{meant(name, some) or listed}", got=name)
    for name in dict.fromkeys(name for name in given if list(given).count(name) > 1):
        yield Wrong(field=field, expected="each name once", got=name)
