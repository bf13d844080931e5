"""Business calendars: working time over week ends, holidays, zones and daylight saving."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.core.calendar import (
    ALWAYS,
    DAY_MS,
    LONGEST_MS,
    MINUTE_MS,
    Calendar,
    Holiday,
    Period,
    after,
    between,
    is_open,
    opens_ms,
)

HOUR_MS = 60 * MINUTE_MS
BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
# Half an hour of daylight saving, a change at midnight, a fold back into the day before, a zone
# of odd minutes, one that skipped a whole day and one without any change.
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Havana",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "UTC",
)


def hours(*texts: str) -> tuple[Period, ...]:
    """Periods as people write them: 08:00-12:30."""
    found = []
    for text in texts:
        start, end = ([int(part) for part in side.split(":")] for side in text.split("-"))
        found.append(Period(start=start[0] * 60 + start[1], end=end[0] * 60 + end[1]))
    return tuple(found)


def ms(text: str, zone: ZoneInfo | None = None, fold: int = 0) -> int:
    """A moment by the wall of the zone (UTC where none is given)."""
    wall = datetime.fromisoformat(text).replace(tzinfo=zone or UTC, fold=fold)
    return round(wall.timestamp() * 1000)


LUNCH = hours("08:00-12:00", "13:00-17:00")
OFFICE = Calendar(
    name="office",
    zone=BERLIN,
    week=(LUNCH,) * 5 + ((), ()),
    holidays=(Holiday(day=date(2026, 12, 25), name="Christmas Day"),),
)
ROUND_THE_CLOCK = Calendar(name="days", zone=BERLIN, week=(hours("00:00-24:00"),) * 7)
NIGHT = Calendar(name="night", zone=BERLIN, week=(hours("00:00-06:00", "22:00-24:00"),) * 7)
NIGHT_US = Calendar(name="night-us", zone=NEW_YORK, week=(hours("01:30-02:30"),) * 7)


@pytest.mark.parametrize(
    ("start", "worked", "due"),
    [
        ("2026-11-23T08:00", 30, "2026-11-23T08:30"),
        ("2026-11-23T07:00", 30, "2026-11-23T08:30"),  # before the day begins
        ("2026-11-23T11:45", 30, "2026-11-23T13:15"),  # over lunch
        ("2026-11-23T12:30", 30, "2026-11-23T13:30"),  # in the middle of lunch
        ("2026-11-23T16:45", 30, "2026-11-24T08:15"),  # over night
        ("2026-11-20T16:45", 30, "2026-11-23T08:15"),  # Friday to Monday
        ("2026-12-24T16:45", 30, "2026-12-28T08:15"),  # a holiday and a week end
        ("2026-11-23T08:00", 8 * 60, "2026-11-23T17:00"),  # the whole day ends with the day
        ("2026-11-23T08:00", 40 * 60, "2026-11-27T17:00"),  # the whole week with Friday
        ("2026-11-23T08:00", 2000 * 60, "2027-11-08T17:00"),  # 250 days, less one holiday
    ],
)
def test_a_window_runs_while_the_office_is_open(start: str, worked: int, due: str) -> None:
    """A5.1: several periods a day, week ends and holidays."""
    assert after(OFFICE, ms(start, BERLIN), worked * MINUTE_MS) == ms(due, BERLIN)
    assert between(OFFICE, ms(start, BERLIN), ms(due, BERLIN)) == worked * MINUTE_MS


# By hand: in Berlin 02:00 becomes 03:00 on 2026-03-29 (01:00Z), 03:00 becomes 02:00 on
# 2026-10-25 (01:00Z). In New York 02:00 becomes 03:00 on 2026-03-08 (07:00Z), and 02:00 becomes
# 01:00 on 2026-11-01 (06:00Z).
@pytest.mark.parametrize(
    ("calendar", "day", "worked_h"),
    [
        (ROUND_THE_CLOCK, "2026-03-28", 24.0),
        (ROUND_THE_CLOCK, "2026-03-29", 23.0),
        (ROUND_THE_CLOCK, "2026-10-25", 25.0),
        (NIGHT, "2026-03-28", 8.0),
        (NIGHT, "2026-03-29", 7.0),
        (NIGHT, "2026-10-25", 9.0),
        (NIGHT_US, "2026-03-07", 1.0),
        (NIGHT_US, "2026-03-08", 0.5),  # 01:30-02:00, then the wall jumps to 03:00
        (NIGHT_US, "2026-11-01", 1.5),  # 01:30-02:00 twice, and 02:00-02:30
    ],
)
def test_a_skipped_hour_is_not_worked_and_a_repeated_one_is_worked_twice(
    calendar: Calendar, day: str, worked_h: float
) -> None:
    zone = calendar.zone
    assert isinstance(zone, ZoneInfo)
    next_day = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    worked = between(calendar, ms(f"{day}T00:00", zone), ms(f"{next_day}T00:00", zone))
    assert worked / HOUR_MS == worked_h


def test_the_moments_around_a_skipped_and_a_repeated_hour_are_exact() -> None:
    assert after(NIGHT, ms("2026-03-29T00:30Z"), HOUR_MS) == ms("2026-03-29T01:30Z")
    assert after(NIGHT, ms("2026-03-29T01:30", BERLIN), HOUR_MS) == ms("2026-03-29T03:30", BERLIN)
    first, second = (ms("2026-10-25T02:30", BERLIN, fold) for fold in (0, 1))
    assert second - first == HOUR_MS
    assert between(NIGHT, first, second) == HOUR_MS
    assert after(NIGHT, first, HOUR_MS) == second


def test_a_period_inside_the_skipped_hour_is_not_worked_that_day() -> None:
    lost = Calendar(name="lost", zone=BERLIN, week=(hours("02:15-02:45"),) * 7)
    found = after(lost, ms("2026-03-28T12:00", BERLIN), 1)
    assert found == ms("2026-03-30T02:15", BERLIN) + 1


def test_a_holiday_begins_and_ends_by_the_zones_own_midnight() -> None:
    closed = Calendar(
        name="closed",
        zone=NEW_YORK,
        week=(hours("00:00-24:00"),) * 7,
        holidays=(Holiday(day=date(2026, 7, 4), name="Independence Day"),),
    )
    assert is_open(closed, ms("2026-07-04T03:59Z"))
    assert not is_open(closed, ms("2026-07-04T04:00Z"))
    assert not is_open(closed, ms("2026-07-05T03:59Z"))
    assert is_open(closed, ms("2026-07-05T04:00Z"))
    assert opens_ms(closed, ms("2026-07-04T12:00Z")) == ms("2026-07-05T04:00Z")


def test_a_zone_that_skipped_a_day_skipped_its_work() -> None:
    apia = Calendar(name="apia", zone=ZoneInfo("Pacific/Apia"), week=(hours("09:00-17:00"),) * 7)
    thursday = ms("2011-12-29T09:00", ZoneInfo("Pacific/Apia"))
    assert after(apia, thursday, 16 * HOUR_MS) == ms("2011-12-31T17:00", ZoneInfo("Pacific/Apia"))


def test_a_calendar_without_any_working_time_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one day"):
        Calendar(name="never", week=((),) * 7)
    with pytest.raises(ValueError, match="0 or more"):
        after(ALWAYS, 0, -1)


@pytest.mark.parametrize("at_ms", [-62_135_596_800_000, 0, 253_402_300_799_999])
def test_a_date_beyond_reason_has_an_answer_in_reasonable_time(at_ms: int) -> None:
    due = after(OFFICE, at_ms, 8 * HOUR_MS)
    assert between(OFFICE, at_ms, due) == 8 * HOUR_MS
    assert between(OFFICE, at_ms, at_ms + 3 * LONGEST_MS) > 0


@st.composite
def periods(draw: st.DrawFn) -> tuple[Period, ...]:
    """Up to three periods of a day, apart from each other."""
    bounds = sorted(draw(st.sets(st.integers(0, 1440), min_size=0, max_size=6)))
    pairs = zip(bounds[::2], bounds[1::2], strict=False)
    return tuple(Period(start=start, end=end) for start, end in pairs)


# Days around which the zones above change their clocks, or do not exist.
START_DAYS = st.sampled_from(
    (
        "2026-03-06",
        "2026-03-27",
        "2026-10-23",
        "2026-10-30",
        "2011-12-28",
        "2017-10-13",
        "2018-02-16",
    )
)


@st.composite
def calendars(draw: st.DrawFn) -> tuple[Calendar, int]:
    """A calendar, and a day near which something happens to its clocks."""
    day = date.fromisoformat(draw(START_DAYS))
    week = tuple(draw(st.lists(periods(), min_size=7, max_size=7)))
    assume(any(week))
    days = draw(st.sets(st.integers(0, 6), max_size=2))
    free = tuple(Holiday(day=day + timedelta(days=n), name="free") for n in days)
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    return Calendar(name="any", zone=zone, week=week, holidays=free), ms(day.isoformat())


def by_the_wall(calendar: Calendar, at_ms: int) -> bool:
    """The definition itself, one moment at a time: what does the clock on the wall say?"""
    wall = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(calendar.zone)
    if any(holiday.day == wall.date() for holiday in calendar.holidays):
        return False
    minute = wall.hour * 60 + wall.minute
    return any(p.start <= minute < p.end for p in calendar.week[wall.weekday()])


@given(calendars(), st.integers(0, 5 * DAY_MS // MINUTE_MS), st.integers(0, 1500))
def test_working_time_is_what_the_clock_on_the_wall_says(
    found: tuple[Calendar, int], offset: int, minutes: int
) -> None:
    """Against the definition, minute by minute, around changes of the clocks."""
    calendar, day_ms = found
    start = day_ms + offset * MINUTE_MS
    worked = [by_the_wall(calendar, start + n * MINUTE_MS) for n in range(minutes)]
    assert between(calendar, start, start + minutes * MINUTE_MS) == sum(worked) * MINUTE_MS
    assert is_open(calendar, start) == by_the_wall(calendar, start)


moments = st.integers(0, 10 * DAY_MS)


@given(calendars(), moments, st.integers(0, 20 * HOUR_MS))
def test_between_measures_what_after_has_let_go_by(
    found: tuple[Calendar, int], offset: int, worked: int
) -> None:
    calendar, day_ms = found
    start = day_ms + offset
    due = after(calendar, start, worked)
    assert between(calendar, start, due) == worked
    # It is the first such moment: one millisecond before, something is missing still.
    assert worked == 0 or between(calendar, start, due - 1) == worked - 1


@given(calendars(), moments, moments, moments)
def test_working_time_adds_up(found: tuple[Calendar, int], one: int, two: int, three: int) -> None:
    calendar, day_ms = found
    first, second, third = sorted(day_ms + n for n in (one, two, three))
    parts = between(calendar, first, second) + between(calendar, second, third)
    assert parts == between(calendar, first, third)
    assert between(calendar, third, first) == 0


@given(calendars(), moments, st.integers(0, 20 * HOUR_MS), st.integers(0, 20 * HOUR_MS))
def test_a_window_in_two_steps_ends_where_one_step_ends(
    found: tuple[Calendar, int], offset: int, one: int, two: int
) -> None:
    calendar, day_ms = found
    start = day_ms + offset
    assert after(calendar, after(calendar, start, one), two) == after(calendar, start, one + two)


@given(calendars(), moments, moments, st.integers(0, 20 * HOUR_MS), st.integers(0, 20 * HOUR_MS))
def test_who_starts_later_or_has_more_to_wait_is_never_due_earlier(
    found: tuple[Calendar, int], one: int, two: int, less: int, more: int
) -> None:
    calendar, day_ms = found
    early, late = sorted((day_ms + one, day_ms + two))
    short, long = sorted((less, more))
    assert after(calendar, early, long) <= after(calendar, late, long)
    assert after(calendar, early, short) <= after(calendar, early, long)


@given(st.integers(-DAY_MS, 10**13), st.integers(0, LONGEST_MS))
def test_a_calendar_that_is_always_open_is_the_clock(start: int, worked: int) -> None:
    assert after(ALWAYS, start, worked) == start + worked
    assert between(ALWAYS, start, start + worked) == worked
    assert is_open(ALWAYS, start)
    assert opens_ms(ALWAYS, start) == start
