"""What the conditions see when rules are tried: as it was recorded, or as somebody types it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta
from starlette.requests import Request

from app import codec
from app.core.catalogue import Catalogue
from app.core.errors import Conflict
from app.core.formulas import completed
from app.core.mention import Author, Mention
from app.core.profile import STRANGER, Profile
from app.core.queue_state import QueueValues
from app.core.recorded import Recorded, recorded
from app.core.rules import variables
from app.core.score import LABELS, Judgement, Score, Sentiment
from app.web.problems import Problem
from app.web.state import parts

# Typed texts are scored by nobody: a label that somebody chose is this sure.
_ASSUMED_SHARE = 0.9
_ASSUMED = "assumed"

Text = Annotated[str, Meta(max_length=10_000)]
Short = Annotated[str, Meta(max_length=200)]
Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=0, le=10**12)]
Percent = Annotated[int, Meta(ge=0, le=100)]


class Typed(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A mention that nobody sent. What is left out is what a stranger's plain mail would have."""

    text: Text
    channel: Short = "email"
    lang: Short = "en"
    url: Text = ""
    handle: Short = "@somebody"
    followers: Count = 0
    sentiment: Literal["negative", "neutral", "positive", "unsupported"] = "neutral"
    intent: Literal["question", "complaint", "praise", "request", "other"] | None = None
    urgency: Share | None = None
    complaint: Share | None = None
    emotion: Literal["", "anger", "joy", "sadness", "optimism", "none"] = ""
    irony: Share | None = None
    pillar: Literal["service", "sales", "marketing", "innovation", "none"] | None = None
    tier: Short = ""
    known: bool = False
    value: Annotated[float, Meta(ge=0)] = 0.0
    open_cases: Count = 0
    credit: Annotated[float, Meta(ge=0)] = 0.0
    rewards: Annotated[float, Meta(ge=0)] = 0.0
    household: Short = ""
    influence: Percent = 0
    adoption: Percent = 0
    mentions_48h: Count = 0
    open_tasks: Count = 0
    unanswered: Count = 0


def typed_values(given: Any, catalogue: Catalogue, queues: QueueValues) -> dict[str, object]:
    """The values of a typed mention, with the queues as they stand. Raises Problem 422."""
    try:
        typed = msgspec.convert(given, Typed)
    except msgspec.ValidationError as error:
        raise Problem(422, "wrong_field", f"mention: {error}") from None
    mention = Mention(
        mention_id="",
        source_id="",
        channel=typed.channel,
        text=codec.clean(typed.text),
        author=Author(handle=typed.handle, followers=typed.followers),
        detected_at=datetime.now(UTC),
        url=typed.url,
        lang=typed.lang,
    )
    public = catalogue.is_public(typed.channel)
    said = variables(mention, _score(typed), _profile(typed), public, catalogue.calendars)
    return {**said, **_typed_past(typed), **queues}


def _profile(typed: Typed) -> Profile:
    """Whoever has a tier, or anything that only sources tell, is a customer."""
    told = {name: getattr(typed, name) for name in _OF_SOURCES}
    if not typed.known and not any(told.values()):
        return STRANGER
    return Profile(value=typed.value, lang=typed.lang, open_cases=typed.open_cases, **told)


_OF_SOURCES: Final = ("tier", "credit", "rewards", "household", "influence", "adoption")


def _typed_past(typed: Typed) -> dict[str, object]:
    """What is open or was said within 48 hours was said within 30 days, too."""
    return {
        "history.mentions_48h": typed.mentions_48h,
        "history.mentions_30d": max(typed.mentions_48h, typed.open_tasks, typed.unanswered),
        "history.open_tasks": max(typed.open_tasks, typed.unanswered),
        "history.unanswered": typed.unanswered,
    }


def _score(typed: Typed) -> Score:
    """What is chosen, and what the formulas make of the text with it unless it is given."""
    share = 0.0 if typed.sentiment not in LABELS else _ASSUMED_SHARE
    rest = (1 - share) / 2 if share else 0.0
    shares = {label: share if label == typed.sentiment else rest for label in LABELS}
    sentiment = Sentiment(label=typed.sentiment, confidence=share, **shares)
    judged = Judgement(
        sentiment=sentiment,
        complaint=typed.complaint,
        intent=typed.intent or "",
        emotion=typed.emotion,
        irony=typed.irony,
    )
    score = completed(typed.text, typed.followers, judged, typed.lang, _ASSUMED)
    return replace(
        score,
        urgency=score.urgency if typed.urgency is None else typed.urgency,
        pillar=score.pillar if typed.pillar is None else typed.pillar,
    )


async def first_decision(request: Request, mention_id: str) -> Recorded:
    """The first decision of a recorded mention, with the values that it was made by.

    Raises Conflict (`unknown_mention`), also for one from before values were kept.
    """
    facts = await parts(request).base.ledger.of_mention(mention_id)
    first = next(recorded(facts), None)
    if first is None or not first.values:
        raise Conflict("unknown_mention", "The ledger has no recorded decision of this mention")
    return first
