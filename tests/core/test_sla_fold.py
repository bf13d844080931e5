"""SLA as a fold: agrees with what was told, in one go or in steps, under any policy afterwards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.policy import Policy, Slas
from app.core.sla_facts import NEVER, history
from app.core.sla_fold import (
    BREACHED,
    HALFWAY,
    MET,
    PAUSED,
    STOPPED,
    Clock,
    Clocks,
    clocks,
    fold,
    reading,
    reclock,
)
from tests.builders import NOON_MS
from tests.core.sla_history import Action, SmallDoor, actions
from tests.core.test_calendar import OFFICE, calendars

WINDOW_MS, RESOLUTION_MS = 4_000, 9_000
windows_s = st.integers(1, 20).map(float)


def slas(window_s: float = WINDOW_MS / 1000, resolution_s: float = RESOLUTION_MS / 1000) -> Slas:
    policy = Policy(name="standard", first_response_s=window_s, resolution_s=resolution_s)
    return Slas(policies=(policy,), version="v1")


def told(todo: list[Action], **given_: Any) -> SmallDoor:
    return SmallDoor(window_ms=WINDOW_MS, resolution_ms=RESOLUTION_MS, **given_).run(todo)


def folded(facts: list[dict[str, Any]], by: Slas | None = None) -> Clocks:
    found = fold(facts, by or slas(), 0.8)
    assert found
    return found


def resolution_of(found: Clocks) -> Clock:
    assert found.resolution
    return found.resolution


@given(actions)
def test_the_fold_agrees_with_what_the_door_has_told(todo: list[Action]) -> None:
    """Under the policy with which the door ran, facts and fold say the same of both clocks."""
    door = told(todo)
    found, now = folded(door.facts), door.now_ms
    response = reading(found.response, now).state
    assert (response == BREACHED) == (door.sla == BREACHED)
    assert (response == MET) == (door.sla == MET)
    resolved = reading(resolution_of(found), now).state
    assert (resolved == BREACHED) == (door.resolution == BREACHED)
    assert (resolved == MET) == (door.resolution == MET)
    if resolved not in (BREACHED, MET, STOPPED):
        assert resolution_of(found).due_ms == door.resolution_due_ms


@given(actions, st.integers(0, 30))
def test_a_fold_in_steps_is_the_fold_in_one_go(todo: list[Action], cut: int) -> None:
    facts = told(todo).facts
    assert history(facts[cut:], history(facts[:cut])) == history(facts)


@given(actions, windows_s, windows_s)
def test_a_changed_policy_is_as_if_it_had_been_there_from_the_start(
    todo: list[Action], window_s: float, resolution_s: float
) -> None:
    """No pause and no answer made under the old policy is lost."""
    new = slas(window_s, resolution_s)
    there = SmallDoor(window_ms=round(window_s * 1000), resolution_ms=round(resolution_s * 1000))
    as_if = folded(there.run(todo).facts, new)
    assert folded(told(todo).facts, new) == as_if
    # And back again: nothing of the change stays behind.
    assert folded(there.facts, slas()) == folded(told(todo).facts)


@given(actions)
def test_an_edit_and_a_transfer_move_no_clock(todo: list[Action]) -> None:
    facts = told(todo).facts
    without = [fact for fact in facts if fact["op"] not in ("edited", "transferred")]
    assert folded(without) == folded(facts)


@given(calendars(), actions, st.integers(1, 20_000))
def test_at_its_due_time_a_clock_has_used_its_window_exactly(
    found: tuple[Any, int], todo: list[Action], seconds: int
) -> None:
    """In any calendar, however often it was paused; one millisecond before, it has not."""
    calendar, day_ms = found
    facts = SmallDoor(window_ms=1, resolution_ms=0, now_ms=day_ms).run(todo, day_ms).facts
    policy = Policy(
        name="standard", calendar=calendar, first_response_s=60.0, resolution_s=float(seconds)
    )
    clock = replace(resolution_of(folded(facts, Slas(policies=(policy,)))), stopped_ms=0)
    if clock.due_ms:
        assert reading(clock, clock.due_ms).used_ms == clock.window_ms
        assert reading(clock, clock.due_ms - 1).used_ms == clock.window_ms - 1
        assert clock.half_ms <= clock.at_risk_ms <= clock.due_ms
    else:
        assert clock.pauses[-1][1] == NEVER


@given(actions, windows_s, windows_s)
def test_what_the_door_is_given_is_what_the_fold_says(
    todo: list[Action], window_s: float, resolution_s: float
) -> None:
    door, new = told(todo), slas(window_s, resolution_s)
    given_, found = reclock(history(door.facts), new, 0.8), folded(door.facts, new)
    if door.state in ("completed", "cancelled"):
        assert given_ is None
        return
    assert given_
    times = (given_.half_ms, given_.at_risk_ms, given_.due_ms)
    response, resolution = found.response, resolution_of(found)
    assert times == (response.half_ms, response.at_risk_ms, response.due_ms)
    assert given_.policy == "standard@v1-0.8"
    if door.resolution == BREACHED:
        assert (given_.resolution_due_ms, given_.resolution_left_ms) == (0, 0)
    else:
        assert given_.resolution_due_ms == resolution.due_ms
        assert (given_.resolution_left_ms > 0) == (resolution.due_ms == 0)
    escalated = any(fact["op"] == "escalated" for fact in door.facts)
    assert (given_.order_ms == NOON_MS) == escalated


def test_a_paused_resolution_says_what_is_left_of_it() -> None:
    """Asked after 2 s of 9 s: whenever the customer answers, 7 s are left."""
    door = told([(1_000, "accept"), (1_000, "ask"), (3_000, "edit")])
    found = folded(door.facts)
    now_ms = NOON_MS + 5_000
    assert reading(resolution_of(found), now_ms).state == PAUSED
    assert reading(resolution_of(found), now_ms).used_ms == 2_000
    given_ = reclock(history(door.facts), slas(), 0.8)
    assert given_
    assert (given_.resolution_due_ms, given_.resolution_left_ms) == (0, 7_000)
    # Parking for any other reason stops nothing, and the response clock is never paused.
    assert resolution_of(folded(told([(1_000, "park")]).facts)).due_ms == NOON_MS + RESOLUTION_MS
    assert reading(found.response, now_ms).state == BREACHED


def test_a_pause_that_begins_when_all_is_over_saves_nothing() -> None:
    """Asked in the very millisecond in which the window has ended: it is breached."""
    door = told([(0, "accept"), (RESOLUTION_MS, "ask"), (5_000, "resume")])
    assert resolution_of(folded(door.facts)).due_ms == NOON_MS + RESOLUTION_MS
    # What has been told stays told: the door is not made to tell it twice.
    longer = reclock(history(door.facts), slas(4.0, 60.0), 0.8)
    assert longer
    assert (longer.resolution_due_ms, longer.resolution_left_ms) == (0, 0)


def test_who_was_escalated_keeps_waiting_before_everybody_else() -> None:
    given_ = reclock(history(told([(5_000, "edit")]).facts), slas(60.0), 0.8)
    assert given_
    assert (given_.order_ms, given_.due_ms) == (NOON_MS, NOON_MS + 60_000)
    fresh = reclock(history(told([]).facts), slas(60.0), 0.8)
    assert fresh
    assert fresh.order_ms == NOON_MS + 60_000 * 0.6  # priority 40


def test_a_clock_can_be_read_at_any_time_of_its_past() -> None:
    clock = resolution_of(folded(told([(2_000, "ask"), (3_000, "resume"), (0, "edit")]).facts))
    used = [reading(clock, NOON_MS + at).used_ms for at in (1_000, 2_000, 4_000, 5_000, 6_000)]
    assert used == [1_000, 2_000, 2_000, 2_000, 3_000]


def test_a_pause_over_closed_hours_costs_only_the_working_time_in_it() -> None:
    """Asked on Friday at 16:30, resumed on Monday at 08:30: one hour of office time is paused."""
    friday, monday = 1_795_188_600_000, 1_795_419_000_000  # 2026-11-20 16:30, 11-23 08:30 CET
    todo = [(0, "accept"), (0, "ask"), (monday - friday, "resume")]
    door = SmallDoor(window_ms=60_000, resolution_ms=0, now_ms=friday).run(todo, friday)
    policy = Policy(name="standard", calendar=OFFICE, resolution_s=7200, first_response_s=60)
    clock = resolution_of(folded(door.facts, Slas(policies=(policy,))))
    assert clock.due_ms == monday + 2 * 3_600_000
    assert clock.paused_ms == monday - friday


@pytest.mark.parametrize(
    ("todo", "state", "why"),
    [
        ([(0, "accept"), (3_999, "reply")], MET, "replied"),
        ([(0, "accept"), (4_000, "reply")], BREACHED, "replied"),
        ([(0, "accept"), (10, "complete")], MET, "no_answer_needed"),
        ([(10, "cancel")], STOPPED, "cancelled"),
        ([(4_000, "cancel")], BREACHED, "cancelled"),
        ([(0, "accept"), (10, "transfer"), (0, "accept"), (10, "reply")], MET, "replied"),
    ],
    ids=["in time", "at the deadline", "no answer needed", "cancelled", "too late", "handed on"],
)
def test_what_ends_the_response_clock_and_how(todo: list[Action], state: str, why: str) -> None:
    """A5.1: an answer at the deadline is late; "no answer needed" stops the clock."""
    found = folded(told(todo).facts)
    assert (reading(found.response, NOON_MS + 10**9).state, found.response.why) == (state, why)


def test_a_longer_window_takes_a_breach_back_in_the_figures() -> None:
    door = told([(0, "accept"), (5_000, "reply")])
    assert reading(folded(door.facts).response, door.now_ms).state == BREACHED
    assert reading(folded(door.facts, slas(6.0)).response, door.now_ms).state == MET


def test_delays_before_us_and_in_us_are_told_apart() -> None:
    """The customer wrote at 11:06:00, we detected it at 11:06:40 and queued it 3 s later."""
    door = told([], now_ms=NOON_MS + 3_000)
    found = folded(door.facts)
    assert (found.intake_ms, found.pipeline_ms) == (40_000, 3_000)
    assert found.response.started_ms == NOON_MS


def test_a_tier_that_is_a_fact_chooses_the_policy_again() -> None:
    facts = told([], tier="gold").facts
    gold = Policy(name="gold", tiers=("gold",), first_response_s=1.0)
    found = folded(facts, Slas(policies=(Policy(name="standard"), gold)))
    assert (found.policy.name, found.response.window_ms) == ("gold", 1_000)
    assert found.resolution is None


def test_todays_window_of_queue_and_rule_counts_and_a_gone_one_as_it_was() -> None:
    facts = told([]).facts
    standard = (Policy(name="standard"),)
    assert folded(facts, Slas(policies=standard)).response.window_ms == WINDOW_MS
    queues = Slas(policies=standard, queue_windows={"service": 7.0})
    assert folded(facts, queues).response.window_ms == 7_000
    rules = replace(queues, rule_windows={"complaint": 3.0})
    assert folded(facts, rules).response.window_ms == 3_000


def test_todays_window_is_that_of_the_rule_that_gave_it_and_not_of_the_queues() -> None:
    """A4.3: a preference gives the window, and a row the queue."""
    facts = told([]).facts
    decided = next(fact for fact in facts if fact["op"] == "decided")
    decided["data"]["decision"]["by"] = {"queue": "complaint", "window": "kims-wish"}
    windows = {"complaint": 3.0, "kims-wish": 2.0}
    by = Slas(policies=(Policy(name="standard"),), rule_windows=windows)
    assert folded(facts, by).response.window_ms == 2_000


def test_the_steps_of_a_clock_come_at_half_and_at_the_share() -> None:
    clock = folded(told([]).facts).response
    states = [reading(clock, NOON_MS + at).state for at in (1_999, 2_000, 3_199, 3_200, 4_000)]
    assert states == ["ok", HALFWAY, HALFWAY, "at_risk", BREACHED]
    assert reading(clock, NOON_MS + 3_000).share == 0.75


def test_without_a_task_there_is_no_clock() -> None:
    assert fold(told([]).facts[:3], slas(), 0.8) is None
    assert clocks(history([]), slas(), 0.8) is None
