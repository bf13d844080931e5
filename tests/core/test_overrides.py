"""A4.4, A4.5: what people did against the rules, counted by rule with their reasons."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.overrides import Course, Override, Overrides, course

ANN = {"type": "user", "id": "ann", "role": "agent"}
SUE = {"type": "user", "id": "sue", "role": "supervisor"}
SERVICE = {"type": "system", "id": "watch", "role": "service"}


def decided(queue: str = "service", rule: str = "late-bag", now_ms: int = 1_000) -> dict[str, Any]:
    return {
        "op": "decided", "now_ms": now_ms, "data": {"decision": {"rule": rule, "queue": queue}},
    }  # fmt: skip


def fact(
    op: str, actor: dict[str, str] = SUE, queue: str = "service", reason: str = "", **data: Any
) -> dict[str, Any]:
    return {
        "op": op, "now_ms": 5_000, "actor": actor, "queue": queue, "reason": reason, "data": data,
    }  # fmt: skip


def override(kind: str, actor: dict[str, str], reason: str, to_queue: str = "") -> Override:
    return Override(
        kind=kind,
        by=actor["id"],
        role=actor["role"],
        reason=reason,
        from_queue="service",
        to_queue=to_queue,
    )


MOVED = fact("transferred", ANN, "billing", "an invoice", from_queue="service")


@pytest.mark.parametrize(
    ("done", "found"),
    [
        (
            MOVED,
            override("moved", ANN, "an invoice", "billing"),
        ),
        (
            fact("transferred", ANN, reason="she knows", from_queue="service", for_rep="bea"),
            override("assigned", ANN, "she knows"),
        ),
        (
            fact("offered", reason="he asked for you", override="assigned"),
            override("assigned", SUE, "he asked for you"),
        ),
        (
            fact("rescinded", reason="too long", refused=True),
            override("taken back", SUE, "too long"),
        ),
        (
            fact("transferred", reason="too long", from_queue="service"),
            override("taken back", SUE, "too long"),
        ),
        (
            fact("prioritised", reason="the press"),
            override("priority", SUE, "the press"),
        ),
        (
            fact("cancelled", reason="spam"),
            override("cancelled", SUE, "spam"),
        ),
    ],
)  # fmt: skip
def test_what_a_person_changes_is_an_override_with_its_reason(
    done: dict[str, Any], found: Override
) -> None:
    assert course([decided(), done]) == Course(rule="late-bag", overrides=(found,))


@pytest.mark.parametrize(
    "done",
    [
        fact("transferred", SERVICE, "service", "no_first_reply", from_queue="service"),
        fact("transferred", {"type": "system", "id": "crm"}, "billing", from_queue="service"),
        fact("prioritised", SERVICE, reason="policy"),
        fact("offered", SERVICE, attempt=1),
        fact("offered", SERVICE, override="preempts"),
        fact("rescinded", ANN, reason="paused"),
        fact("cancelled", SERVICE),
        fact("escalated", SERVICE, "escalation", from_queue="service"),
    ],
)
def test_what_the_engine_does_by_itself_is_no_override(done: dict[str, Any]) -> None:
    assert course([decided(), done]) == Course(rule="late-bag")


def test_a_mention_without_a_task_has_no_course() -> None:
    assert course([decided(queue="")]) is None


def test_a_move_out_of_the_escalation_queue_is_the_mediators() -> None:
    up = fact("escalated", SERVICE, "escalation", from_queue="service")
    out = fact("transferred", ANN, "billing", "refund at once", from_queue="escalation")
    found = course([decided(), up, out])
    assert found is not None
    assert [override.mediated for override in found.overrides] == [True]


def test_what_a_supervisor_does_to_an_escalated_task_is_not_the_mediators() -> None:
    up = fact("escalated", SERVICE, "escalation", from_queue="service")
    found = course([decided(), up, fact("cancelled", reason="withdrawn", queue="escalation")])
    assert found is not None
    assert not found.overrides[0].mediated


def test_an_edit_that_is_decided_anew_counts_for_the_rule_that_decided_last() -> None:
    again = decided(queue="urgent", rule="danger", now_ms=2_000) | {"op": "edited"}
    found = course([decided(), again, fact("replied", ANN)])
    assert found == Course(rule="danger", reply_ms=4_000)


def test_only_the_first_reply_is_measured() -> None:
    later = fact("replied", ANN) | {"now_ms": 90_000}
    found = course([decided(), fact("replied", ANN), later])
    assert found == Course(rule="late-bag", reply_ms=4_000)


def test_the_report_adds_up_rule_by_rule_the_most_corrected_first() -> None:
    made = Overrides()
    for trail in (
        [decided(rule="calm"), fact("replied", ANN)],
        [decided(), MOVED],
        [decided(), MOVED, fact("prioritised", reason="now") | {"queue": "billing"},
         fact("replied", ANN)],
        [decided(), fact("replied", ANN) | {"now_ms": 9_000}],
    ):  # fmt: skip
        one = course(trail)
        assert one is not None
        made.add(one)
    assert made.as_dict() == {
        "tasks": 4,
        "overridden": 2,
        "mediated": 0,
        "rules": [
            {
                "rule": "late-bag",
                "tasks": 3,
                "overridden": 2,
                "share": 0.6667,
                "mediated": 0,
                "kinds": {"moved": 2, "priority": 1},
                "routes": [{"from": "service", "to": "billing", "tasks": 2}],
                "reasons": [{"reason": "an invoice", "times": 2}, {"reason": "now", "times": 1}],
                "people": [{"name": "ann", "times": 2}, {"name": "sue", "times": 1}],
                "reply_s": {"left": 8.0, "changed": 4.0},
            },
            {
                "rule": "calm",
                "tasks": 1,
                "overridden": 0,
                "share": 0.0,
                "mediated": 0,
                "kinds": {},
                "routes": [],
                "reasons": [],
                "people": [],
                "reply_s": {"left": 4.0, "changed": None},
            },
        ],
    }
