"""The fold from facts to the contact history, and the figures that facts carry."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from app.core.history import Folded, Matter, fold
from app.core.outcomes import Measure, measure
from tests.builders import NOON_MS
from tests.history_house import folded, mention_json

SAID: dict[str, Any] = {"mention": mention_json()}
KIM = "x:kim"


def fact(op: str, seq: int = 1, **given: Any) -> dict[str, Any]:
    base = {"seq": seq, "fact_id": f"o/{op}", "op": op, "op_id": "o", "mention_id": "m1"}
    base |= {"now_ms": NOON_MS, "rep": "ann", "task_id": "t1", "actor": {"id": "ann"}}
    return base | {"reason": "", "data": {}, "queue": "service"} | given


def known() -> Folded:
    """What was known before: m1 of @kim's was received."""
    return folded(Matter(mention_id="m1", handle_key=KIM, channel="x", status="received"))


def line_of(given: dict[str, Any]) -> tuple[str, str, str, str]:
    """Kind, by, text and upshot of the line that this fact makes."""
    [entry] = fold([given], known()).entries.values()
    assert (entry.handle_key, entry.channel, entry.at_ms) == (KIM, "x", NOON_MS)
    return (entry.kind, entry.by, entry.text, entry.upshot)


def matter_after(*facts: dict[str, Any]) -> Matter:
    return fold(facts, known()).matters["m1"]


def test_a_post_stands_in_its_thread_with_how_its_author_was_known() -> None:
    """A11.2, A11.5: thread and standing are those of the post, the word that of its decision."""
    standing = {"role": "regular", "posts": 7, "accepted": 12, "kudos": 0, "trust": 0}
    place = {"thread": "t-1", "position": "answer", "title": "", "url": "", "standing": standing}
    said = {"mention": mention_json(community=place)}
    values = {"community.ally": True}
    decided = {"decision": {"queue": "service"}, "values": values}
    found = fold([fact("received", data=said), fact("decided", 2, data=decided)], Folded())
    [matter] = found.written()
    assert (matter.thread, matter.position, matter.known_as) == ("x:t-1", "answer", "ally")
    assert orjson.loads(matter.standing) == standing
    [plain] = fold([fact("received", data=SAID)], Folded()).written()
    assert (plain.thread, plain.position, plain.standing, plain.known_as) == ("", "", "", "")


def test_a_mention_is_a_line_of_the_history_and_a_matter() -> None:
    """A7.1: the conversation is kept for future use."""
    found = fold([fact("received", data=SAID)], Folded())
    [entry] = found.entries.values()
    assert (entry.kind, entry.by, entry.text, entry.handle_key) == ("said", "@kim", "Help", KIM)
    [matter] = found.written()
    assert (matter.status, matter.handle_key, matter.detected_ms) == ("received", KIM, NOON_MS)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (fact("edited", data=SAID), ("edited", "@kim", "Help", "")),
        (fact("replied", data={"text": "On it"}), ("replied", "ann", "On it", "")),
        (
            fact("completed", reason="resolved", data={"note": "called"}),
            ("completed", "ann", "called", "resolved"),
        ),
        (fact("cancelled", reason="spam"), ("cancelled", "ann", "spam", "cancelled")),
        (
            fact("decided", reason="Nobody asks.", data={"decision": {"queue": "", "rule": "r"}}),
            ("closed", "r", "Nobody asks.", "closed_by_rule"),
        ),
        (
            fact("handed_off", data={"kind": "handoff", "partner": "crm"}),
            ("handed_off", "crm", "", ""),
        ),
        (
            fact("sent", data={"by": "rule:hi", "text": "We have it."}),
            ("sent", "rule:hi", "We have it.", ""),
        ),
        (
            fact("not_sent", reason="They asked us to stop", data={"by": "rep:ann"}),
            ("not_sent", "rep:ann", "They asked us to stop", ""),
        ),
        (
            fact("case_opened", data={"case": "c1", "title": "Late bag", "rule": "late"}),
            ("case_opened", "late", "Late bag", ""),
        ),
        (
            fact("case_closed", reason="Found", data={"case": "c1", "title": "Late bag"}),
            ("case_closed", "ann", "Found", ""),
        ),
    ],
    ids=lambda value: value["op"] if isinstance(value, dict) else "",
)
def test_what_was_said_and_done_is_a_line(
    given: dict[str, Any], line: tuple[str, str, str, str]
) -> None:
    """A7.1, A7.2: edits, responses and how it ended are lines as well."""
    assert line_of(given) == line


@pytest.mark.parametrize(
    "op", ["scored", "identified", "offered", "at_risk", "dead", "configured", "duplicate"]
)
def test_inner_workings_are_no_lines_of_the_history(op: str) -> None:
    assert fold([fact(op)], known()).entries == {}


def test_that_an_agents_reply_got_out_is_no_second_line() -> None:
    assert fold([fact("sent", data={"by": "rep:ann"})], known()).entries == {}


def test_a_stage_told_to_a_partner_is_no_hand_off() -> None:
    told = fact("handed_off", data={"kind": "status", "partner": "crm"})
    assert fold([told], known()).entries == {}


