"""What `make bench-model` makes of its figures, and the long texts that it measures."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from app.adapters.labelled_lines import Labelled
from app.core.evaluation import NEGATIVE, POLARITY, POSITIVE
from benchmarks import model_others
from benchmarks.long_texts import EACH, long_texts
from benchmarks.model import FILES
from benchmarks.model_page import plot, table

# In the order of their sources, as the real file is: three parts, both moods in each.
SENTENCES = [
    (f"{mood} {part} {at}", mood) for part in "abc" for at in range(100) for mood in POLARITY
]


@pytest.fixture(scope="module")
def made() -> dict[str, Labelled]:
    return long_texts(
        Labelled(tuple(t for t, _ in SENTENCES), tuple(m for _, m in SENTENCES), POLARITY)
    )


def counts(text: str) -> dict[str, int]:
    return {mood: text.count(f"{mood} ") for mood in POLARITY}


def test_long_texts_have_as_many_of_each_mood_and_are_the_same_in_every_run(made: Any) -> None:
    for of in made.values():
        assert of.labels.count(NEGATIVE) == of.labels.count(POSITIVE) == EACH
    again = long_texts(
        Labelled(tuple(t for t, _ in SENTENCES), tuple(m for _, m in SENTENCES), POLARITY)
    )
    assert made == again


@pytest.mark.parametrize(("name", "mine", "theirs"), [("turned", 8, 5), ("aside", 8, 2)])
def test_a_turn_has_sentences_of_both_moods_and_the_label_of_most(
    made: Any, name: str, mine: int, theirs: int
) -> None:
    for text, label in zip(made[name].texts, made[name].labels, strict=True):
        assert sorted(counts(text).values()) == [theirs, mine]
        assert counts(text)[label] == mine
        first = text.partition(" But ")[0]
        assert (counts(first)[label] > 0) == (name == "aside")


def test_a_long_text_is_of_one_source_and_says_nothing_twice(made: Any) -> None:
    for of in made.values():
        for text in of.texts:
            said = re.findall(r"(?:negative|positive) ([abc]) \d+", text)
            assert len(set(said)) == 1
            sentences = re.findall(r"(?:negative|positive) [abc] \d+", text)
            assert len(set(sentences)) == len(sentences)


def row(tag: str, windows: bool = False) -> dict[str, Any]:
    sets = {} if windows else {name: {"ece": 0.0341} for name in FILES}
    figures = dict.fromkeys(("written", "one mood", "turned", "aside"), 0.9)
    if not windows:
        figures |= dict.fromkeys(FILES, 0.756)
        figures |= {"a CPU-second": 390.4, "batch-1 p50": 3.0, "p99": 5.4}
    details = {"tag": tag, "windows": windows, "sets": sets, "long": {"one mood": {}}}
    return {"figures": figures, "details": details, "load": [0.5, 1.2], "note": "23 MB"}


def test_the_table_has_a_line_for_each_model_and_none_calibrates_a_word_list() -> None:
    lines = table([row("VADER"), row("l6@1"), row("l6@1", windows=True)]).splitlines()
    assert [line for line in lines if line.startswith("| VADER | 75.6 |")]
    assert "0.034" in next(line for line in lines if line.startswith("| l6@1 | 75.6"))
    assert "0.034" not in next(line for line in lines if line.startswith("| VADER | 75.6"))
    assert "| l6@1, by windows | 90.0 | 90.0 | 90.0 | 90.0 |" in lines


def test_the_plot_is_well_formed_and_no_point_lies_outside() -> None:
    points = [('<fast> & "odd"', 17_000.0, 0.6, False), ("l6", 390.0, 0.73, True)]
    root = ElementTree.fromstring(plot(points))  # noqa: S314 (our own)
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    dots = [e for e in root.iter() if e.tag.endswith("circle")]
    places = [(float(d.attrib["cx"]), float(d.attrib["cy"])) for d in dots]
    assert len(places) == 2
    assert all(0 < x < width and 0 < y < height for x, y in places)
    slow, fast = places  # in the order of their speed, as names go above and below in turn
    assert slow[0] < fast[0]
    assert slow[1] < fast[1]  # the better one is above


def test_one_model_alone_can_be_plotted() -> None:
    ElementTree.fromstring(plot([("l6", 1000.0, 0.7, True)]))  # noqa: S314 (our own)


def test_without_its_packages_it_says_which_group_is_expected() -> None:
    with pytest.raises(SystemExit, match="dependency group `bench`"):
        model_others._module("no_such_package_of_ours")
