"""Feedback: what a customer says to our response, and what they make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.core.heads import PRAISE
from app.core.mention import Mention
from app.core.profile import Profile
from app.core.sla import to_ms

SATISFIED, UNSATISFIED, UNCLEAR = "satisfied", "unsatisfied", "unclear"
VERDICTS: Final = (SATISFIED, UNSATISFIED, UNCLEAR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """Our answer to which somebody speaks: who gave it, and when."""

    rep: str
    at_ms: int


def response_to(
    mention: Mention, profile: Profile | None, follows_up: bool, within_ms: int
) -> Response | None:
    """Our response to which this mention is feedback, if it is.

    It is where the customer goes on with something of theirs after we answered, or says something
    new on the same channel within `within_ms` of our answer. What they wrote before it is none.
    """
    if profile is None or not profile.last_rep:
        return None
    said_ms = to_ms(mention.posted_at or mention.detected_at)
    after_ms = said_ms - profile.last_reply_ms
    if after_ms < 0 or not (follows_up or after_ms <= within_ms):
        return None
    return Response(rep=profile.last_rep, at_ms=profile.last_reply_ms)


def verdict(values: Mapping[str, Any]) -> str:
    """What the customer makes of our response, by the score that the rules saw."""
    sentiment = values.get("score.sentiment")
    if sentiment == "negative":
        return UNSATISFIED
    if sentiment == "positive" or values.get("score.intent") == PRAISE:
        return SATISFIED
    return UNCLEAR
