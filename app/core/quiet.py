"""Quiet hours: when nobody is disturbed, by the clock on the wall where they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """From and to in minutes of the day on the wall; over midnight where `start` is the later."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if self.start == self.end:
            raise ValueError("expected quiet hours that begin and end at different times")

    def holds(self, wall: datetime) -> bool:
        minute = wall.hour * 60 + wall.minute
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


def quiet_until(quiet: Quiet | None, zone: tzinfo, now_ms: int) -> int:
    """When somebody in this zone may be written to again, ms since the epoch; 0: now.

    Never too early. Where the zone skips the end of the quiet hours it is up to an hour late;
    where it repeats an hour, what the clock on the wall says holds both times of it.
    """
    if quiet is None:
        return 0
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    if not quiet.holds(now.astimezone(zone)):
        return 0
    ends = (end for end in _ends(quiet, now.astimezone(zone)) if end > now)
    return next(
        round(end.timestamp() * 1000) for end in ends if not quiet.holds(end.astimezone(zone))
    )


def _ends(quiet: Quiet, wall: datetime) -> Iterator[datetime]:
    """The moments at which the wall shows the end, from today on; both where it shows it twice."""
    at = time(quiet.end // 60, quiet.end % 60)
    for days in range(4):
        day = wall.date() + timedelta(days=days)
        for fold in (0, 1):
            local = datetime.combine(day, at.replace(fold=fold), wall.tzinfo)
            yield local.astimezone(UTC)