@pytest.mark.parametrize(
    ("op", "status"),
    [
        ("queued", "waiting"),
        ("offered", "offered"),
        ("rejected", "waiting"),
        ("timed_out", "waiting"),
        ("transferred", "waiting"),
        ("accepted", "in work"),
        ("parked", "parked"),
        ("replied", "answered"),
        ("completed", "completed"),
        ("cancelled", "cancelled"),
    ],
)
def test_a_fact_puts_its_mention_where_it_stands(op: str, status: str) -> None:
    """A7.2: the status of every interaction is tracked."""
    matter = matter_after(fact(op, data={"text": "t"}))
    assert (matter.status, matter.queue, matter.changed_ms) == (status, "service", NOON_MS)


def test_an_escalation_moves_the_queue_and_not_the_status() -> None:
    matter = matter_after(fact("queued"), fact("escalated", queue="escalation"))
    assert (matter.status, matter.queue) == ("waiting", "escalation")


CLOSE = fact("decided", data={"decision": {"queue": ""}})


@pytest.mark.parametrize(
    ("facts", "upshot"),
    [
        ([fact("completed", reason="passed_on")], "passed_on"),
        ([fact("completed", reason="wrap_up_ended", data={"answered": False})], "no_answer"),
        ([fact("completed", reason="wrap_up_ended", data={"answered": True})], "wrap_up_ended"),
        ([fact("cancelled")], "cancelled"),
        ([CLOSE], "closed_by_rule"),
        ([CLOSE, fact("handed_off", data={"kind": "handoff", "partner": "crm"})], "handed_off"),
        (
            [fact("queued"), fact("handed_off", data={"kind": "handoff", "partner": "crm"})],
            "",
        ),
        ([fact("decided", data={"decision": {"queue": "service"}})], ""),
    ],
)
def test_every_mention_has_its_upshot(facts: list[dict[str, Any]], upshot: str) -> None:
    """A7.2: resolved, passed on, closed by a rule, handed off, cancelled, or without an answer."""
    assert matter_after(*facts).upshot == upshot


def test_an_offline_interaction_is_a_line_of_whom_it_is_with() -> None:
    """A7.3: calls, letters, visits, events and comment cards are in the same history."""
    data = {"handle_key": ":C1", "kind": "visit", "at_ms": 5, "text": "Angry", "upshot": "resolved"}
    [entry] = fold([fact("noted", mention_id="", data=data)], Folded()).entries.values()
    assert (entry.kind, entry.channel, entry.at_ms) == ("offline", "visit", 5)
    assert (entry.by, entry.text, entry.upshot) == ("ann", "Angry", "resolved")
    assert entry.handle_key == ":C1"


def answered() -> Folded:
    """m1 of @kim's was answered at noon."""
    return fold([fact("replied", 1, data={"text": "On it"})], known())


def heard(mood: str, *, seq: int = 3, parent: str = "", at_ms: int = NOON_MS) -> dict[str, Any]:
    values = {"score.sentiment": mood, "score.intent": "other"}
    data = {"decision": {"queue": "service"}, "values": values}
    feedback = {"rep": "ann", "at_ms": at_ms, "mention_id": parent}
    named = {"mention_id": "m2", "op_id": "o2", "fact_id": "o2/decided", "task_id": ""}
    return fact("decided", seq, data=data | {"feedback": feedback}, **named)


SECOND = {"op_id": "o2", "fact_id": "o2/received", "mention_id": "m2", "task_id": ""}


@pytest.mark.parametrize("parent", ["", "m1"], ids=["soon after", "goes on with it"])
@pytest.mark.parametrize(
    ("mood", "word"),
    [("positive", "satisfied"), ("negative", "unsatisfied"), ("neutral", "unclear")],
)
def test_what_somebody_says_to_our_response_is_feedback_to_it(
    mood: str, word: str, parent: str
) -> None:
    """A7.4, A12.1: it is kept with the response that it belongs to, and says how that was."""
    again = fact("received", 2, data=SAID, **SECOND)
    found = fold([again, heard(mood, parent=parent)], answered())
    entry = found.entries["o2/received"]
    assert (entry.kind, entry.about, entry.upshot) == ("feedback", "o/replied", word)
    assert found.matters["m2"].about == "o/replied"
    assert found.matters["m1"].feedback == word


def test_feedback_to_a_response_that_nobody_knows_is_a_mention_as_any_other() -> None:
    again = fact("received", 2, data=SAID, **SECOND)
    found = fold([again, heard("positive", at_ms=NOON_MS - 1)], answered())
    assert found.entries["o2/received"].kind == "said"
    assert found.matters["m1"].feedback == ""


def test_a_strangers_words_are_no_feedback_to_what_another_was_told() -> None:
    """A4.9: it goes by the handle, and not by the thread that somebody names."""
    other = mention_json() | {"author": {"handle": "@eve"}}
    again = fact("received", 2, data={"mention": other}, **SECOND)
    found = fold([again, heard("positive", parent="m1")], answered())
    assert found.entries["o2/received"].kind == "said"


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
