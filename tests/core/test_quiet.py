"""Quiet hours are those of the clock on the wall where somebody is, also where it is moved."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.quiet import Quiet, quiet_until

BERLIN, NEW_YORK, CHATHAM = (
    ZoneInfo("Europe/Berlin"),
    ZoneInfo("America/New_York"),
    ZoneInfo("Pacific/Chatham"),
)
NIGHT = Quiet(start=21 * 60, end=8 * 60)
HOUR_MS = 3_600_000


def at(text: str, zone: tzinfo = UTC, fold: int = 0) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp() * 1000)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-07-01 20:59", ""),
        ("2026-07-01 21:00", "2026-07-02 08:00"),
        ("2026-07-01 23:59", "2026-07-02 08:00"),
        ("2026-07-02 00:00", "2026-07-02 08:00"),
        ("2026-07-02 07:59", "2026-07-02 08:00"),
        ("2026-07-02 08:00", ""),
        ("2026-12-31 22:00", "2027-01-01 08:00"),
    ],
)
def test_the_night_ends_in_the_morning(now: str, until: str) -> None:
    expected = at(until, BERLIN) if until else 0
    assert quiet_until(NIGHT, BERLIN, at(now, BERLIN)) == expected


def test_it_is_night_where_the_customer_is() -> None:
    """A2.11: the timing of the response follows the customer."""
    now = at("2026-07-01 09:00", BERLIN)  # 03:00 in New York
    assert quiet_until(NIGHT, BERLIN, now) == 0
    assert quiet_until(NIGHT, NEW_YORK, now) == at("2026-07-01 08:00", NEW_YORK)


def test_quiet_hours_within_a_day() -> None:
    noon = Quiet(start=12 * 60, end=14 * 60)
    assert quiet_until(noon, BERLIN, at("2026-07-01 11:59", BERLIN)) == 0
    assert quiet_until(noon, BERLIN, at("2026-07-01 12:00", BERLIN)) == at(
        "2026-07-01 14:00", BERLIN
    )


def test_the_night_in_which_the_clock_goes_forward_is_an_hour_shorter() -> None:
    begins = at("2026-03-28 21:00", BERLIN)
    assert quiet_until(NIGHT, BERLIN, begins) - begins == 10 * HOUR_MS


def test_the_night_in_which_the_clock_goes_back_is_an_hour_longer() -> None:
    begins = at("2026-10-24 21:00", BERLIN)
    assert quiet_until(NIGHT, BERLIN, begins) - begins == 12 * HOUR_MS


def test_an_end_that_the_clock_skips_comes_after_it() -> None:
    until_half_past_two = Quiet(start=22 * 60, end=150)
    end = quiet_until(until_half_past_two, BERLIN, at("2026-03-28 23:00", BERLIN))
    assert at("2026-03-29 03:00", BERLIN) <= end <= at("2026-03-29 04:00", BERLIN)


def test_an_end_that_the_clock_shows_twice_holds_each_time() -> None:
    until_half_past_two = Quiet(start=22 * 60, end=150)
    again = at("2026-10-25 02:10", BERLIN, fold=1)
    end = quiet_until(until_half_past_two, BERLIN, again)
    assert end == at("2026-10-25 02:30", BERLIN, fold=1)


def test_without_quiet_hours_nobody_waits() -> None:
    assert quiet_until(None, BERLIN, at("2026-07-01 03:00", BERLIN)) == 0


def test_quiet_hours_have_two_ends() -> None:
    with pytest.raises(ValueError, match="different times"):
        Quiet(start=60, end=60)


minutes = st.integers(0, 24 * 60 - 1)


@given(
    start=minutes,
    end=minutes,
    now_ms=st.integers(at("2026-01-01 00:00"), at("2028-01-01 00:00")),
    zone=st.sampled_from([BERLIN, NEW_YORK, CHATHAM, UTC]),
)
def test_whoever_waits_until_then_disturbs_nobody_and_waits_not_a_day_too_long(
    start: int, end: int, now_ms: int, zone: tzinfo
) -> None:
    if start == end:
        return
    quiet = Quiet(start=start, end=end)
    until = quiet_until(quiet, zone, now_ms)
    wall = datetime.fromtimestamp(now_ms / 1000, zone)
    assert bool(until) == quiet.holds(wall)
    if until:
        assert now_ms < until <= now_ms + 26 * HOUR_MS
        assert quiet_until(quiet, zone, until) == 0
