"""The fold: what the facts of a task say together, and nothing else."""

from __future__ import annotations

import json
from typing import Any

from app.core.rebuild import card, fold, fold_rep, handle_of

ANN = {"type": "user", "id": "ann", "role": "agent"}
DOOR = {"type": "system", "id": "door", "role": "service"}


def fact(op: str, version: int, to: str = "queued", **given: Any) -> dict[str, Any]:
    fields = {"state": to} | given.pop("fields", {})
    return {
        "op": op, "op_id": f"op-{version}", "now_ms": 1000 + version, "task_id": "t1",
        "version": version, "to": to, "rep": "", "reason": "", "actor": DOOR, "data": {},
        "mention_id": "m1", "fields": fields,
    } | given  # fmt: skip


def test_each_fact_adds_the_fields_that_it_changed() -> None:
    task = fold(
        [
            fact("queued", 1, fields={"queue": "service", "rep": "", "skills": "en"}),
            fact("offered", 2, "offered", fields={"rep": "ann", "reservation": "t1:1"}),
            fact("accepted", 3, "accepted", rep="ann", actor=ANN),
        ]
    )
    assert task
    assert task.open
    assert task.fields == {
        "state": "accepted",
        "queue": "service",
        "skills": "en",
        "rep": "ann",
        "reservation": "t1:1",
        "version": "3",
    }
    assert task.accepted == {"ann": 1003}


def test_a_task_that_nobody_holds_has_no_reservation() -> None:
    facts = [
        fact("queued", 1),
        fact("offered", 2, "offered", fields={"reservation": "t1:1"}),
        fact("timed_out", 3, rep="ann"),
    ]
    task = fold(facts)
    assert task
    assert task.fields["reservation"] == ""
    assert task.refused == {"ann": 1003}


def test_facts_of_a_mention_without_a_task_make_none() -> None:
    assert fold([{"op": "received", "data": {}}, {"op": "decided", "data": {}}]) is None


def test_the_last_fact_of_a_command_is_its_answer() -> None:
    task = fold(
        [
            fact("queued", 1),
            fact("accepted", 2, "accepted", actor=ANN, op_id="a", digest="d1"),
            fact("at_risk", 3, "accepted"),
        ]
    )
    assert task
    assert {op: json.loads(kept) for op, kept in task.ops.items()} == {
        "a": {"d": "d1", "r": {"task_id": "t1", "state": "accepted", "version": 2}}
    }


def test_missing_and_doubled_versions_are_counted() -> None:
    task = fold([fact("queued", 1), fact("offered", 3, "offered"), fact("rejected", 3)])
    assert task
    assert task.gaps == 2


def test_a_closed_task_is_known_by_when_it_ended() -> None:
    task = fold([fact("queued", 1), fact("completed", 2, "completed")])
    assert task
    assert (task.open, task.closed_ms) == (False, 1002)


def words(text: str) -> dict[str, Any]:
    return {"mention": {"text": text}}


def test_a_card_shows_the_newest_wording_up_to_the_end() -> None:
    decision = {"why": "Unhappy", "rule": "r1", "labels": ["vip"]}
    facts = [
        {"op": "received", "data": words("first")},
        {"op": "scored", "data": {"score": {"urgency": 0.4}}},
        {"op": "identified", "data": {"handle_key": "x:kim"}},
        {"op": "decided", "data": {"decision": decision}},
        {"op": "edited", "data": words("second") | {"score": {"urgency": 0.9}}},
        {"op": "completed", "data": {}},
        {"op": "edited", "data": words("third")},
    ]
    assert card(facts, None) == {
        "mention": {"text": "second"},
        "score": {"urgency": 0.9},
        "profile": None,
        "reason": "Unhappy",
        "rule": "r1",
        "advice": {"labels": ["vip"], "draft": "", "macro": ""},
    }
    assert handle_of(facts) == "x:kim"
    assert handle_of(facts[:1]) == ""


def test_a_rep_is_as_their_newest_fact_says() -> None:
    said = {"skills": "en", "queues": "service", "capacity": 3.0, "state": "paused",
            "title": "Ann", "reason": "lunch", "channels": {"phone": 1}, "demo": False}  # fmt: skip
    rep = fold_rep({"rep": "ann", "now_ms": 5, "op_id": "rep:ann:7", "data": {"rep": said}})
    assert rep.fields == {
        "title": "Ann", "skills": "en", "queues": "service", "capacity": "3",
        "channels": '{"phone":1}', "demo": "0", "state": "paused", "reason": "lunch",
        "since_ms": "5", "offer": "", "changes": "7",
    }  # fmt: skip


def test_facts_of_version_0_1_are_understood() -> None:
    """They did not list their fields: an open task of then is still put back."""
    common = {"queue": "service", "priority": 60, "deadline_ms": 2_000, "source_id": "s1"}
    data = {"skills": "en", "order_ms": 1_400.0, "detected_ms": 1_000}
    facts = [
        fact("queued", 1, reservation_id="", data=data, **common),
        fact("offered", 2, "offered", reservation_id="t1:1", data={"expires_ms": 9}, **common)
        | {"rep": "ann"},
        fact("accepted", 3, "accepted", reservation_id="t1:1", **common) | {"rep": "ann"},
        fact("at_risk", 4, "accepted", reservation_id="t1:1", **common) | {"rep": "ann"},
    ]
    for old in facts:
        del old["fields"]
    task = fold(facts)
    assert task
    told = ("state", "rep", "skills", "order_ms", "at_risk_ms", "due_ms", "sla", "resolution_ms")
    assert [task.fields[name] for name in told] == [
        "accepted", "ann", "en", "1400", "1800", "2000", "at_risk", "0"
    ]  # fmt: skip
