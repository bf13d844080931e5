"""SLA policies and business calendars, read from sla.toml and calendars.toml."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from app.config_entry import Entry, Name, Seconds
from app.config_rules import windows
from app.core.calendar import Calendar, Holiday, Period
from app.core.catalogue import Catalogue
from app.core.policy import STANDARD, Policy, Slas, conflicts, unreachable
from app.core.rules import Row, Rule

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_DAY_MIN = 24 * 60

SLA_FILE = "config/sla.toml"


def _period(text: object) -> Period:
    """`08:00-12:30`; 24:00 is the midnight that ends the day. Raises ValueError."""
    found = _HOURS.fullmatch(str(text).replace(" ", ""))
    start, end = (0, 0)
    if found:
        start, end = (int(found[i]) * 60 + int(found[i + 1]) for i in (1, 3))
    if not start < end <= _DAY_MIN:
        raise ValueError(
            "expected hours of one day such as 08:00-12:30 (work over midnight is"
            " 22:00-24:00 on one day and 00:00-06:00 on the next)"
        )
    return Period(start=start, end=end)


Hours = Annotated[
    Period, BeforeValidator(_period), WithJsonSchema({"type": "string", "format": "hours"})
]


class CalendarEntry(Entry):
    always: bool = False
    zone: str = ""
    monday: tuple[Hours, ...] = ()
    tuesday: tuple[Hours, ...] = ()
    wednesday: tuple[Hours, ...] = ()
    thursday: tuple[Hours, ...] = ()
    friday: tuple[Hours, ...] = ()
    saturday: tuple[Hours, ...] = ()
    sunday: tuple[Hours, ...] = ()
    holidays: dict[date, str] = Field(default_factory=dict)

    def week(self) -> tuple[tuple[Period, ...], ...]:
        days = (self.monday, self.tuesday, self.wednesday, self.thursday, self.friday)
        week = (*days, self.saturday, self.sunday)
        return tuple(tuple(sorted(day, key=lambda period: period.start)) for day in week)

    @model_validator(mode="after")
    def _makes_sense(self) -> CalendarEntry:
        week = self.week()
        if self.always and (any(week) or self.zone or self.holidays):
            raise ValueError("expected always = true alone, without zone, hours and holidays")
        if not self.always and not any(week):
            raise ValueError("expected hours on at least one day, or always = true")
        for day in week:
            for before, period in pairwise(day):
                if period.start < before.end:
                    raise ValueError(f"expected hours apart, {_clock(period.start)} is in two")
        if not self.always:
            zone_of(self.zone)
        return self


class PolicyEntry(Entry):
    name: Name
    calendar: Name = "always"
    first_response: Seconds = 0.0
    next_response: Seconds = 0.0
    resolution: Seconds = 0.0
    queues: tuple[Name, ...] = ()
    tiers: tuple[str, ...] = ()
    channels: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _answered_before_resolved(self) -> PolicyEntry:
        if self.resolution and self.resolution < max(self.first_response, self.next_response):
            raise ValueError("expected a resolution no shorter than the responses")
        return self


class CalendarFile(Entry):
    calendar: dict[Name, CalendarEntry] = Field(min_length=1)


class SlaFile(Entry):
    policy: list[PolicyEntry]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the policies speak of, and how much all windows are stretched."""

    catalogue: Catalogue
    rows: Sequence[Row | Rule]
    scale: float


def problems(file: SlaFile, calendars: CalendarFile, around: Surroundings) -> Iterator[str]:
    """Everything that is wrong with the policies beside each other, by file and key."""
    for name, count in Counter(entry.name for entry in file.policy).items():
        if count > 1:
            yield f"{SLA_FILE}: policy {name}: name: expected one of this name, got {count}"
    yield from _unknown_names(file, calendars, around)
    policies = _policies(file, calendars, around.scale)
    if not any(p.name == STANDARD and not any(p.specificity) for p in policies):
        yield (
            f"{SLA_FILE}: policy {STANDARD}: expected one that names no queues, tiers or"
            " channels, for everything else"
        )
        return
    undecided = set()
    for one, other, example in conflicts(policies):
        undecided |= {one.name, other.name}
        yield (
            f"{SLA_FILE}: policy {other.name}: conflicts with policy {one.name}: both apply to"
            f" {example}, and neither is more specific"
        )
    for policy in unreachable(policies, list(around.catalogue.queues)):
        if policy.name not in undecided and set(policy.queues) <= set(around.catalogue.queues):
            yield (
                f"{SLA_FILE}: policy {policy.name}: never applies, more specific policies take"
                " everything that it names"
            )


def slas(file: SlaFile, calendars: CalendarFile, around: Surroundings) -> Slas:
    """The policies of files without problems."""
    policies = _policies(file, calendars, around.scale)
    queue_windows = {name: q.window_s for name, q in sorted(around.catalogue.queues.items())}
    rule_windows = windows(around.rows)
    written = repr((policies, queue_windows, sorted(rule_windows.items())))
    return Slas(
        policies=policies,
        queue_windows=queue_windows,
        rule_windows=rule_windows,
        version=hashlib.sha256(written.encode()).hexdigest()[:12],
    )


def _unknown_names(file: SlaFile, calendars: CalendarFile, around: Surroundings) -> Iterator[str]:
    for entry in file.policy:
        place = f"{SLA_FILE}: policy {entry.name}"
        if entry.calendar not in calendars.calendar:
            yield f"{place}: calendar: no calendar is named {entry.calendar!r}"
        for queue in entry.queues:
            if queue not in around.catalogue.queues:
                yield f"{place}: queues: no queue is named {queue!r}"
        for channel in entry.channels:
            if channel not in around.catalogue.channels:
                yield f"{place}: channels: no channel is named {channel!r}"


def _policies(file: SlaFile, calendars: CalendarFile, scale: float) -> tuple[Policy, ...]:
    made = {name: _calendar(name, entry) for name, entry in calendars.calendar.items()}
    unknown = Policy(name="").calendar  # said elsewhere; the other checks go on without it
    return tuple(
        Policy(
            name=entry.name,
            calendar=made.get(entry.calendar, unknown),
            first_response_s=entry.first_response * scale,
            next_response_s=entry.next_response * scale,
            resolution_s=entry.resolution * scale,
            queues=entry.queues,
            tiers=entry.tiers,
            channels=entry.channels,
        )
        for entry in file.policy
    )


def calendars(file: CalendarFile) -> dict[str, Calendar]:
    """The calendars by name, in the order of their names."""
    return {name: _calendar(name, entry) for name, entry in sorted(file.calendar.items())}


def _calendar(name: str, entry: CalendarEntry) -> Calendar:
    if entry.always:
        return Calendar(name=name, always=True)
    holidays = sorted(entry.holidays.items())
    return Calendar(
        name=name,
        zone=zone_of(entry.zone),
        week=entry.week(),
        holidays=tuple(Holiday(day=day, name=title) for day, title in holidays),
    )


def zone_of(name: str) -> ZoneInfo:
    """The zone of this IANA name. Raises ValueError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of zones is an OSError
        raise ValueError(f"expected a time zone such as Europe/Berlin, got {name!r}") from None


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
