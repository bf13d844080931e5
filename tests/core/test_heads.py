"""What the heads of a model do to a score: intent, a doubted mood, and a little urgency."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.formulas import completed
from app.core.heads import HEADS, doubted
from app.core.score import NOT_JUDGED, Judgement, Score, Sentiment
from tests.builders import NEGATIVE, NEUTRAL, POSITIVE

TEXT = "Great, the third delay today"
shares = st.floats(0, 1)


def score_of(text: str = TEXT, sentiment: Sentiment = POSITIVE, **heads: object) -> Score:
    judged = replace(Judgement(sentiment=sentiment), **heads)  # type: ignore[arg-type]
    return completed(text, 0, judged, "en", "m@1")


@pytest.mark.parametrize(
    ("irony", "kept"), [(None, 1.0), (0.0, 1.0), (0.5, 1.0), (0.75, 0.75), (1.0, 0.5)]
)
def test_irony_lowers_the_confidence_in_a_positive_mood_and_flips_nothing(
    irony: float | None, kept: float
) -> None:
    """A3.2: what may be mockery is less sure, so that people look; the label stays the model's."""
    said = score_of(irony=irony)
    assert said.sentiment == replace(POSITIVE, confidence=POSITIVE.confidence * kept)
    assert said.irony == irony


@pytest.mark.parametrize("sentiment", [NEGATIVE, NEUTRAL, NOT_JUDGED.sentiment])
def test_irony_is_no_doubt_of_any_other_mood(sentiment: Sentiment) -> None:
    assert score_of(sentiment=sentiment, irony=1.0).sentiment == sentiment


@given(shares, shares)
def test_the_likelier_irony_is_the_less_sure_a_positive_mood(one: float, other: float) -> None:
    low, high = sorted((one, other))
    less, more = doubted(POSITIVE, low).confidence, doubted(POSITIVE, high).confidence
    assert POSITIVE.confidence / 2 <= more <= less <= POSITIVE.confidence


@pytest.mark.parametrize("intent", HEADS["intent"])
def test_the_intent_is_that_of_the_head_where_the_model_has_one(intent: str) -> None:
    """A3.6: what somebody means is not only in the words that lists have."""
    assert score_of("Where is my bag?", NEGATIVE, intent=intent).intent == intent


def test_without_heads_the_intent_is_read_from_words_and_nothing_is_said_of_the_rest() -> None:
    said = score_of("Where is my bag?", NEUTRAL)
    assert (said.intent, said.complaint, said.emotion, said.irony) == ("question", None, "", None)


def test_a_complaint_and_anger_press_a_little_and_are_named() -> None:
    """A8.1: what the model hears is a part of the urgency like any other, and can be read."""
    plain = score_of("The parcel", NEUTRAL)
    said = score_of("The parcel", NEUTRAL, complaint=0.8, emotion="anger")
    assert said.urgency_why == ("anger +0.05", "complaint +0.04", *plain.urgency_why)
    assert plain.urgency < said.urgency < plain.urgency + 0.1
    assert said.complaint == 0.8


@given(shares, shares, st.sampled_from(["", "anger", "joy", "none"]))
def test_a_likelier_complaint_never_presses_less(one: float, other: float, emotion: str) -> None:
    low, high = sorted((one, other))
    first, second = (score_of(complaint=of, emotion=emotion).urgency for of in (low, high))
    assert 0 <= first <= second <= 1
