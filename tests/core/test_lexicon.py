"""The lexicon: a guess by words, and never more sure than that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.lexicon import LANGUAGES, mood, sentiment
from app.core.lexicon_words import BAD, GOOD, NOT, VERY


@pytest.mark.parametrize(
    ("lang", "text", "label"),
    [
        ("en", "thank you, the crew was wonderful", "positive"),
        ("en", "you lost my bag, this is terrible", "negative"),
        ("en", "the gate is next to the stairs", "neutral"),
        ("en", "I was not happy with it", "negative"),
        ("en", "I don\u2019t like it", "negative"),
        ("en", "well 😡", "negative"),
        ("en", "landed :)", "positive"),
        ("en", "see https://example.org/bad", "neutral"),
        ("de", "danke, alles hat gut geklappt", "positive"),
        ("de", "der Service ist eine Katastrophe", "negative"),
        ("fr", "merci, c'était parfait", "positive"),
        ("fr", "je suis très déçue", "negative"),
        ("es", "gracias, un servicio excelente", "positive"),
        ("es", "una vergüenza, nadie contesta", "negative"),
        ("it", "grazie, siete stati gentilissimi", "positive"),
        ("it", "che vergogna, pessimo servizio", "negative"),
    ],
)
def test_plain_words_tell_the_mood(lang: str, text: str, label: str) -> None:
    assert sentiment(text, lang).label == label


def test_emphasis_counts_more_and_a_turned_bad_word_is_no_praise() -> None:
    assert mood("it was good", "en") < mood("it was very good", "en")
    assert mood("it was very good", "en") < mood("it was very good!", "en")
    assert 0 < mood("it was not bad", "en") < mood("it was good", "en")


@given(st.text(max_size=300), st.sampled_from(LANGUAGES))
def test_whatever_the_text_the_shares_sum_to_one_and_nothing_is_claimed_for_sure(
    text: str, lang: str
) -> None:
    said = sentiment(text, lang)
    assert said.negative + said.neutral + said.positive == pytest.approx(1)
    assert said.confidence == max(said.negative, said.neutral, said.positive) <= 0.6


@given(st.text(max_size=80), st.sampled_from(LANGUAGES))
def test_one_more_plain_good_word_never_makes_it_worse(text: str, lang: str) -> None:
    good = next(word for word in GOOD[lang].split() if not word.endswith("*"))
    apart = " . . . . "  # far enough from what would turn the word
    assert mood(text + apart + good, lang) > mood(text + apart, lang)


def test_a_very_long_text_is_judged_by_its_beginning() -> None:
    assert mood("good " * 1_000_000, "en") == mood("good " * 400, "en")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_word_is_good_and_bad_at_once_and_each_language_has_all_lists(lang: str) -> None:
    good, bad = GOOD[lang].split(), BAD[lang].split()
    assert not {*good} & {*bad}
    assert min(len(good), len(bad)) >= 30
    assert NOT[lang]
    assert VERY[lang]


def test_a_foreign_language_is_refused() -> None:
    with pytest.raises(KeyError):
        sentiment("hyvää päivää", "fi")
