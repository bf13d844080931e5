"""STOP is heard however it is written, and a sentence with the word in it is no STOP."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config import load
from app.core.stop_words import LONGEST_WORDS, StopWords, keywords
from app.settings import CONFIG

SHIPPED = load(CONFIG).permission.words


@pytest.mark.parametrize(
    "text",
    [
        "STOP", "stop", " Stop. ", "«stop»", "STOP!!! 🛑", "Stop all", "stop\nall", "ＳＴＯＰ",
        "st\u200bop", "UNSUBSCRIBE", "opt-out", "Stopp", "Abmelden", "Arrêt", "ARRET", "désabonner",
        "Baja", "停止", "退订", "إيقاف", "uitschrijven", "Rezygnuję", "s t o p", "S.T.O.P",
        "Stop please", "Bitte abmelden, danke!", "STOP STOP STOP", "stop all, stop all",
        "S'il vous plaît arrêter", "Por favor, parar", "Per favore ferma",
    ],
)  # fmt: skip
def test_stop_is_heard_in_many_ways(text: str) -> None:
    assert SHIPPED.said("email", text) == "stop"


@pytest.mark.parametrize(
    "text",
    [
        "", "  ", "stop ignoring me", "please do not stop", "nonstop", "stop stop it", "please",
        "s t o p i t", "Hi, thanks", "> stop", "On Monday you wrote: stop", "a b", "stop by please",
        "I want to unsubscribe from the loyalty tier, how?", "cancel", "Kannst du das stoppen?",
        "!!!", "stop" * 100,
    ],
)  # fmt: skip
def test_a_sentence_with_the_word_in_it_is_no_stop(text: str) -> None:
    assert SHIPPED.said("email", text) == ""


@pytest.mark.parametrize(
    "below",
    [
        "> Our best offers\n> of the week",
        "--\nAnna Berg\nHead of Sales",
        "Sent from my iPhone",
        "Von meinem iPhone gesendet",
        "On Mon, 3 Feb 2025 at 10:00, Shop <shop@x.example>\nwrote:\n> Offers",
        "Am 03.02.2025 um 10:00 schrieb Shop <shop@x.example>:\n> Angebote",
        "-----Original Message-----\nFrom: shop@x.example",
        "\nThis mail is confidential. " + "If you are not meant, delete it. " * 40,
        "> " + "x" * 5000,
    ],
)
@pytest.mark.parametrize("end", ["\n", "\n\n", "\r\n"])
def test_in_a_mail_what_stands_above_the_quote_and_the_signature_counts(
    below: str, end: str
) -> None:
    for above in ("STOP", "Please unsubscribe.", "Hello,\n\nstop please"):
        assert SHIPPED.said("email", f"{above}{end}{below}") == "stop"
    assert SHIPPED.said("email", f"Where is my parcel?{end}{below}") == ""


def test_some_words_mean_stop_on_their_channel_alone() -> None:
    assert SHIPPED.said("sms", "Cancel") == "stop"
    assert SHIPPED.said("webchat", "Cancel") == ""


@pytest.mark.parametrize(
    "text", ["START", "unstop", "Opt in", "Start again, please", "Start\n--\nAnna"]
)
def test_start_takes_it_back(text: str) -> None:
    assert SHIPPED.said("sms", text) == "start"


@pytest.mark.parametrize(
    "text",
    ["Weiter", "Alta", "Anmelden", "Reprendre", "Start?\n\nMy machine does not", "go on", "yes"],
)
def test_ordinary_words_lift_no_stop(text: str) -> None:
    assert SHIPPED.said("sms", text) == ""


@given(
    st.sampled_from(sorted(SHIPPED.stop)),
    st.text("  .!?'\"…\t\n🙏", max_size=20),
    st.text("  .!?'\"…\t\n🙏", max_size=20),
)
def test_signs_around_it_change_nothing(word: str, before: str, after: str) -> None:
    assert SHIPPED.said("x", f"{before}{word.upper()}{after}") == "stop"


@given(st.text())
def test_any_text_can_be_asked_about(text: str) -> None:
    words = StopWords(stop=keywords(["stop"]), start=keywords(["start"]))
    assert words.said("x", text) in ("", "stop", "start")


def test_the_longest_keyword_is_heard() -> None:
    longest = "a" * LONGEST_WORDS
    assert StopWords(stop=keywords([longest])).said("x", f'"{longest}"') == "stop"
