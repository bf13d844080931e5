"""The clock's guard: a jump is seen, a frozen process is no jump, drift is no jump."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.core.clockguard import BACK, FORWARD, GRACE_MS, JUMP_MS, STEADY, ClockGuard

DOOR, OWN = 1_795_000_000_000, 5_000_000


def looked_at_once() -> ClockGuard:
    guard = ClockGuard()
    assert guard.look(DOOR, DOOR, OWN) == STEADY
    return guard


def test_a_jump_forward_freezes_expiries_for_the_grace() -> None:
    guard = looked_at_once()
    door = DOOR + 3_600_000
    assert guard.look(door, door, OWN + 200) == FORWARD
    assert guard.frozen(OWN + 200)
    assert guard.look(door + 200, door + 200, OWN + 400) == STEADY
    assert guard.frozen(OWN + 200 + GRACE_MS - 1)
    assert not guard.frozen(OWN + 200 + GRACE_MS)


def test_a_process_that_was_frozen_sees_both_clocks_move() -> None:
    guard = looked_at_once()
    door = DOOR + 600_000
    assert guard.look(door, door, OWN + 600_000) == STEADY
    assert not guard.frozen(OWN + 600_000)


def test_a_clock_that_went_back_is_seen_at_the_first_look() -> None:
    assert ClockGuard().look(DOOR - JUMP_MS - 1, DOOR, OWN) == BACK


def test_after_the_clock_was_set_anew_its_first_reading_is_no_jump() -> None:
    guard = looked_at_once()
    assert guard.look(DOOR - 3_600_000, DOOR, OWN + 200) == BACK
    guard.forget()
    assert guard.look(DOOR - 3_599_800, DOOR - 3_600_000, OWN + 400) == STEADY


@given(st.lists(st.tuples(st.integers(0, 600_000), st.integers(-JUMP_MS // 2, JUMP_MS // 2))))
def test_two_clocks_that_drift_are_never_a_jump(steps: list[tuple[int, int]]) -> None:
    guard, own, highest = looked_at_once(), OWN, DOOR
    for passed, drift in steps:
        own += passed
        door = DOOR + (own - OWN) + drift
        highest = max(highest, door)
        assert guard.look(door, highest, own) == STEADY
        assert not guard.frozen(own)
