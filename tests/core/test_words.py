"""Words for search: any script, nothing that somebody types is an operator, hits are shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.words import LONGEST_WORD, excerpt, marked, matches, terms_of, words_of

TEXTS = st.text(max_size=80)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("refund", "Where is my REFUND?"),
        ("refu", "Where is my refund?"),
        ("cafe", "Le Café est fermé"),
        ("café", "le cafe est ferme"),
        ("strasse", "Große Straße 5"),
        ("東京", "私は東京にいます"),
        ("สวัสดี", "คุณสวัสดีครับ"),
        ("हिन्दी", "मुझे हिन्दी आती है"),
        ("привет", "Привет, мир"),
        ("e-mail", "my e mail"),
        ("kim@a.test", "write to KIM@a.test, please"),
        ('"lost bag"', "my lost bag"),
        ("bag lost", "lost my bag"),
        ("ﬁx", "please fix"),
    ],
)
def test_a_text_is_found_by_its_words(query: str, text: str) -> None:
    """A7.1, A12.2: case, accents and script do not matter; all words must be there."""
    assert matches(text, terms_of(query))


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("refund order", "Where is my refund?"),
        ('"bag lost"', "my lost bag"),
        ('"refu"', "my refund"),
        ("京東", "私は東京にいます"),
        ("fund", "my refund"),
        ("", "anything"),
        ("* ( ) -", "anything"),
    ],
)
def test_what_is_not_said_is_not_found(query: str, text: str) -> None:
    assert not matches(text, terms_of(query))


@given(TEXTS)
def test_folded_words_are_letters_and_digits_alone(text: str) -> None:
    """A4.9: so no database has anything to misread."""
    for word in words_of(text):
        assert word.text
        assert len(word.text) <= LONGEST_WORD
        assert not set(word.text) & set(" '\"\\:*&|!()<>-\0")
        assert 0 <= word.start < word.end <= len(text)


@given(TEXTS, TEXTS)
def test_the_marked_pieces_are_the_text(text: str, query: str) -> None:
    parts = marked(text, terms_of(query))
    assert "".join(piece for piece, _ in parts) == text
    assert all(piece for piece, _ in parts)


@given(TEXTS)
def test_a_text_is_found_by_itself(text: str) -> None:
    terms = terms_of(text.replace('"', " "))
    if 0 < len(terms) < 12:
        assert matches(text, terms)


def test_of_a_long_text_what_is_around_the_first_hit_is_shown() -> None:
    text = "word " * 200 + "needle " + "word " * 200
    parts = excerpt(text, terms_of("needle"))
    assert ("needle", True) in parts
    assert parts[0] == ("…", False)
    assert parts[-1] == ("…", False)
    assert sum(len(piece) for piece, _ in parts) < 300
