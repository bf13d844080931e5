"""The phrase book: phrases by words, negation, and a cost that hostile text cannot raise."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import phrases as phrase_book
from app.core import pillar_words, urgency_words, urgency_words_around
from app.core.phrases import MAX_CHARS, PhraseBook

WORDS = PhraseBook(
    {
        "heat": "no heat*, heating .. off",
        "smell": "smell* .. gas",
        "time": "in # hours, urgent",
        "calm": "no rush",
    },
    believed=("calm",),
)
MODULES = (urgency_words, urgency_words_around, pillar_words)


@pytest.mark.parametrize(
    ("text", "families"),
    [
        ("We have no heating", {"heat"}),
        ("The HEATING is always off", {"heat"}),
        ("I can smell some gas; it smells of gas", {"smell"}),
        ("in 3 hours, in three hours", {"time"}),
        ("It\N{RIGHT SINGLE QUOTATION MARK}s urgent", {"time"}),
        ("heat", set()),
        ("The heating is one two three four five six off", set()),
        ("The heating, since Monday, is off", {"heat"}),
        ("The heating, all of one, two, three, off", {"heat"}),
        ("The heating, all one, two, three, four, five, off", set()),
        ("The heating\nis off", {"heat"}),
        ("We have no\r\nheating", {"heat"}),
        ("We have no, heating", set()),
        ("The heating works. Turn it off", set()),
        ("The heating works; it is off", set()),
        ("The heating\n\nis off", set()),
        ("The heating\r\n \t\r\nis off", set()),
        ("@urgent https://urgent.test/urgent", set()),
    ],
)
def test_phrases_are_found_by_stem_number_and_gap_within_one_sentence(
    text: str, families: set[str]
) -> None:
    assert WORDS.families_in(text).keys() == families


@pytest.mark.parametrize(
    ("text", "families"),
    [
        ("not urgent", set()),
        ("it is not at all urgent", set()),
        ("not now. urgent", {"time"}),
        ("not, I say, urgent", {"time"}),
        ("it is not\nurgent", set()),
        ("not now\n\nurgent", {"time"}),
        ("nobody said that it would be urgent", {"time"}),
        ("not that there is no rush", {"calm"}),
    ],
)
def test_a_not_shortly_before_turns_a_phrase_round_but_not_one_that_is_believed(
    text: str, families: set[str]
) -> None:
    assert WORDS.families_in(text).keys() == families


def test_the_no_of_one_phrase_does_not_deny_the_next() -> None:
    assert WORDS.families_in("no heating, urgent").keys() == {"heat", "time"}
    assert WORDS.families_in("no heating urgent").keys() == {"heat", "time"}


def test_each_place_where_a_family_begins_counts_once() -> None:
    assert WORDS.families_in("urgent, urgent, no heat") == {"time": 2, "heat": 1}


@pytest.mark.parametrize("phrase", [".. gas", "ab* gas", "* gas"])
def test_a_phrase_that_could_begin_anywhere_is_refused(phrase: str) -> None:
    with pytest.raises(ValueError, match="smell"):
        PhraseBook({"smell": phrase})


def phrases(module: ModuleType) -> Iterator[tuple[str, str]]:
    for family, listed in vars(module).items():
        if family.isupper() and isinstance(listed, str):
            yield from ((family, phrase) for phrase in listed.replace("\n", ",").split(","))


@pytest.mark.parametrize("module", MODULES)
def test_every_phrase_that_ships_can_be_found(module: ModuleType) -> None:
    """What is spelled as no text ever is (a hyphen, a lone mark) would be dead."""
    for family, phrase in phrases(module):
        if phrase.strip():
            said = phrase.replace("#", "3").replace("*", "").replace("..", "")
            assert PhraseBook({family: phrase}).families_in(said), (family, phrase)


@pytest.mark.parametrize("module", MODULES)
def test_no_phrase_that_ships_looks_far_ahead(module: ModuleType) -> None:
    """Each gap is up to five words: two of them bound what one word can cost."""
    for family, phrase in phrases(module):
        words = phrase.split()
        assert (words.count("..") <= 2, len(words) <= 7) == (True, True), (family, phrase)


@pytest.mark.parametrize(
    "unit",
    [
        "smell ",
        "smell a ",
        "smell,",
        "smell\n",
        "not ",
        "heating is ",
        "a",
        "3",
        "'",
        ".",
        ",",
        "\n",
        "é ",
    ],
)
def test_hostile_text_costs_by_its_length(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A1.11: 100 kB of what a phrase begins with is no way to stop a worker."""
    steps = 0
    fits = phrase_book._fits

    def counted(word: str, wanted: str) -> bool:
        nonlocal steps
        steps += 1
        return fits(word, wanted)

    monkeypatch.setattr(phrase_book, "_fits", counted)
    WORDS.families_in(unit * (100_000 // len(unit)))
    assert steps <= 16 * MAX_CHARS / len(unit) + 16


def test_beyond_the_bound_nothing_is_read() -> None:
    assert WORDS.families_in(" " * (MAX_CHARS - 6) + "urgent") == {"time": 1}
    assert WORDS.families_in(" " * MAX_CHARS + "urgent") == {}


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    assert WORDS.families_in(text).keys() <= {"heat", "smell", "time", "calm"}
