"""How a delivery to a partner goes on: tried again, given up, or taken with an answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from app.core.handoff import Partner

_FIRST_MS, _LONGEST_MS = 1_000, 300_000
_LONGEST_RETRY_AFTER_S = 3_600.0

# Refusals that pass by themselves: too slow, too early, too many.
_PASSING: Final = frozenset({408, 425, 429})
_HIGHEST_PRIORITY = 100
_SHOWN_CHARS = 80

TAKEN, AGAIN, REFUSED = "taken", "again", "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a partner answered. `status` 0: nothing came; `never`: asking again is no use."""

    status: int = 0
    body: bytes = b""
    problem: str = ""
    retry_after_s: float = 0.0
    never: bool = False

    @property
    def verdict(self) -> str:
        if 200 <= self.status < 300:
            return TAKEN
        passing = self.status == 0 or self.status >= 500 or self.status in _PASSING
        return AGAIN if passing and not self.never else REFUSED

    @property
    def sick(self) -> bool:
        """Does it say that the partner is unwell, not that this one event is?"""
        return not self.never and (self.status == 0 or self.status >= 500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a partner sends the task. `ignored` says what of its answer was not allowed."""

    queue: str = ""
    priority: int | None = None
    ignored: tuple[str, ...] = ()


def route_of(answer: Answer, partner: Partner) -> Route:
    """Read the route in an answer, as far as the configuration obeys it. Never raises."""
    if not partner.call_out or not answer.body.strip():
        return Route(ignored=(answer.problem,) if answer.problem else ())
    try:
        given = json.loads(answer.body)
    except (ValueError, RecursionError):
        return Route(ignored=("the answer is no JSON",))
    if not isinstance(given, dict):
        return Route(ignored=("the answer is no object",))
    queue, why_queue = _queue(given.get("queue"), partner)
    priority, why_priority = _priority(given.get("priority"), partner)
    ignored = tuple(why for why in (why_queue, why_priority) if why)
    return Route(queue=queue, priority=priority, ignored=ignored)


def backoff_ms(tries: int, chance: float, retry_after_s: float = 0.0) -> int:
    """How long to wait after so many tries; `chance` from 0 to 1 spreads those of many events."""
    longest = min(_FIRST_MS << min(tries - 1, 20), _LONGEST_MS)
    asked_ms = round(min(retry_after_s, _LONGEST_RETRY_AFTER_S) * 1000)
    return max(round(longest * (0.5 + chance / 2)), asked_ms)


class Circuit:
    """Stops asking a partner that is unwell, and lets one try through from time to time."""

    FAILURES = 5  # in a row
    REST_MS = 10_000
    AT_ONCE = 8  # events in flight to one partner: enough for any centre, few for a slow partner

    def __init__(self) -> None:
        self._failures = 0
        self._rests_until_ms = 0

    def room(self, now_ms: int) -> int:
        """How many events may be in flight now."""
        if self._failures < self.FAILURES:
            return self.AT_ONCE
        return 0 if now_ms < self._rests_until_ms else 1

    def note(self, answer: Answer, now_ms: int) -> None:
        self._failures = self._failures + 1 if answer.sick else 0
        if self._failures >= self.FAILURES:
            self._rests_until_ms = now_ms + self.REST_MS


def _queue(given: Any, partner: Partner) -> tuple[str, str]:
    if given is None or given in partner.routes:
        return str(given or ""), ""
    return "", f"queue: expected {_one_of(partner.routes)}, got {_shown(given)}"


def _priority(given: Any, partner: Partner) -> tuple[int | None, str]:
    if given is None:
        return None, ""
    whole = isinstance(given, int) and not isinstance(given, bool)
    if whole and 0 <= given <= min(partner.highest_priority, _HIGHEST_PRIORITY):
        return given, ""
    expected = f"a whole number up to {partner.highest_priority}"
    return None, f"priority: expected {expected}, got {_shown(given)}"


def _one_of(names: tuple[str, ...]) -> str:
    return " or ".join(names) or "none"


def _shown(value: Any) -> str:
    return repr(value)[:_SHOWN_CHARS]
