"""How a text is typed, and what thanks and offers in it are worth to its urgency."""

from __future__ import annotations

import pytest

from app.core.formulas import completed
from app.core.score import Judgement
from tests.builders import NEGATIVE, POSITIVE


@pytest.mark.parametrize("sign", ["fire", "🔥"])
def test_a_fire_is_a_danger_however_it_is_typed(sign: str) -> None:
    found = completed(f"our house is on {sign}", 0, Judgement(sentiment=POSITIVE), "en", "m@1")
    assert "safety +0.80" in found.urgency_why
    assert (
        completed("this album is 🔥", 0, Judgement(sentiment=POSITIVE), "en", "m@1").urgency < 0.1
    )


def test_bitter_thanks_close_nothing() -> None:
    text = "thanks for losing my luggage"
    bitter, glad = (
        completed(text, 0, Judgement(sentiment=mood), "en", "m@1").urgency_why
        for mood in (NEGATIVE, POSITIVE)
    )
    assert any(why.startswith("closed -") for why in glad)
    closed = [why for why in bitter if why.startswith("closed -")]
    assert not closed or float(closed[0].split("-")[1]) < 0.2


def test_who_asks_to_be_written_to_is_no_advert() -> None:
    judged = Judgement(sentiment=NEGATIVE)
    found = completed("Your app says my parcel is gone, pls dm me", 0, judged, "en", "m@1")
    assert found.pillar == "service"
    assert not [why for why in found.urgency_why if why.startswith("advert")]


@pytest.mark.parametrize("text", ["@acme 📷", "📦", "🇩🇪", "https://a.example/1", "...", "\x00"])
def test_a_text_without_a_word_is_neutral_and_nobodys_whatever_a_model_guesses(text: str) -> None:
    judged = Judgement(sentiment=NEGATIVE, complaint=0.9, intent="complaint")
    found = completed(text, 0, judged, "en", "m@1")
    assert (found.sentiment.label, found.complaint, found.pillar) == ("neutral", None, "none")
    assert found.urgency == 0.0
    said = completed("😡", 0, judged, "en", "m@1")
    assert said.sentiment == NEGATIVE
