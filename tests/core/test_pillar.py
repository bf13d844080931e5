"""The pillar: whose a mention is, by named evidence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.evidence import evidence_in
from app.core.formulas import completed
from app.core.heads import COMPLAINT, HEADS, INTENT, OTHER, PILLAR
from app.core.pillar import NOBODY, PILLARS, pillar_of
from app.core.score import NOT_JUDGED, NOT_SCORED, Judgement, Score, Sentiment
from tests.builders import NEGATIVE, NEUTRAL, POSITIVE


def score_of(text: str, sentiment: Sentiment = NEUTRAL) -> Score:
    return completed(text, 0, Judgement(sentiment=sentiment), "en", "m@1")


@pytest.mark.parametrize(
    ("text", "sentiment", "pillar"),
    [
        ("My parcel never arrived, where is it?", NEGATIVE, "service"),
        ("How do I change my password?", NEUTRAL, "service"),
        ("How much is the large one, and do you ship to the islands?", NEUTRAL, "sales"),
        ("Was kostet der Tarif?", NOT_SCORED, "sales"),
        ("The new billboard made my day", POSITIVE, "marketing"),
        ("Would be nice if the app had a dark mode", NEUTRAL, "innovation"),
        ("Une suggestion : un mode silencieux", NOT_SCORED, "innovation"),
        ("Double your coins, DM me", NEUTRAL, "none"),
    ],
)
def test_a_mention_belongs_to_the_pillar_for_which_most_speaks(
    text: str, sentiment: Sentiment, pillar: str
) -> None:
    """A3.5, A3.6, A3.7, A9.3: service, sales, marketing and innovation share one stream."""
    assert score_of(text, sentiment).pillar == pillar


def test_what_speaks_for_the_pillar_is_named_heaviest_first() -> None:
    """A8.1: the why of a pillar can be read part by part."""
    text = evidence_in("My parcel is missing")
    found = pillar_of(text, Judgement(sentiment=NEGATIVE), COMPLAINT, ("need", "fault"))
    assert found == ("service", ("words +0.70", "need +0.60", "fault +0.60", "complaint +0.40"))


def test_a_model_that_does_not_know_says_nothing() -> None:
    chance = dict.fromkeys(HEADS[PILLAR], 0.2)
    silent, unsure = Judgement(sentiment=NEUTRAL), Judgement(sentiment=NEUTRAL, pillars=chance)
    hm = evidence_in("Hm")
    assert pillar_of(hm, unsure, "", ()) == pillar_of(hm, silent, "", ())


@given(
    st.sampled_from([NEGATIVE, NEUTRAL, POSITIVE]),
    st.sampled_from(HEADS[INTENT]),
    st.dictionaries(st.sampled_from(HEADS[PILLAR]), st.floats(0, 1)),
)
def test_somebody_in_danger_is_served_whatever_else_they_speak_of(
    sentiment: Sentiment, intent: str, pillars: dict[str, float]
) -> None:
    judged = Judgement(sentiment=sentiment, intent=intent, pillars=pillars)
    found = completed("The lamp from your advert is on fire", 0, judged, "en", "m@1")
    assert found.pillar == "service"
    assert "safety +1.00" in found.pillar_why


def test_where_nothing_speaks_for_any_the_mention_is_nobodys() -> None:
    assert pillar_of(evidence_in("Hm"), NOT_JUDGED, "", ()) == (NOBODY, ())
    assert pillar_of(evidence_in("Hm"), NOT_JUDGED, OTHER, ()) == ("marketing", ("other +0.30",))


def test_what_a_text_means_to_the_model_speaks_where_no_word_of_a_list_does() -> None:
    """A3.6: a wish for something that is not made yet, in words that nobody listed."""
    judged = Judgement(sentiment=NEUTRAL, pillars={"innovation": 0.9, "service": 0.1})
    found = pillar_of(evidence_in("Picture the lid as a plate"), judged, "", ())
    assert found == ("innovation", ("meaning +0.70",))
    nobody = Judgement(sentiment=NEUTRAL, pillars={"none": 0.9, "marketing": 0.1})
    assert pillar_of(evidence_in("Rain"), nobody, OTHER, ()) == ("none", ("meaning +0.70",))


@given(
    st.text(max_size=200),
    st.sampled_from([NEGATIVE, NEUTRAL, POSITIVE, NOT_SCORED]),
    st.dictionaries(st.sampled_from(HEADS[PILLAR]), st.floats(0, 1)),
)
def test_any_text_has_a_pillar_or_none_with_reasons(
    text: str, sentiment: Sentiment, pillars: dict[str, float]
) -> None:
    judged = Judgement(sentiment=sentiment, pillars=pillars)
    found = completed(text, 0, judged, "en", "m@1")
    assert found.pillar in (*PILLARS, NOBODY)
    assert found.pillar_why or found.pillar == NOBODY
