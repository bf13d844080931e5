"""Deadlines and the order of work: pressing first, and nobody waits for ever."""

from __future__ import annotations

import math
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import duration, sla
from app.core.queueing import order_ms, task_id_of
from app.core.sla import Deadlines
from tests.builders import NOON, NOON_MS

windows_s = st.floats(1.0, 7 * 86_400.0)
priorities = st.integers(0, 100)


def times(detected_ms: int, window_s: float) -> Deadlines:
    return sla.deadlines(datetime.fromtimestamp(detected_ms / 1000, UTC), window_s, 0.8)


def test_a_mention_is_due_one_window_after_its_detection() -> None:
    """A5.1: respond within 30 minutes of the issue being identified."""
    found = sla.deadlines(NOON, 1800, 0.8)
    assert (found.detected_ms, found.due_ms - NOON_MS) == (NOON_MS, 1_800_000)


def test_a_task_is_at_risk_at_the_given_share_of_its_window() -> None:
    assert sla.deadlines(NOON, 1800, 0.8).at_risk_ms - NOON_MS == 1_440_000


def test_a_deadline_does_not_depend_on_the_zone_in_which_a_time_was_written() -> None:
    there = NOON.astimezone(timezone(timedelta(hours=5, minutes=45)))
    assert sla.deadlines(there, 60, 0.8) == sla.deadlines(NOON, 60, 0.8)


def test_a_late_mention_may_be_due_before_it_was_taken_in() -> None:
    assert sla.deadlines(NOON - timedelta(hours=2), 1800, 0.8).due_ms < NOON_MS


@given(windows_s, priorities)
def test_the_order_key_lies_between_detection_and_due_time(window_s: float, priority: int) -> None:
    found = times(NOON_MS, window_s)
    assert found.detected_ms <= order_ms(found, priority) <= found.due_ms


@given(windows_s, priorities, priorities)
def test_a_higher_priority_never_waits_longer(window_s: float, one: int, other: int) -> None:
    found = times(NOON_MS, window_s)
    low, high = sorted((one, other))
    assert order_ms(found, high) <= order_ms(found, low)


@given(windows_s, priorities, windows_s, priorities, st.integers(1, 10**9))
def test_nothing_detected_after_a_task_fell_due_comes_before_it(
    window_s: float, priority: int, other_s: float, other: int, later_ms: int
) -> None:
    """The bound on waiting: no stream of urgent work can starve an old task for ever."""
    old = times(NOON_MS, window_s)
    new = times(old.due_ms + later_ms, other_s)
    assert order_ms(old, priority) < order_ms(new, other)


@pytest.mark.parametrize(("given_", "same_as"), [(-5, 0), (101, 100), (10**6, 100)])
def test_a_priority_out_of_range_counts_as_the_nearest(given_: int, same_as: int) -> None:
    found = times(NOON_MS, 1800)
    assert order_ms(found, given_) == order_ms(found, same_as)


def test_a_mention_has_one_task_id_for_ever() -> None:
    assert task_id_of("m1") == task_id_of("m1") != task_id_of("m2")
    assert uuid.UUID(task_id_of("m1")).version == 5


@pytest.mark.parametrize(
    ("text", "expected_s"),
    [("90s", 90), ("30m", 1800), ("4h", 14_400), ("2d", 172_800), ("1h 30m", 5400), ("1.5m", 90)],
)
def test_a_duration_reads_as_people_write_it(text: str, expected_s: float) -> None:
    assert duration.seconds(text) == expected_s


@pytest.mark.parametrize(
    "text", ["", "30", "m", "30 minutes", "-5m", "0s", "0h 0m", "1h,30m", "5mm"]
)
def test_what_is_no_duration_is_refused_with_the_text_in_the_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="expected a duration") as refused:
        duration.seconds(text)
    assert repr(text) in str(refused.value)


@given(st.text(max_size=20))
def test_a_duration_is_positive_and_finite_or_refused(text: str) -> None:
    try:
        found = duration.seconds(text)
    except ValueError:
        return
    assert 0 < found < math.inf
