"""Intent and urgency: plain evidence, each part named, always within bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.intent import COMPLAINT, OTHER, PRAISE, QUESTION, REQUEST, intent_of
from app.core.score import NOT_SCORED, Sentiment
from app.core.text import MAX_CHARS, clean
from app.core.urgency import urgency_of
from tests.builders import NEGATIVE, NEUTRAL, POSITIVE

shares = st.floats(0, 1)
reaches = st.integers(0, 10**9)


def mood(negative: float) -> Sentiment:
    return Sentiment(label="negative", confidence=negative, negative=negative)


@pytest.mark.parametrize(
    ("text", "sentiment", "intent"),
    [
        ("You lost my bag again", NEGATIVE, COMPLAINT),
        ("Where is my bag?", NEUTRAL, QUESTION),
        ("Does anybody know the number", NEUTRAL, QUESTION),
        ("Please send me the invoice", NEUTRAL, REQUEST),
        ("Bitte rufen Sie mich an", NOT_SCORED, REQUEST),
        ("The crew was great", POSITIVE, PRAISE),
        ("thx everybody", NEUTRAL, PRAISE),
        ("On the train", NEUTRAL, OTHER),
    ],
)
def test_what_somebody_wants_is_read_from_words_and_mood(
    text: str, sentiment: Sentiment, intent: str
) -> None:
    assert intent_of(text, sentiment) == intent


@given(st.text(max_size=200), shares, reaches)
def test_urgency_stays_between_0_and_1(text: str, negative: float, followers: int) -> None:
    urgency, _ = urgency_of(text, mood(negative), followers)
    assert 0 <= urgency <= 1


@given(
    st.sampled_from(["Hello", "I want my money back", "Smoke in the kitchen"]),
    st.sampled_from(["fraud", "ambulance", "lawyer", "urgent", "Notfall"]),
    shares,
    reaches,
)
def test_more_evidence_never_lowers_urgency(
    text: str, evidence: str, negative: float, followers: int
) -> None:
    before, _ = urgency_of(text, mood(negative), followers)
    assert urgency_of(f"{text} {evidence}", mood(negative), followers)[0] >= before


@given(shares, shares, reaches, reaches)
def test_a_worse_mood_and_a_wider_reach_never_lower_urgency(
    one: float, other: float, few: int, many: int
) -> None:
    """A3.3: reach escalates, whatever the mood."""
    low, high = sorted((one, other))
    small, large = sorted((few, many))
    assert urgency_of("", mood(low), small)[0] <= urgency_of("", mood(high), large)[0]


def test_bad_mood_alone_is_no_emergency() -> None:
    assert urgency_of("I hate this", mood(1.0), 0)[0] < 0.5


def test_a_calm_cry_for_help_is_urgent_without_any_mood() -> None:
    assert urgency_of("There is smoke in the cabin", NOT_SCORED, 0)[0] >= 0.8


def test_every_part_of_the_urgency_is_named_heaviest_first() -> None:
    """A8.1: the why of an urgency can be read part by part."""
    _, why = urgency_of("Fraud! I call my lawyer", mood(0.4), 1_000_000)
    assert why == ("money +0.55", "legal +0.50", "reach +0.40", "negative +0.18")


def test_a_thousand_followers_are_no_reach() -> None:
    assert urgency_of("Hello", NOT_SCORED, 1_000) == (0.0, ())


def test_texts_are_cleaned_as_the_models_were_trained() -> None:
    assert clean("@kim  look&amp;amp; https://a.test/x \n now") == "@user look& http now"


@given(st.text(max_size=60))
def test_a_cleaned_text_has_no_line_breaks_and_bounded_length(text: str) -> None:
    found = clean(text * 100)
    assert "\n" not in found
    assert len(found) <= 4 * MAX_CHARS
