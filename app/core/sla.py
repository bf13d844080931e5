"""The SLA clock: from detection to the response, with warnings before it is too late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.core.calendar import ALWAYS, Calendar, after

HALF = 0.5  # the first warning: half of the window is gone

FIRST_RESPONSE, NEXT_RESPONSE, RESOLUTION = "first_response", "next_response", "resolution"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """Absolute times in milliseconds since the epoch; only a change of policy moves them."""

    detected_ms: int
    half_ms: int
    at_risk_ms: int
    due_ms: int


def deadlines(
    detected_at: datetime, window_s: float, at_risk_share: float, calendar: Calendar = ALWAYS
) -> Deadlines:
    """The deadlines of a mention detected then; late mentions may be due in the past."""
    return of_window(to_ms(detected_at), round(window_s * 1000), at_risk_share, calendar)


def of_window(start_ms: int, window_ms: int, at_risk_share: float, calendar: Calendar) -> Deadlines:
    """The deadlines of a window of working time that starts then."""
    return Deadlines(
        detected_ms=start_ms,
        half_ms=after(calendar, start_ms, round(window_ms * HALF)),
        at_risk_ms=after(calendar, start_ms, round(window_ms * at_risk_share)),
        due_ms=after(calendar, start_ms, window_ms),
    )


def to_ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
