"""The backlog: what a batch tells of the wait behind it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.core.backlog import Backlog

FULL = 64
TIMES = st.integers(0, 2_000_000_000_000)


def behind(*batches: tuple[int, int, int]) -> Backlog:
    """After these batches: (how many, the oldest one's time, taken when)."""
    backlog = Backlog(full=FULL)
    for batch in batches:
        backlog.took(*batch)
    return backlog


def test_full_batches_wait_as_long_as_their_oldest_mention() -> None:
    assert behind((3, 0, 1_000), (FULL, 1_500, 4_000)).waited_ms(4_100) == 2_600


def test_a_batch_that_is_not_full_has_no_wait_behind_it() -> None:
    """Whatever a stranger's clock says: history that is replayed is not an overload."""
    assert behind((3, 0, 1_000), (FULL - 1, 7, 4_000)).waited_ms(4_000) == 0


def test_what_waited_before_we_came_is_not_held_against_the_model() -> None:
    assert behind((FULL, 5, 60_000)).waited_ms(60_100) == 100


def test_a_mention_of_an_unknown_time_waits_since_the_queue_was_last_empty() -> None:
    assert behind((3, 0, 1_000), (FULL, 0, 4_000)).waited_ms(4_000) == 3_000


def test_waiting_for_another_part_is_no_backlog_of_scoring() -> None:
    backlog = behind((3, 0, 1_000), (FULL, 1_500, 4_000))
    backlog.away()
    assert backlog.waited_ms(89_000) == 0
    backlog.back(90_000)
    assert backlog.waited_ms(90_250) == 250
    backlog.took(FULL, 1_600, 91_000)
    assert backlog.waited_ms(91_000) == 1_000


def test_nothing_waits_between_two_batches() -> None:
    backlog = behind((FULL, 1, 1_000))
    backlog.settled(2_000)
    backlog.back(2_000)
    assert backlog.waited_ms(99_000) == 0


def test_a_burst_after_an_idle_time_has_waited_since_it_came() -> None:
    """Whatever its times say: while nothing came, the queue was empty."""
    backlog = behind((3, 0, 1_000))
    backlog.settled(1_100)
    backlog.took(FULL, 5, 601_000)
    assert backlog.waited_ms(601_500) == 500


def test_a_full_batch_right_after_another_one_has_waited_behind_it() -> None:
    backlog = behind((3, 0, 1_000), (FULL, 1_000, 1_100))
    backlog.settled(8_000)
    backlog.took(FULL, 1_200, 8_010)
    assert backlog.waited_ms(8_010) == 6_810


@given(st.lists(st.tuples(st.integers(1, 2 * FULL), TIMES, TIMES), min_size=1), TIMES)
def test_whatever_clocks_say_no_wait_is_below_zero_or_longer_than_we_work(
    batches: list[tuple[int, int, int]], now: int
) -> None:
    waited = behind(*batches).waited_ms(now)
    assert 0 <= waited <= max(0, now - min(taken for *_, taken in batches))
