"""Emoji count: what they tell reaches the models as words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.emoji import in_words
from app.core.text import as_read, clean

JOINED = "\N{FACE PALM}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}\u200d\N{FEMALE SIGN}\ufe0f"


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("my flight 😡", "my flight angry"),
        ("great😍", "great love"),
        ("😡😡", "angry angry"),
        ("ok 👎🏽", "ok bad"),
        ("I ❤️ this", "I love this"),
        (f"{JOINED} again", "facepalm again"),
        ("our house is on 🔥", "our house is on fire"),
        ("the charger Caught 🔥🔥 today", "the charger Caught fire today"),
        ("this album 🔥🔥", "this album"),
        ("gate ✈️ 12", "gate 12"),
        ("family 👨‍👩‍👧 trip", "family trip"),
        ("no signs at all: 100 %, 5 € & <3", "no signs at all: 100 %, 5 € & <3"),
    ],
)
def test_an_emoji_is_read_as_the_words_it_stands_for(said: str, read: str) -> None:
    assert as_read(said) == read


@given(st.text(st.characters(max_codepoint=0x25FF)))
def test_a_text_without_emoji_is_left_as_it_is(text: str) -> None:
    assert in_words(text) == text


@given(st.text(st.sampled_from("a 😡\u00e9\t&amp;@x")))
def test_every_text_is_cleaned_with_its_signs_in_words_and_its_spaces_single(text: str) -> None:
    assert as_read(text) == " ".join(in_words(clean(text)).split())


@given(st.text(st.sampled_from("a😡❤\ufe0f\u200d👎🏽✈ ")))
def test_no_telling_sign_is_left_for_the_tokenizer_that_knows_none(text: str) -> None:
    assert not set(as_read(text)) & set("😡❤👎✈")
