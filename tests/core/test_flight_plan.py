"""What is wrong with the plan of a flight, and that it is said with a guess."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.flight import QUIET, ROUTE, TIME, Goal, Step
from app.core.flight_plan import LONGEST_AHEAD_MS, LONGEST_BACK_MS, Known, Wrong, problems
from tests.builders import NOON_MS
from tests.core.flights_house import plan

KNOWN = Known(reps=("ann", "bob"), queues=("service", "billing"), labels=("storm", "refund"))


def wrong(**given: Any) -> list[Wrong]:
    return list(problems(plan(**given), KNOWN, NOON_MS))


def test_a_good_plan_has_no_problem() -> None:
    assert wrong() == []
    assert wrong(labels=(), since_ms=NOON_MS - LONGEST_BACK_MS) == []


@pytest.mark.parametrize(
    ("given", "field", "guess"),
    [
        ({"labels": ("strom",)}, "labels", "did you mean 'storm'"),
        ({"reps": ("anna",)}, "group.reps", "did you mean 'ann'"),
        ({"queues": ("servce",)}, "group.queues", "did you mean 'service'"),
        ({"queues": ("zzz",)}, "group.queues", "billing or service"),
        (
            {"steps": (Step(id=0, what="x", kind="queue", name="biling"),)},
            "steps.0.who",
            "did you mean 'billing'",
        ),
        (
            {"steps": (Step(id=0, what="x", kind="role", name="mediater"),)},
            "steps.0.who",
            "did you mean 'mediator'",
        ),
        ({"steps": (Step(id=0, what="x", kind="rep", name="eve"),)}, "steps.0.who", "ann or bob"),
        ({"labels": ("storm", "storm")}, "labels", "each name once"),
        ({"steps": (Step(id=1, what="x"), Step(id=1, what="y"))}, "steps.0.id", "each id once"),
        ({"reps": (), "queues": ()}, "group", "at least one agent or queue"),
        ({"since_ms": NOON_MS + 1}, "since", "last 7 days"),
        ({"since_ms": NOON_MS - LONGEST_BACK_MS - 1}, "since", "last 7 days"),
    ],
)
def test_a_name_that_nobody_knows_is_told_with_a_guess(
    given: dict[str, Any], field: str, guess: str
) -> None:
    first = wrong(**given)[0]
    assert first.field == field
    assert guess in first.expected


@pytest.mark.parametrize(
    ("goal", "field"),
    [
        (Goal(words="x", kind=QUIET, minutes=0), "goal.minutes"),
        (Goal(words="x", kind=QUIET, minutes=10_081), "goal.minutes"),
        (Goal(words="x", kind=TIME, until_ms=NOON_MS), "goal.until"),
        (Goal(words="x", kind=TIME, until_ms=NOON_MS + LONGEST_AHEAD_MS + 1), "goal.until"),
    ],
)
def test_a_goal_that_can_never_be_reached_or_has_been_is_refused(goal: Goal, field: str) -> None:
    assert [found.field for found in wrong(goal=goal)] == [field]


def test_all_steps_of_no_route_are_never_done() -> None:
    goal = Goal(words="x", kind=ROUTE)
    assert [found.field for found in wrong(goal=goal, steps=())] == ["goal.kind"]
    assert wrong(goal=goal) == []


def test_a_start_that_it_had_may_stay_however_old_it_is() -> None:
    old = NOON_MS - 3 * LONGEST_BACK_MS
    assert list(problems(plan(since_ms=old), KNOWN, NOON_MS, kept_since_ms=old)) == []
