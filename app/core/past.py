"""The past of a handle: what it has said before, and what became of that.

The mention in hand is never part of its own past, neither when it comes nor when it is edited.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from app.core.history import RECEIVED, STATUSES
from app.core.history_lines import CANCELLED, CLOSED, COMPLETED

MOST: Final = 32  # mentions of one handle: rules ask for the third, none for the hundredth
KEPT_DAYS: Final = 30
NEVER: Final = -1.0  # days since something that there was not

OPEN_CASES: Final = "history.open_cases"

# What a condition may ask of it, and what that is where nothing was said before.
PAST_VARIABLES: Final[dict[str, type]] = {
    "history.mentions_1h": int,
    "history.mentions_48h": int,
    "history.mentions_30d": int,
    "history.open_tasks": int,
    "history.unanswered": int,
    "history.breached_30d": int,
    OPEN_CASES: int,
    "history.last_sentiment": str,
    "history.last_status": str,
    "history.days_since_mention": float,
}
NO_PAST_VALUES: Final[dict[str, object]] = {
    name: NEVER if type_ is float else type_() for name, type_ in PAST_VARIABLES.items()
}

_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS
KEPT_MS: Final = KEPT_DAYS * _DAY_MS
_ID_CHARS: Final = 12  # of a mention's id: enough to know it again among a few
# Where there is a task that is not at its end.
_OPEN: Final = frozenset(STATUSES) - {RECEIVED, COMPLETED, CANCELLED, CLOSED}


class Earlier(NamedTuple):
    """One mention of a handle. `sentiment` is empty until it was scored.

    `breached` is of its response clock; `replied_ms` is 0 before the first reply.
    """

    id: str
    at_ms: int
    status: str
    sentiment: str
    breached: bool
    replied_ms: int
    cases: int = 0  # open ones; blobs from before there were any do not tell

    @property
    def is_open(self) -> bool:
        return self.status in _OPEN


Past = tuple[Earlier, ...]  # newest first, at most `MOST`, of the last `KEPT_DAYS`
NO_PAST: Final[Past] = ()


def earlier(row: Any) -> Earlier:
    """A row of the table `mentions` as a part of its handle's past."""
    return Earlier(
        id=row.mention_id[:_ID_CHARS],
        at_ms=row.detected_ms,
        status=row.status,
        sentiment=row.sentiment,
        breached=row.breached_ms > 0,
        replied_ms=row.replied_ms,
        cases=row.cases,
    )


def past_values(past: Past, mention_id: str, at_ms: int) -> dict[str, object]:
    """The values of `PAST_VARIABLES` for a mention that is detected then."""
    own = mention_id[:_ID_CHARS]
    known = [one for one in past if one.id != own and at_ms - one.at_ms < KEPT_MS]
    if not known:
        return NO_PAST_VALUES
    ages_ms = [max(0, at_ms - one.at_ms) for one in known]
    return {
        "history.mentions_1h": sum(age < _HOUR_MS for age in ages_ms),
        "history.mentions_48h": sum(age < 2 * _DAY_MS for age in ages_ms),
        "history.mentions_30d": len(known),
        "history.open_tasks": sum(one.is_open for one in known),
        "history.unanswered": sum(one.is_open and not one.replied_ms for one in known),
        "history.breached_30d": sum(one.breached for one in known),
        OPEN_CASES: sum(one.cases for one in known),
        "history.last_sentiment": known[0].sentiment,
        "history.last_status": known[0].status,
        "history.days_since_mention": ages_ms[0] / _DAY_MS,
    }
