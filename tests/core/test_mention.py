"""What a mention is: its identity, its wording, its times, and whose it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.facts import OPS, OUTCOMES, Fact
from app.core.mention import BEFORE_2000, FUTURE_TOLERANCE, IN_FUTURE, clamp, mention_id_of
from app.core.profile import handle_key
from tests.builders import NOON, mention


def test_a_mention_id_is_the_sha256_of_channel_and_source_id() -> None:
    assert mention_id_of("x", "42") == sha256(b"x|42").hexdigest()


def test_the_same_source_id_on_two_channels_is_two_mentions() -> None:
    assert mention_id_of("x", "42") != mention_id_of("email", "42")


def test_an_edit_of_the_words_changes_the_content_hash() -> None:
    assert mention(text="Help").content_hash != mention(text="Help!").content_hash


@pytest.mark.parametrize("other", [{"handle": "@lee"}, {"in_reply_to": "7"}])
def test_another_author_or_thread_is_another_wording(other: dict[str, str]) -> None:
    assert mention().content_hash != mention(**other).content_hash


@pytest.mark.parametrize("other", [{"url": "https://x.test/1"}, {"meta": {"likes": 3}}])
def test_figures_that_a_source_updates_do_not_make_an_edit(other: dict[str, object]) -> None:
    assert mention().content_hash == mention(**other).content_hash


def test_the_parts_of_the_wording_cannot_slide_into_one_another() -> None:
    assert (
        mention(handle="ab", text="c").content_hash != mention(handle="a", text="bc").content_hash
    )


def test_a_time_just_inside_the_tolerance_is_believed() -> None:
    moment = NOON + FUTURE_TOLERANCE
    assert clamp(moment, NOON) == (moment, "")


def test_a_time_beyond_the_tolerance_is_clamped_to_now_and_said() -> None:
    assert clamp(NOON + FUTURE_TOLERANCE + timedelta(seconds=1), NOON) == (NOON, IN_FUTURE)


def test_a_time_in_the_past_is_kept_however_old_that_a_clock_may_have_shown() -> None:
    moment = datetime(2000, 1, 1, tzinfo=UTC)
    assert clamp(moment, NOON) == (moment, "")


def test_a_time_that_nobody_read_off_a_clock_is_now_and_said() -> None:
    for moment in (
        datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
    ):
        assert clamp(moment, NOON) == (NOON, BEFORE_2000)


def test_time_lost_before_us_runs_from_the_words_to_the_detection() -> None:
    assert mention(posted_at=NOON - timedelta(minutes=7)).lost_before_us_s == 420


def test_no_time_is_lost_where_the_source_tells_none_or_runs_ahead() -> None:
    assert mention().lost_before_us_s == 0
    assert mention(posted_at=NOON + timedelta(seconds=9)).lost_before_us_s == 0


@pytest.mark.parametrize("handle", ["@Kim", "kim", " KIM ", "@kim "])
def test_a_handle_is_the_same_with_or_without_at_sign_and_case(handle: str) -> None:
    """A2.1: the interaction finds its contact record by the exact handle."""
    assert handle_key("x", handle) == "x:kim"


def test_handles_of_two_channels_are_two_keys() -> None:
    """A2.1: nobody is merged across channels by a mere likeness of names."""
    assert handle_key("x", "kim") != handle_key("email", "kim")


@given(st.text(min_size=1, max_size=40))
def test_a_handle_key_is_stable_when_built_again(handle: str) -> None:
    key = handle_key("x", handle)
    assert handle_key("x", key.removeprefix("x:")) in (key, key.replace("@", "", 1).strip())


def test_a_fact_is_named_by_its_operation_so_that_twice_is_once() -> None:
    fact = Fact(op="received", op_id="intake:7", now_ms=1)
    assert fact.fact_id == "intake:7/received"
    assert fact.as_dict()["fact_id"] == fact.fact_id


def test_every_outcome_is_an_operation_of_the_ledger() -> None:
    assert set(OUTCOMES) <= set(OPS)
