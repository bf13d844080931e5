"""What identifies an account or a person does not go where many people look."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.masking import CARD, CUT, DEEPEST, IBAN, MAIL, MOST_CHARS, PHONE, masked, masked_value

SECRETS = {
    "4111 1111 1111 1111": CARD,
    "4111111111111111": CARD,
    "5500-0000-0000-0004": CARD,
    "3782 822463 10005": CARD,
    "4222222222222": CARD,
    "٤١١١ ١١١١ ١١١١ ١١١١": CARD,
    "DE89 3704 0044 0532 0130 00": IBAN,
    "gb82 west 1234 5698 7654 32": IBAN,
    "NO9386011117947": IBAN,
    "MT84MALT011000012345MTLCAST001S": IBAN,
    "+49 170 1234567": PHONE,
    "+1 (555) 867-5309": PHONE,
    "(555) 867-5309": PHONE,
    "555-867-5309": PHONE,
    "0170/1234567": PHONE,
    "0044 20 7946 0958": PHONE,
    "+39 06 6982 1234": PHONE,
    "kim.o'hara+shop@mail.example.co.uk": MAIL,
    "jürgen@müller.example": MAIL,
}

KEPT = (
    "2026-11-28T06:10:13.123456Z",
    "2026-11-28 06:10:13",
    "127.0.0.1:54321",
    "http://127.0.0.1:8080/api/v1/mentions",
    "mentions/3/1234567",
    "1764310000123 1764310000124",  # two times in ms
    "a3f0" * 16,
    "version 12, 4111 tasks, 0.25 s",
    "4111 1111 1111 1112",  # the check digit is wrong: an order's number
    "DE88370400440532013000",  # and here: no account
    "@kim",
    "",
)


@pytest.mark.parametrize(("secret", "name"), SECRETS.items())
@pytest.mark.parametrize(
    "around", ["{}", "it is {}, thanks", "x={};", "[{}]", "{} or {}", "\n{}\n"]
)
def test_numbers_and_addresses_are_masked(secret: str, name: str, around: str) -> None:
    assert masked(around.replace("{}", secret)) == around.replace("{}", name)


@pytest.mark.parametrize("text", KEPT)
def test_what_operators_read_stays(text: str) -> None:
    assert masked(text) == text


def test_words_and_numbers_beside_it_stay() -> None:
    said = "IBAN DE89 3704 0044 0532 0130 00 and more, 1234 4111 1111 1111 1111 99"
    assert masked(said) == f"IBAN {IBAN} and more, 1234 {CARD} 99"


@given(st.sampled_from(sorted(SECRETS)), st.text(max_size=50), st.text(max_size=50))
def test_nothing_around_it_brings_it_back(secret: str, before: str, after: str) -> None:
    assert secret not in masked(f"{before} {secret} {after}")


@given(st.text(max_size=200))
def test_masking_twice_is_masking_once(text: str) -> None:
    assert masked(masked(text)) == masked(text)


def test_a_text_without_end_is_cut() -> None:
    assert masked("x" * (MOST_CHARS + 1)) == "x" * MOST_CHARS + CUT


def test_values_are_masked_wherever_they_are_deep_inside() -> None:
    card = "4111111111111111"
    deep: list[object] = [card]
    for _ in range(DEEPEST + 5):
        deep = [deep]
    value = {"a": [card, {card: (card, 7, None, True)}], "b": ValueError(card), "c": deep}
    shown = masked_value(value)
    assert card not in repr(shown)
    assert shown["a"] == [CARD, {CARD: [CARD, 7, None, True]}]
    assert shown["b"] == f"ValueError('{CARD}')"
    assert "[list]" in repr(shown["c"])
