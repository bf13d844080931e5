"""Triage hears feedback to a response: which one, and that it starts no first clock."""

from __future__ import annotations

from typing import Any

import pytest

from app import flow
from app.core.feedback import SATISFIED, UNCLEAR, UNSATISFIED, verdict
from app.core.profile import Profile
from app.core.sticky import Sticky
from app.ports import Delivery
from tests.builders import NOON_MS, delivery
from tests.doubles import MapProfiles, MemoryDoor, ports

HOUR_MS = 3_600_000
SAID_AT = "2026-11-18T11:06:40Z"  # NOON_MS


async def decided(*deliveries: Delivery, answered_ms: int, rep: str = "ann") -> list[Any]:
    """The data of what was decided, where `rep` answered the customer at `answered_ms`."""
    known = Profile(customer_id="C1", last_rep=rep, last_reply_ms=answered_ms)
    door = MemoryDoor()
    sticky = Sticky(wait_ms=1, age_ms=48 * HOUR_MS, feedback_ms=24 * HOUR_MS)
    profiles = MapProfiles({"x:kim": known})
    await flow.triage(deliveries, ports(door=door, sticky=sticky, profiles=profiles))
    return [fact.data for fact in door.facts if fact.op == "decided"]


async def test_who_writes_again_soon_after_our_response_gives_feedback_to_it() -> None:
    """A7.4, A12.1: it goes on with the same agent, and starts no first clock."""
    answered_ms = NOON_MS - HOUR_MS
    [found] = await decided(delivery(detected_at=SAID_AT), answered_ms=answered_ms)
    assert found["feedback"] == {"rep": "ann", "at_ms": answered_ms, "mention_id": ""}
    assert found["clock"] == "next_response"


@pytest.mark.parametrize(
    ("answered_ms", "rep"),
    [(NOON_MS - 25 * HOUR_MS, "ann"), (NOON_MS + 1, "ann"), (0, "")],
    ids=["long after", "before the response", "never answered"],
)
async def test_what_is_no_feedback_starts_a_first_clock(answered_ms: int, rep: str) -> None:
    [found] = await decided(delivery(detected_at=SAID_AT), answered_ms=answered_ms, rep=rep)
    assert "feedback" not in found
    assert found["clock"] == "first_response"


async def test_what_was_written_before_our_response_and_came_late_is_no_feedback() -> None:
    late = delivery(detected_at=SAID_AT, posted_at="2026-11-18T11:00:00Z")
    [found] = await decided(late, answered_ms=NOON_MS - 60_000)
    assert "feedback" not in found


async def test_a_follow_up_to_what_was_answered_is_feedback_however_late() -> None:
    """A7.4: the fact names what it goes on with, so that the right response is found."""
    first = delivery("s1", id="1", detected_at="2026-11-16T11:06:40Z")
    second = delivery("s2", id="2", in_reply_to="1", detected_at=SAID_AT)
    found = await decided(first, second, answered_ms=NOON_MS - 30 * HOUR_MS)
    assert "feedback" not in found[0]
    assert found[1]["feedback"]["mention_id"]
    assert found[1]["clock"] == "next_response"


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"score.sentiment": "positive", "score.intent": "other"}, SATISFIED),
        ({"score.sentiment": "neutral", "score.intent": "praise"}, SATISFIED),
        ({"score.sentiment": "negative", "score.intent": "complaint"}, UNSATISFIED),
        ({"score.sentiment": "neutral", "score.intent": "question"}, UNCLEAR),
        ({"score.sentiment": "unsupported", "score.intent": "other"}, UNCLEAR),
        ({}, UNCLEAR),
    ],
)
def test_the_score_says_what_they_make_of_it(values: dict[str, str], word: str) -> None:
    """A12.1: thanks, or not solved; where nobody can tell, it says so."""
    assert verdict(values) == word
