"""The SLA clock: from detection to the response, with a warning before it is too late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """Absolute times in milliseconds since the epoch; they never move."""

    detected_ms: int
    at_risk_ms: int
    due_ms: int


def deadlines(detected_at: datetime, window_s: float, at_risk_share: float) -> Deadlines:
    """The deadlines of a mention detected then; late mentions may be due in the past."""
    detected_ms = to_ms(detected_at)
    return Deadlines(
        detected_ms=detected_ms,
        at_risk_ms=detected_ms + round(window_s * 1000 * at_risk_share),
        due_ms=detected_ms + round(window_s * 1000),
    )


def to_ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
