"""A candidate that makes no sense of plain texts is found out, one with an odd text is not."""

from __future__ import annotations

from app.core.model_changes import BAD, GOOD, nonsense

SAD = {"negative": 0.8, "neutral": 0.1, "positive": 0.1}
GLAD = {"negative": 0.1, "neutral": 0.1, "positive": 0.8}
CALM = {"negative": 0.2, "neutral": 0.6, "positive": 0.2}
DULL = {"negative": 0.3, "neutral": 0.6, "positive": 0.1}  # neutral, and rather sad than glad


def test_a_model_that_hears_complaints_and_thanks_makes_sense() -> None:
    assert nonsense([SAD] * len(BAD), [GLAD] * len(GOOD)) == []


def test_a_model_may_be_careful_and_may_miss_one_text_of_each_kind() -> None:
    assert nonsense([DULL, SAD, SAD, GLAD], [GLAD, GLAD, GLAD, SAD]) == []


def test_a_model_with_its_labels_mixed_up_is_told_so_for_both_kinds() -> None:
    told = nonsense([GLAD] * len(BAD), [SAD] * len(GOOD))
    assert len(told) == 2
    assert "4 of 4 plain complaints that they are no more negative than positive" in told[0]
    assert "4 of 4 plain thanks that they are no more positive than negative" in told[1]


def test_a_model_that_says_the_same_of_everything_makes_no_sense() -> None:
    for same in (SAD, GLAD, CALM):
        assert nonsense([same] * len(BAD), [same] * len(GOOD)) != []


def test_two_missed_of_one_kind_are_too_many() -> None:
    assert nonsense([SAD, SAD, GLAD, GLAD], [GLAD] * len(GOOD)) != []
