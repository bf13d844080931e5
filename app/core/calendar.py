"""Business calendars: when a clock runs. Pure: the zone's rules are given, nothing is read here.

A moment is working time when the clock on the wall of the calendar's zone stands in a period of
that day and the day is no holiday. Everything about daylight saving follows from this sentence:
an hour that a zone skips is not worked, an hour that it repeats is worked twice.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo

DAY_MS = 86_400_000
MINUTE_MS = 60_000
# Longer spans count their last ten years only: nobody's clock ran that long, a broken date did.
LONGEST_MS = 3_660 * DAY_MS
_THURSDAY = 3  # 1970-01-01
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_KEPT_DAYS = 4096  # days worked out already; they are few, because open tasks are recent

Span = tuple[int, int]  # from, to (not included), ms since the epoch


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From and to in minutes of the day on the wall; 1440 is the midnight that ends it."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Holiday:
    """A whole day without working time."""

    day: date
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Working time. `week` has the periods of Monday to Sunday; an `always` one has none."""

    name: str
    zone: tzinfo = UTC
    week: tuple[tuple[Period, ...], ...] = ()
    holidays: tuple[Holiday, ...] = ()
    always: bool = False
    _days: dict[int, tuple[Span, ...]] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not self.always and not any(self.week):
            raise ValueError("expected a period on at least one day, or always = true")


ALWAYS = Calendar(name="always", always=True)


def after(calendar: Calendar, start_ms: int, working_ms: int) -> int:
    """The first moment at which so much working time has gone by since the start."""
    if working_ms < 0:
        raise ValueError(f"expected working time of 0 or more, got {working_ms} ms")
    if calendar.always or working_ms == 0:
        return start_ms + working_ms
    left = working_ms
    for span_from, span_to in _spans_since(calendar, start_ms):
        begin = max(span_from, start_ms)
        if span_to - begin >= left:
            return begin + left
        left -= max(0, span_to - begin)
    raise AssertionError("a calendar has working time for ever")


def between(calendar: Calendar, from_ms: int, to_ms: int) -> int:
    """The working time from one moment to another; none where the second is not later."""
    from_ms = max(from_ms, to_ms - LONGEST_MS)
    if from_ms >= to_ms:
        return 0
    if calendar.always:
        return to_ms - from_ms
    total = 0
    for span_from, span_to in _spans_since(calendar, from_ms):
        if span_from >= to_ms:
            break
        total += max(0, min(span_to, to_ms) - max(span_from, from_ms))
    return total


def is_open(calendar: Calendar, at_ms: int) -> bool:
    """Is this moment working time?"""
    if calendar.always:
        return True
    return any(start <= at_ms < end for start, end in _spans_of(calendar, at_ms // DAY_MS))


def opens_ms(calendar: Calendar, at_ms: int) -> int:
    """The next moment that is working time: this one, where it is."""
    if is_open(calendar, at_ms):
        return at_ms
    return next(start for start, _ in _spans_since(calendar, at_ms) if start >= at_ms)


def _spans_since(calendar: Calendar, from_ms: int) -> Iterator[Span]:
    """Working time in order, without end, from the one that this moment may lie in."""
    day = from_ms // DAY_MS
    spans = _spans_of(calendar, day)
    yield from spans[max(0, bisect_right(spans, (from_ms, from_ms)) - 1) :]
    while True:
        day += 1
        yield from _spans_of(calendar, day)


def _spans_of(calendar: Calendar, day: int) -> tuple[Span, ...]:
    """The working time of one day of UTC, worked out once."""
    found = calendar._days.get(day)
    if found is None:
        if len(calendar._days) >= _KEPT_DAYS:
            calendar._days.clear()
        found = calendar._days[day] = tuple(sorted(_work_out(calendar, day)))
    return found


def _work_out(calendar: Calendar, day: int) -> Iterator[Span]:
    """While the zone's offset stays the same, the wall's time is ours moved by it."""
    for part_from, part_to, offset in _even_parts(calendar.zone, day * DAY_MS, (day + 1) * DAY_MS):
        wall_from, wall_to = part_from + offset, part_to + offset
        for wall_day in range(wall_from // DAY_MS, (wall_to - 1) // DAY_MS + 1):
            for period in _periods(calendar, wall_day):
                begin = max(wall_from, wall_day * DAY_MS + period.start * MINUTE_MS)
                end = min(wall_to, wall_day * DAY_MS + period.end * MINUTE_MS)
                if begin < end:
                    yield begin - offset, end - offset


def _periods(calendar: Calendar, day: int) -> tuple[Period, ...]:
    if any(holiday.day.toordinal() - _EPOCH_DAY == day for holiday in calendar.holidays):
        return ()
    return calendar.week[(day + _THURSDAY) % 7]


def _even_parts(zone: tzinfo, from_ms: int, to_ms: int) -> Iterator[tuple[int, int, int]]:
    """Cut a day where the zone's offset changes. No zone changes twice within six hours."""
    step = DAY_MS // 4
    start, offset = from_ms, _offset_ms(zone, from_ms)
    for sample in range(from_ms + step, to_ms + step, step):
        later = _offset_ms(zone, sample)
        if later != offset:
            change = _change_ms(zone, sample - step, sample)
            if start < change:
                yield start, change, offset
            start, offset = change, later
    if start < to_ms:
        yield start, to_ms, offset


def _change_ms(zone: tzinfo, before_ms: int, after_ms: int) -> int:
    """The first moment with the later offset, by halving; zones change on whole seconds."""
    old = _offset_ms(zone, before_ms)
    low, high = before_ms // 1000, after_ms // 1000
    while high - low > 1:
        middle = (low + high) // 2
        if _offset_ms(zone, middle * 1000) == old:
            low = middle
        else:
            high = middle
    return high * 1000


def _offset_ms(zone: tzinfo, at_ms: int) -> int:
    try:
        offset = (_EPOCH + timedelta(milliseconds=at_ms)).astimezone(zone).utcoffset()
    except OverflowError:  # within a day of the years 1 or 9999, or beyond them
        return 0
    return round(offset.total_seconds() * 1000) if offset else 0
