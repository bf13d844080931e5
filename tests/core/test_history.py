"""The fold from facts to the contact history, and the figures that facts carry."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.history import entry_of, standing_of
from app.core.outcomes import Measure, measure
from tests.builders import NOON_MS

WHO = {"m1": ("x:kim", "x")}
SAID = {"mention": {"author": {"handle": "@kim"}, "text": "Help", "channel": "x"}}


def fact(op: str, **given: Any) -> dict[str, Any]:
    base = {"fact_id": f"o/{op}", "op": op, "mention_id": "m1", "now_ms": NOON_MS, "rep": "ann"}
    return base | {"reason": "", "data": {}, "queue": "service"} | given


def test_what_a_customer_said_is_a_line_of_the_history() -> None:
    """A7.1: the conversation is kept for future use."""
    entry = entry_of(fact("received", data=SAID), WHO)
    assert entry
    assert (entry.kind, entry.by, entry.text) == ("said", "@kim", "Help")
    assert (entry.handle_key, entry.channel, entry.at_ms) == ("x:kim", "x", NOON_MS)


def test_an_edit_and_a_reply_and_the_closing_are_lines_too() -> None:
    """A7.1: the response is stored beside what it answers."""
    edited = entry_of(fact("edited", data=SAID), WHO)
    replied = entry_of(fact("replied", data={"text": "On it"}), WHO)
    completed = entry_of(fact("completed", reason="resolved", data={"note": "called"}), WHO)
    assert [e and (e.kind, e.by, e.text) for e in (edited, replied, completed)] == [
        ("edited", "@kim", "Help"),
        ("replied", "ann", "On it"),
        ("completed", "ann", "resolved called"),
    ]


@pytest.mark.parametrize("op", ["scored", "identified", "offered", "at_risk", "dead", "configured"])
def test_inner_workings_are_no_lines_of_the_history(op: str) -> None:
    assert entry_of(fact(op), WHO) is None


@pytest.mark.parametrize(
    ("op", "status"),
    [
        ("queued", "waiting"),
        ("offered", "offered"),
        ("rejected", "waiting"),
        ("timed_out", "waiting"),
        ("transferred", "waiting"),
        ("accepted", "in work"),
        ("replied", "answered"),
        ("completed", "completed"),
    ],
)
def test_a_fact_puts_its_mention_where_it_stands(op: str, status: str) -> None:
    """A7.1: the status of every interaction is tracked."""
    standing = standing_of(fact(op), WHO)
    assert standing
    assert (standing.status, standing.queue) == (status, "service")


def test_a_decision_without_a_queue_closes_the_mention() -> None:
    closed = standing_of(fact("decided", queue="", data={"decision": {"queue": ""}}), WHO)
    assert closed
    assert closed.status == "closed"


def test_a_decision_for_a_queue_waits_for_the_task() -> None:
    assert standing_of(fact("decided", data={"decision": {"queue": "service"}}), WHO) is None


def test_a_new_mention_stands_with_its_customer_and_time() -> None:
    standing = standing_of(fact("received", data=SAID), WHO)
    assert standing
    assert (standing.handle_key, standing.channel, standing.detected_ms) == ("x:kim", "x", NOON_MS)


def test_the_first_offer_measures_the_time_from_detection() -> None:
    """A5.2: how near to real time we are is measured for every task."""
    first = fact("offered", data={"attempt": 1, "detected_ms": NOON_MS - 1500})
    assert measure(first) == Measure(offer="offered", to_offer_s=1.5)


def test_a_second_offer_measures_nothing_again() -> None:
    again = fact("offered", data={"attempt": 2, "detected_ms": NOON_MS - 1500})
    assert measure(again) == Measure(offer="offered")


def test_the_first_reply_in_time_counts_as_met_once() -> None:
    """A5.1: responses within the window are counted."""
    first = fact("replied", data={"first": True, "sla": "met", "response_ms": 60_000})
    later = fact("replied", data={"first": False, "sla": "met", "response_ms": 90_000})
    closing = fact("completed", data={"answered": True, "sla": "met"})
    assert [measure(f) for f in (first, later, closing)] == [
        Measure(sla="met", response_s=60.0),
        Measure(),
        Measure(),
    ]


def test_a_late_reply_does_not_count_as_met() -> None:
    late = fact("replied", data={"first": True, "sla": "breached", "response_ms": 1_900_000})
    assert measure(late) == Measure(response_s=1900.0)


def test_closing_without_an_answer_in_time_counts_as_met() -> None:
    closing = fact("completed", data={"answered": False, "sla": "met"})
    assert measure(closing) == Measure(sla="met")


@pytest.mark.parametrize("op", ["at_risk", "breached"])
def test_each_threshold_is_counted(op: str) -> None:
    assert measure(fact(op)) == Measure(sla=op)


def test_a_fact_without_figures_measures_nothing() -> None:
    assert measure({"op": "received", "now_ms": 1}) == Measure()
