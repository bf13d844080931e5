"""Intent and urgency: plain evidence, each part named, always within bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import urgency
from app.core.evidence import evidence_in
from app.core.heads import COMPLAINT, OTHER, PRAISE, QUESTION, REQUEST
from app.core.intent import intent_of
from app.core.score import NOT_SCORED, Judgement, Sentiment
from app.core.text import MAX_CHARS, clean
from tests.builders import NEGATIVE, NEUTRAL, POSITIVE

shares = st.floats(0, 1)
reaches = st.integers(0, 10**9)


def urgency_of(text: str, sentiment: Sentiment, followers: int) -> tuple[float, tuple[str, ...]]:
    found = urgency.urgency_of(evidence_in(text), Judgement(sentiment=sentiment), followers)
    return found.value, found.why


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
    assert intent_of(evidence_in(text), Judgement(sentiment=sentiment)) == intent


@given(st.text(max_size=200), shares, reaches)
def test_urgency_stays_between_0_and_1(text: str, negative: float, followers: int) -> None:
    value, _ = urgency_of(text, mood(negative), followers)
    assert 0 <= value <= 1


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


@pytest.mark.parametrize(
    ("denied", "told"),
    [
        ("It is not urgent", "It is urgent"),
        ("There is no smoke, only the smell of paint", "There is smoke in the kitchen"),
        ("Nobody is hurt and nobody was injured", "My son was injured"),
        ("Es ist nicht dringend", "Es ist dringend"),
        ("Ce n'est pas urgent", "C'est urgent"),
        ("No es urgente", "Es urgente"),
    ],
)
def test_what_is_denied_does_not_press(denied: str, told: str) -> None:
    """A3.3: a word counts for what is said with it."""
    assert urgency_of(denied, NOT_SCORED, 0)[0] < urgency_of(told, NOT_SCORED, 0)[0] / 2


def test_calm_words_take_a_share_off_and_less_where_trouble_is_told() -> None:
    asked, troubled = "Can I change my seat?", "The door is broken, can I get a new one?"
    assert urgency_of(f"No rush. {asked}", NOT_SCORED, 0)[1] == ("ask +0.25", "calm -0.40")
    assert urgency_of(f"No rush. {troubled}", NOT_SCORED, 0)[1][-1] == "calm -0.20"


def test_a_deadline_or_a_child_presses_only_what_is_wrong() -> None:
    """A1.2: a harmless question about tonight waits like any other."""
    harmless, _ = urgency_of("Are you open tonight? With kids?", NOT_SCORED, 0)
    wrong, _ = urgency_of("No heating tonight, with kids", NOT_SCORED, 0)
    assert (harmless < 0.4, wrong > 0.6) == (True, True)


@pytest.mark.parametrize("thanks", ["Thanks for all", "Solved", "Vielen Dank für alles"])
def test_what_is_closed_presses_less_but_never_where_safety_is_at_stake(thanks: str) -> None:
    lamp, smoke = "My lamp was broken.", "There is smoke in the cabin."
    assert urgency_of(f"{thanks}. {lamp}", NOT_SCORED, 0)[1][-1] == "closed -0.50"
    assert urgency_of(f"{thanks}. {smoke}", NOT_SCORED, 0) == urgency_of(smoke, NOT_SCORED, 0)


def test_a_third_time_presses_more_than_a_first() -> None:
    """A1.2: a promise that was broken is told by the text, whatever is known of the handle."""
    first, _ = urgency_of("The parcel is missing", NEGATIVE, 0)
    third, why = urgency_of("The parcel is missing, the third time I write", NEGATIVE, 0)
    assert third > first
    assert "repeat +0.20" in why


def test_a_fault_in_a_language_that_no_model_knows_presses_as_if_the_mood_were_known() -> None:
    assert urgency_of("Le colis manque", NOT_SCORED, 0) == (0.4, ("fault +0.40",))
    assert urgency_of("Le colis manque", NEUTRAL, 0)[1][0] == "fault +0.25"


def test_spam_presses_little_however_loud_it_is() -> None:
    spam = "URGENT last chance tonight!! Double your coins, DM me immediately"
    assert urgency_of(spam, NOT_SCORED, 0)[0] < 0.2


def test_bad_mood_alone_is_no_emergency() -> None:
    assert urgency_of("I hate this", mood(1.0), 0)[0] < 0.5


def test_a_calm_cry_for_help_is_urgent_without_any_mood() -> None:
    assert urgency_of("There is smoke in the cabin", NOT_SCORED, 0)[0] >= 0.8


def test_every_part_of_the_urgency_is_named_heaviest_first() -> None:
    """A8.1: the why of an urgency can be read part by part."""
    _, why = urgency_of("Fraud! I call my lawyer", mood(0.4), 1_000_000)
    assert why == ("money +0.50", "legal +0.45", "reach +0.40", "negative +0.14")


def test_a_thousand_followers_are_no_reach() -> None:
    assert urgency_of("Hello", NOT_SCORED, 1_000) == (0.0, ())


def test_texts_are_cleaned_as_the_models_were_trained() -> None:
    assert clean("@kim  look&amp;amp; https://a.test/x \n now") == "@user look& http now"


@given(st.text(max_size=60))
def test_a_cleaned_text_has_no_line_breaks_and_bounded_length(text: str) -> None:
    found = clean(text * 100)
    assert "\n" not in found
    assert len(found) <= 4 * MAX_CHARS
