"""The events that partners get: made of facts alone, the same each time."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from app.core.handoff import (
    STAGES,
    Partner,
    Party,
    event_id_of,
    handoff_event,
    stage_of,
    status_event,
    wanted_partners,
)
from app.core.score import NOT_SCORED
from tests.builders import score

CRM = Partner(name="crm", title="CRM", url="https://crm.example/", within_s=30.0)
SAID = {
    "source_id": "42",
    "channel": "x",
    "text": "Stranded",
    "author": {"handle": "@mara", "name": "", "followers": 7},
    "detected_at": "2026-11-22T10:00:00Z",
    "posted_at": None,
    "flags": ["x"],
    "meta": {"crm": "secret"},
}


def fact(op: str, data: dict[str, Any], **given: Any) -> dict[str, Any]:
    return {
        "seq": 7,
        "fact_id": f"src/{op}",
        "op": op,
        "mention_id": "m1",
        "source_id": "42",
        "now_ms": 1_795_000_000_000,
        "reason": "Because.",
        "data": data,
    } | given


def decided(queue: str = "service", *partners: str) -> dict[str, Any]:
    decision = {"queue": queue, "priority": 50, "rule": "r1", "why": "Because.", "trace": [1]}
    return fact("decided", {"decision": decision | {"handoffs": list(partners)}})


def test_the_rules_name_the_partners_each_once() -> None:
    assert wanted_partners(decided("service", "crm", "erp", "crm")) == ["crm", "erp"]
    assert wanted_partners(fact("decided", {"decision": {"queue": ""}})) == []
    assert wanted_partners(fact("queued", {})) == []


def test_a_hand_off_carries_the_mention_as_intake_takes_it() -> None:
    """A9.1: key information is passed on, in the form that another Handshake understands."""
    trail = [fact("received", {"mention": SAID}), fact("scored", {"score": {"urgency": 0.4}})]
    event = handoff_event(decided("service", "crm"), trail, CRM, 2)
    assert event["id"] == event_id_of("src/decided", "crm")
    assert (event["sequence"], event["hops"], event["subject"]) == ("7", 2, "m1")
    data = event["data"]
    assert data["mention"] == {
        "id": "42",
        "channel": "x",
        "text": "Stranded",
        "author": SAID["author"],
        "detected_at": "2026-11-22T10:00:00Z",
    }
    assert data["decision"] == {"queue": "service", "priority": 50, "rule": "r1", "why": "Because."}
    assert data["score"] == {"urgency": 0.4}
    assert (event["time"], data["answer_by"]) == (
        "2026-11-18T11:06:40.000Z",
        "2026-11-18T11:07:10.000Z",
    )


def test_of_the_score_partners_are_told_a_closed_list() -> None:
    """A9.1: what a new head of a model guesses leaves the house only where somebody says so."""
    told = asdict(score(NOT_SCORED)) | {"pillar": "service"}
    heads = {"complaint": 0.9, "emotion": "anger", "irony": 0.1, "next_head": 1}
    trail = [fact("received", {"mention": SAID}), fact("scored", {"score": told | heads})]
    data = handoff_event(decided("service", "crm"), trail, CRM, 1)["data"]
    assert data["score"] == {name: of for name, of in told.items() if name not in heads}


def test_the_newest_wording_is_handed_on() -> None:
    trail = [fact("received", {"mention": SAID}), fact("edited", {"mention": SAID | {"text": "B"}})]
    event = handoff_event(decided("service", "crm"), trail, CRM, 1)
    assert event["data"]["mention"]["text"] == "B"


@pytest.mark.parametrize(
    ("told", "stage"),
    [
        (fact("queued", {}, **{"from": ""}), "queued"),
        (fact("queued", {}, **{"from": "parked"}), ""),
        (fact("accepted", {}), "accepted"),
        (fact("offered", {}), ""),
        (fact("transferred", {}), ""),
        (decided(""), "closed"),
        (decided("service"), ""),
        (fact("handed_off", {}), ""),
    ],
)
def test_a_stage_is_told_where_it_is_reached(told: dict[str, Any], stage: str) -> None:
    assert stage_of(told) == stage
    assert stage in ("", *STAGES)


def test_a_status_names_the_hand_off_and_has_an_id_of_its_own() -> None:
    closed = decided("")
    status = status_event(closed, Party(partner="crm", handoff="h1", handed_in=True))
    assert (status["data"]["handoff"], status["data"]["stage"]) == ("h1", "closed")
    assert status["id"] != handoff_event(closed, [], CRM, 1)["id"]
