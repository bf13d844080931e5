"""The figures of a model: as computed by hand, and as they must behave on anything."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.core.evaluation import (
    COMPLAINT,
    POLARITY,
    Report,
    auc,
    calibration_error,
    classes_of,
    evaluate,
    label_of,
    shares,
    spread,
)
from app.core.heads import HEADS
from app.core.score import LABELS

CERTAIN = {"negative": (1.0, 0.0, 0.0), "neutral": (0.0, 1.0, 0.0), "positive": (0.0, 0.0, 1.0)}


def of(truth: str, said: str) -> Report:
    """Labels by their first letters: n, u (neutral), p."""
    names = {"n": "negative", "u": "neutral", "p": "positive"}
    return evaluate(LABELS, [names[t] for t in truth], [CERTAIN[names[s]] for s in said])


def test_recall_accuracy_and_f1_are_those_computed_by_hand() -> None:
    report = of("nnuppp", "nuupnp")
    assert report.matrix == ((1, 1, 0), (0, 1, 0), (1, 0, 2))
    assert report.recall == {"negative": 1 / 2, "neutral": 1.0, "positive": 2 / 3}
    assert report.macro_recall == pytest.approx((1 / 2 + 1 + 2 / 3) / 3)
    assert report.accuracy == pytest.approx(4 / 6)
    assert report.f1 == pytest.approx({"negative": 1 / 2, "neutral": 2 / 3, "positive": 4 / 5})
    assert report.macro_f1 == pytest.approx((1 / 2 + 2 / 3 + 4 / 5) / 3)


def test_a_class_that_is_not_in_the_set_has_no_part_in_averages() -> None:
    report = of("nnpp", "nupp")
    assert "neutral" not in report.recall
    assert report.macro_recall == pytest.approx((1 / 2 + 1) / 2)


def test_a_class_that_is_never_said_has_no_recall_and_no_f1_but_counts() -> None:
    report = of("nup", "nnp")
    assert (report.recall["neutral"], report.f1["neutral"]) == (0.0, 0.0)
    assert report.macro_recall == pytest.approx(2 / 3)


def test_the_calibration_error_is_that_computed_by_hand() -> None:
    # Two at 0.9 of which one is right, two at 0.6 that are both right: (0.8 + 0.8) / 4.
    assert calibration_error([0.9, 0.9, 0.6, 0.6], [True, False, True, True]) == pytest.approx(0.4)


def test_a_confidence_of_one_lies_in_the_last_bin() -> None:
    assert calibration_error([1.0, 0.95], [False, True]) == pytest.approx(0.95 / 2)


def test_the_area_under_the_curve_counts_equals_half() -> None:
    assert auc([0.9, 0.8, 0.7, 0.7], [True, False, True, False]) == pytest.approx(2.5 / 4)
    assert auc([0.1, 0.2], [True, True]) is None


@pytest.mark.parametrize(
    ("raw", "label"),
    [
        ("negative", "negative"), ("Neutral ", "neutral"), ("POS", "positive"), ("neg", "negative"),
        (0, "negative"), (1, "neutral"), ("2", "positive"), ("complaint", "complaint"),
    ],
)  # fmt: skip
def test_labels_are_understood_as_words_and_numbers(raw: object, label: str) -> None:
    assert label_of(raw)[0] == label


@pytest.mark.parametrize("raw", ["card_arrival", 3, -1, True, None, 0.0, [], ""])
def test_any_other_label_is_refused_with_those_that_are_expected(raw: object) -> None:
    with pytest.raises(Invalid, match="Expected negative, neutral, positive"):
        label_of(raw)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ("negative positive", POLARITY),
        ("negative neutral positive", LABELS),
        ("negative", LABELS),
        ("negative neutral", LABELS),
        ("other complaint", COMPLAINT),
        ("service none", HEADS["pillar"]),
        ("none", HEADS["emotion"]),
    ],
)
def test_the_labels_say_what_is_asked(labels: str, classes: tuple[str, ...]) -> None:
    assert classes_of(labels.split()) == classes


def test_labels_of_two_kinds_and_none_are_refused() -> None:
    with pytest.raises(Invalid, match="labels of one kind"):
        classes_of(["complaint", "negative"])
    with pytest.raises(Invalid, match="one labelled text or more"):
        classes_of([])


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ("negative neutral", "0 and 1 alone, of which 1 may mean positive"),
        ("neutral positive", "1 and 2 alone, of which 1 may mean negative"),
        ("neutral", "1 alone, of which 1 may mean positive"),
    ],
)
def test_a_one_that_may_mean_another_mood_than_neutral_is_refused(labels: str, told: str) -> None:
    with pytest.raises(Invalid, match=told):
        classes_of(labels.split(), only_numbers=True)
    assert classes_of(labels.split()) == LABELS  # said in words


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ("negative positive", POLARITY),
        ("negative neutral positive", LABELS),
        ("negative", LABELS),
        ("positive", LABELS),
    ],
)
def test_numbers_that_mean_one_thing_alone_are_understood(
    labels: str, classes: tuple[str, ...]
) -> None:
    assert classes_of(labels.split(), only_numbers=True) == classes


def test_polarity_leaves_neutral_out_and_a_complaint_is_what_is_negative() -> None:
    row = {"negative": 0.3, "neutral": 0.6, "positive": 0.1}
    assert shares(POLARITY, row) == pytest.approx((0.75, 0.25))
    assert shares(COMPLAINT, row) == pytest.approx((0.3, 0.7))
    assert shares(POLARITY, {"negative": 0.0, "neutral": 1.0, "positive": 0.0}) == (0.5, 0.5)


def test_no_texts_are_refused() -> None:
    with pytest.raises(Invalid, match="none"):
        evaluate(LABELS, [], [])


rows = st.lists(
    st.tuples(
        st.sampled_from(LABELS),
        st.lists(st.floats(0.01, 1.0), min_size=3, max_size=3).map(
            lambda of: tuple(p / sum(of) for p in of)
        ),
    ),
    min_size=1,
    max_size=40,
)


@given(rows)
def test_figures_lie_between_zero_and_one_and_count_every_text(
    examples: list[tuple[str, tuple[float, ...]]],
) -> None:
    report = evaluate(LABELS, [label for label, _ in examples], [row for _, row in examples])
    assert sum(map(sum, report.matrix)) == report.n == len(examples)
    for figure in (report.macro_recall, report.accuracy, report.macro_f1, report.ece):
        assert 0.0 <= figure <= 1.0 + 1e-9


@given(rows, st.randoms(use_true_random=False))
def test_neither_the_order_nor_a_second_copy_of_all_changes_anything(
    examples: list[tuple[str, tuple[float, ...]]], chance: object
) -> None:
    shuffled = examples * 2
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = (
        evaluate(LABELS, [label for label, _ in each], [row for _, row in each])
        for each in (examples, shuffled)
    )
    for name in ("macro_recall", "accuracy", "macro_f1", "ece"):
        assert getattr(one, name) == pytest.approx(getattr(other, name))


@given(st.lists(st.sampled_from(LABELS), min_size=1, max_size=20))
def test_who_is_certain_and_right_has_full_marks(truth: list[str]) -> None:
    report = evaluate(LABELS, truth, [CERTAIN[label] for label in truth])
    assert (report.macro_recall, report.accuracy, report.macro_f1) == (1.0, 1.0, 1.0)
    assert report.ece == 0.0


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=30))
def test_the_area_of_the_opposite_is_what_is_missing_to_one(
    scored: list[tuple[float, bool]],
) -> None:
    scores, yes = [s for s, _ in scored], [y for _, y in scored]
    area, opposite = auc(scores, yes), auc([-s for s in scores], yes)
    assert (area is None) == (len(set(yes)) < 2)
    if area is not None and opposite is not None:
        assert area + opposite == pytest.approx(1.0)


@given(st.integers(1, 500), st.integers(1, 500))
def test_a_part_of_a_file_is_taken_evenly(count: int, most: int) -> None:
    taken = spread(count, most)
    assert len(taken) == min(count, most) == len(set(taken))
    assert taken[0] == 0
    gaps = [b - a for a, b in pairwise(taken)]
    assert not gaps or max(gaps) - min(gaps) <= 1
