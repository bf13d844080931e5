"""The past of a handle, as rules ask for it: counted to the detection, the mention itself aside."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from app.core.history import Folded, Matter, fold
from app.core.past import MOST, NO_PAST, NO_PAST_VALUES, PAST_VARIABLES, Earlier, earlier
from app.core.past import past_values as values_of
from app.core.rules import NEVER
from tests.builders import NOON_MS

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
OWN = "f" * 64


def said(id_: str, ago_ms: int, status: str = "closed", **given: Any) -> Earlier:
    fields = {"sentiment": "", "breached": False, "replied_ms": 0} | given
    return Earlier(id=id_, at_ms=NOON_MS - ago_ms, status=status, **fields)


def values(*past: Earlier) -> dict[str, Any]:
    return dict(values_of(past, OWN, NOON_MS))


def counts(*past: Earlier) -> tuple[int, int, int]:
    found = values(*past)
    within_hour = found["history.mentions_1h"]
    return within_hour, found["history.mentions_48h"], found["history.mentions_30d"]


def test_of_somebody_who_was_never_heard_nothing_is_known() -> None:
    assert values(*NO_PAST) == NO_PAST_VALUES
    assert NO_PAST_VALUES["history.days_since_mention"] == NEVER
    assert {name: type(value) for name, value in NO_PAST_VALUES.items()} == PAST_VARIABLES


def test_mentions_are_counted_within_an_hour_two_days_and_thirty() -> None:
    """A4.2: repeat contact, such as the third time within two days."""
    edges = (HOUR_MS - 1, HOUR_MS, 2 * DAY_MS - 1, 2 * DAY_MS, 30 * DAY_MS - 1, 30 * DAY_MS)
    assert counts(*(said(str(ago_ms), ago_ms) for ago_ms in edges)) == (1, 3, 5)


def test_the_mention_in_hand_is_not_part_of_its_own_past() -> None:
    assert counts(said(OWN[:12], 5_000), said("other", 6_000)) == (1, 1, 1)
    assert values(said(OWN[:12], 5_000)) == NO_PAST_VALUES


def test_what_comes_late_counts_what_was_said_after_it_as_said_just_before() -> None:
    found = values(said("after", -90_000))
    assert (found["history.mentions_1h"], found["history.days_since_mention"]) == (1, 0.0)


@pytest.mark.parametrize(
    ("status", "replied_ms", "open_tasks", "unanswered"),
    [
        ("waiting", 0, 1, 1),
        ("offered", 0, 1, 1),
        ("in work", 0, 1, 1),
        ("parked", 0, 1, 1),
        ("answered", NOON_MS - 5, 1, 0),
        ("waiting", NOON_MS - 5, 1, 0),
        ("completed", NOON_MS - 5, 0, 0),
        ("completed", 0, 0, 0),
        ("cancelled", 0, 0, 0),
        ("closed", 0, 0, 0),
        ("received", 0, 0, 0),
    ],
)
def test_what_is_open_and_what_nobody_has_answered_yet(
    status: str, replied_ms: int, open_tasks: int, unanswered: int
) -> None:
    found = values(said("a", 5_000, status, replied_ms=replied_ms))
    assert (found["history.open_tasks"], found["history.unanswered"]) == (open_tasks, unanswered)


def test_the_last_mood_and_status_are_those_of_the_mention_before() -> None:
    found = values(
        said("new", DAY_MS // 2, "in work", sentiment="negative"),
        said("old", DAY_MS, "completed", sentiment="positive", breached=True),
        said("older", 2 * DAY_MS, "completed", breached=True),
    )
    assert (found["history.last_sentiment"], found["history.last_status"]) == (
        "negative",
        "in work",
    )
    assert (found["history.breached_30d"], found["history.days_since_mention"]) == (2, 0.5)
    assert {name: type(value) for name, value in found.items()} == PAST_VARIABLES


def test_a_row_of_the_mentions_is_one_mention_of_the_past() -> None:
    row = SimpleNamespace(
        mention_id=OWN,
        detected_ms=NOON_MS - DAY_MS,
        status="waiting",
        sentiment="neutral",
        breached_ms=5,
        replied_ms=0,
        cases=2,
    )
    expected = said(OWN[:12], DAY_MS, "waiting", sentiment="neutral", breached=True, cases=2)
    assert earlier(row) == expected
    assert MOST >= 3


def fact(op: str, data: dict[str, Any]) -> dict[str, Any]:
    told = {"op": op, "mention_id": "m1", "fact_id": op, "seq": 1, "now_ms": NOON_MS, "rep": "ann"}
    return told | {"actor": {"id": "ann"}, "data": data}


BEFORE = Matter(mention_id="m1", handle_key="x:kim", channel="x", status="in work", changed_ms=5)


def folded(told: dict[str, Any]) -> Matter:
    return fold([told], Folded(matters={"m1": BEFORE})).matters["m1"]


SAID = {"mention": {"channel": "x", "author": {"handle": "@kim"}, "text": "Hi"}}
SCORE = {"score": {"sentiment": {"label": "negative"}}}


@pytest.mark.parametrize(
    ("op", "data", "expected"),
    [
        ("scored", SCORE, ("in work", "negative", 0, 0)),
        ("edited", SCORE | SAID, ("in work", "negative", 0, 0)),
        ("breached", {}, ("in work", "", NOON_MS, 0)),
        ("breached", {"clock": "first_response"}, ("in work", "", NOON_MS, 0)),
        ("replied", {"text": "Hi"}, ("answered", "", 0, NOON_MS)),
    ],
)
def test_mood_breach_and_reply_are_kept_with_the_mention(
    op: str, data: dict[str, Any], expected: tuple[str, str, int, int]
) -> None:
    found = folded(fact(op, data))
    assert (found.status, found.sentiment, found.breached_ms, found.replied_ms) == expected
    assert found.changed_ms == (NOON_MS if op == "replied" else BEFORE.changed_ms)


@pytest.mark.parametrize(
    ("op", "data"), [("breached", {"clock": "resolution"}), ("edited", SAID), ("at_risk", {})]
)
def test_what_says_nothing_of_them_changes_nothing(op: str, data: dict[str, Any]) -> None:
    assert folded(fact(op, data)) == BEFORE
