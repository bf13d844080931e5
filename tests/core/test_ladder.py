"""The ladder: down at once, up in peace, and at the top when nothing waits."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.ladder import (
    CASCADE,
    FAST,
    FULL,
    LEXICON,
    RUNGS,
    TOP,
    Ladder,
    Standing,
    wrong_rungs,
    wrong_waits,
)

LADDER = Ladder(rungs=RUNGS, until_ms=(1000, 4000, 15000), calm_ms=10_000)
WAITS = st.one_of(st.sampled_from([0, 1000, 1001, 4000, 4001, 15000, 15001]), st.integers(0, 20000))
LOOKS = st.lists(st.tuples(st.integers(0, 30_000), WAITS), min_size=1, max_size=60)


def walk(looks: list[tuple[int, int]], start: Standing = TOP) -> list[tuple[int, int, Standing]]:
    """Every look as (time, wait, standing after it); the first of each pair is the pause before."""
    found, standing, now = [], start, 0
    for pause, waited in looks:
        now += pause
        standing = LADDER.after(standing, waited, now)
        found.append((now, waited, standing))
    return found


@pytest.mark.parametrize(
    ("waited_ms", "rung"),
    [(0, FULL), (1000, FULL), (1001, CASCADE), (4001, FAST), (15_000, FAST), (15_001, LEXICON)],
)
def test_a_wait_leads_down_at_once_as_far_as_it_asks_for(waited_ms: int, rung: str) -> None:
    """A1.11: mentions wait no longer than a rung's time before a cheaper one takes over."""
    assert LADDER.rungs[LADDER.after(TOP, waited_ms, 0).rung] == rung


@given(LOOKS)
def test_no_look_leaves_it_above_what_the_wait_asks_for(looks: list[tuple[int, int]]) -> None:
    assert all(s.rung >= LADDER.wanted(waited) for _, waited, s in walk(looks))


@given(st.integers(0, 20_000), st.integers(0, 20_000), LOOKS)
def test_whoever_waits_longer_never_gets_a_better_rung(
    one: int, other: int, looks: list[tuple[int, int]]
) -> None:
    now, _, was = walk(looks)[-1]
    shorter, longer = sorted((one, other))
    assert LADDER.after(was, shorter, now).rung <= LADDER.after(was, longer, now).rung


@given(LOOKS)
def test_each_step_up_is_one_rung_after_a_whole_calm_time(looks: list[tuple[int, int]]) -> None:
    seen = [(0, 0, TOP), *walk(looks)]
    changed_ms = loud_ms = 0  # when it last moved; when a better rung was last not enough
    for (_, _, was), (now, waited, is_) in pairwise(seen):
        if is_.rung < was.rung:
            assert is_.rung == was.rung - 1
            assert now - max(changed_ms, loud_ms) >= LADDER.calm_ms
        if LADDER.wanted(waited) >= was.rung:
            loud_ms = now
        if is_.rung != was.rung:
            changed_ms = now


@given(LOOKS)
def test_in_the_end_it_is_at_the_top_when_nothing_waits(looks: list[tuple[int, int]]) -> None:
    *_, (_, _, was) = walk(looks)
    calm = walk([(LADDER.calm_ms, 0)] * (len(RUNGS) + 1), was)
    assert calm[-1][2] == TOP


@given(LOOKS, WAITS)
def test_looking_twice_at_the_same_moment_changes_nothing(
    looks: list[tuple[int, int]], waited: int
) -> None:
    now, _, was = walk(looks)[-1]
    once = LADDER.after(was, waited, now)
    assert LADDER.after(once, waited, now) == once


def test_a_clock_that_went_back_stretches_no_calm() -> None:
    was = Standing(rung=1, calm_since_ms=1_000_000)
    began = LADDER.after(was, 0, 5_000)
    assert LADDER.after(began, 0, 5_000 + LADDER.calm_ms) == TOP


@pytest.mark.parametrize(
    ("rungs", "right"),
    [
        (RUNGS, True),
        (("full", "lexicon"), True),
        (("lexicon",), True),
        (("full", "fast"), False),
        (("fast", "full", "lexicon"), False),
        (("full", "full", "lexicon"), False),
        (("full", "slow", "lexicon"), False),
        ((), False),
    ],
)
def test_a_ladder_goes_down_by_known_rungs_and_ends_with_words(
    rungs: tuple[str, ...], right: bool
) -> None:
    assert (wrong_rungs(rungs) == "") is right


@pytest.mark.parametrize(
    ("until_ms", "right"),
    [
        ((1, 2, 3), True),
        ((1, 2), False),
        ((1, 3, 2), False),
        ((1, 2, 2), False),
        ((0, 2, 3), False),
    ],
)
def test_each_rung_but_the_last_has_a_longer_wait_than_the_one_above(
    until_ms: tuple[int, ...], right: bool
) -> None:
    assert (wrong_waits(RUNGS, until_ms) == "") is right
