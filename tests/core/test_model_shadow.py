"""Two models on the same texts: agreement, kappa, and speed, as computed by hand."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.core.model_shadow import Comparison, Heard, kappa
from app.core.score import LABELS

NEGATIVE, NEUTRAL, POSITIVE = LABELS


def compared(*pairs: tuple[str, str], **more: Any) -> dict[str, Any]:
    """The report of these labels: of the live model, then of the candidate."""
    made = Comparison(live="l6@1", candidate="l3@1")
    for at, (live, candidate) in enumerate(pairs):
        made.add(f"m{at}", more.get("text", "text"), heard(live), heard(candidate))
    return made.as_dict()


def heard(label: str, negative: float | None = None, seconds: float = 0.002) -> Heard:
    known = {NEGATIVE: 0.9, NEUTRAL: 0.2, POSITIVE: 0.05}[label]
    return Heard(label, known if negative is None else negative, seconds)


def test_agreement_and_kappa_are_those_computed_by_hand() -> None:
    """A3.1: what another model would tell the rules is known before it is live."""
    pairs = [(NEGATIVE, NEGATIVE)] * 20 + [(NEGATIVE, NEUTRAL)] * 5
    pairs += [(NEUTRAL, NEGATIVE)] * 10 + [(NEUTRAL, NEUTRAL)] * 15
    found = compared(*pairs)
    assert found["mentions"] == 50
    assert found["agreement"] == 0.7
    assert found["kappa"] == 0.4  # by chance alone 0.5 would be the same
    assert found["changed"] == 15
    assert found["confusion"][NEGATIVE] == {NEGATIVE: 20, NEUTRAL: 5, POSITIVE: 0}
    assert found["by_label"][NEGATIVE] == {"live": 25, "candidate": 30, "same": 0.8}
    assert found["by_label"][NEUTRAL] == {"live": 25, "candidate": 20, "same": 0.6}
    assert found["by_label"][POSITIVE] == {"live": 0, "candidate": 0, "same": None}


def test_two_that_always_agree_have_a_kappa_of_one() -> None:
    assert compared(*((name, name) for name in LABELS))["kappa"] == 1.0


def test_where_both_say_one_label_of_everything_kappa_is_unknown_and_not_one() -> None:
    found = compared(*[(NEUTRAL, NEUTRAL)] * 9)
    assert (found["agreement"], found["kappa"]) == (1.0, None)


def test_two_that_always_disagree_are_worse_than_chance() -> None:
    found = compared((NEGATIVE, POSITIVE), (POSITIVE, NEGATIVE))
    assert (found["agreement"], found["kappa"]) == (0.0, -1.0)


@given(st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=3, max_size=3))
def test_kappa_lies_between_minus_one_and_one_and_does_not_mind_who_is_first(
    matrix: list[list[int]],
) -> None:
    found = kappa(matrix)
    assert found is None or -1.0 <= found <= 1.0
    assert kappa([list(column) for column in zip(*matrix, strict=True)]) == found


def test_nothing_compared_is_no_figure_instead_of_a_wrong_one() -> None:
    found = compared()
    none = ("agreement", "kappa", "negative_apart")
    assert (found["mentions"], *(found[name] for name in none)) == (0, None, None, None)
    assert found["speed"]["live"] == {"p50_ms": None, "p99_ms": None, "messages_per_second": None}


def test_the_difference_of_p_negative_is_a_mean_of_absolute_ones() -> None:
    made = Comparison(live="a", candidate="b")
    made.add("m1", "x", heard(NEUTRAL, 0.3), heard(NEUTRAL, 0.1))
    made.add("m2", "x", heard(NEUTRAL, 0.1), heard(NEUTRAL, 0.4))
    assert made.as_dict()["negative_apart"] == 0.25


def test_the_mentions_furthest_apart_come_first_and_only_some_are_kept() -> None:
    made = Comparison(live="a", candidate="b")
    for at in range(30):
        made.add(f"m{at}", "x", heard(NEUTRAL, 0.0), heard(NEUTRAL, at / 100))
    furthest = made.as_dict()["furthest"]
    assert [one["mention_id"] for one in furthest] == [f"m{at}" for at in range(29, 19, -1)]
    assert furthest[0]["negative_apart"] == 0.29


def test_what_is_the_same_is_not_shown_as_apart() -> None:
    assert compared((NEUTRAL, NEUTRAL))["furthest"] == []


def test_a_long_text_is_shown_on_one_short_line() -> None:
    [one] = compared((NEGATIVE, POSITIVE), text="word\n\n word " * 90)["furthest"]
    assert len(one["text"]) == 100
    assert one["text"].startswith("word word word")
    assert one["text"].endswith("…")


def test_each_model_has_its_own_times() -> None:
    made = Comparison(live="a", candidate="b")
    for at in range(100):
        slow, fast = heard(NEUTRAL, seconds=(at + 1) / 1000), heard(NEUTRAL, seconds=0.001)
        made.add(f"m{at}", "x", slow, fast)
    speed = made.as_dict()["speed"]
    assert speed["live"] == {"p50_ms": 50.0, "p99_ms": 99.0, "messages_per_second": 19.8}
    assert speed["candidate"] == {"p50_ms": 1.0, "p99_ms": 1.0, "messages_per_second": 1000.0}
