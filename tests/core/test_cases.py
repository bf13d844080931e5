"""Cases: opened once for a rule and a mention, closed once, counted while they are open."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.core import cases
from app.core.decision import Decision
from app.core.history import Folded, Matter, fold
from app.core.past import OPEN_CASES, Earlier, past_values
from tests.builders import NOON_MS

DECISION = Decision(
    queue="service", priority=1, window_s=60, skills=(), rule="rest", why=".", version="v1",
    case="Late bag", by={"queue": "rest", "case": "late"},
)  # fmt: skip
KIM = {"handle_key": "x:kim", "customer_id": "C1"}
ANN = {"type": "user", "id": "ann", "role": "agent"}


def opened(decision: Decision = DECISION, at_ms: int = NOON_MS) -> dict[str, Any]:
    found = cases.opened(decision, "m1", "post-1", KIM, at_ms)
    assert found
    return found.as_dict() | {"seq": 1}


def closed(at_ms: int = NOON_MS + 5) -> dict[str, Any]:
    return cases.closed(opened(), "The bag is found", at_ms, ANN).as_dict() | {"seq": 2}


def matter_after(*facts: dict[str, Any]) -> Matter:
    before = Matter(mention_id="m1", handle_key="x:kim", channel="x", status="waiting")
    return fold(facts, Folded(matters={"m1": before})).matters["m1"]


def test_a_case_is_a_fact_with_title_rule_person_mention_and_time() -> None:
    """A4.8: a rule creates a case."""
    fact = opened()
    case = cases.case_id_of("late", "m1")
    assert fact["data"] == {"case": case, "title": "Late bag", "rule": "late", **KIM}
    assert (fact["mention_id"], fact["source_id"], fact["now_ms"]) == ("m1", "post-1", NOON_MS)
    assert cases.opened(replace(DECISION, case=""), "m1", "post-1", KIM, NOON_MS) is None


def test_the_same_rule_at_the_same_mention_is_the_same_fact_whenever_it_is_asked() -> None:
    """A4.8, D3: replayed a day later under the same rules, the ledger takes it once."""
    assert opened(at_ms=NOON_MS + 86_400_000)["fact_id"] == opened()["fact_id"]
    other = opened(replace(DECISION, by=DECISION.by | {"case": "bags"}))
    assert other["fact_id"] != opened()["fact_id"]
    assert cases.case_id_of("late", "m2") != cases.case_id_of("late", "m1")


def test_a_case_is_open_until_somebody_closes_it() -> None:
    case = opened()["data"]["case"]
    assert cases.case_in([opened()], case) == (opened(), None)
    assert cases.case_in([opened(), closed()], case) == (opened(), closed())
    assert cases.case_in([opened(), closed()], "other") == (None, None)
    assert closed()["fact_id"] == closed(NOON_MS + 9)["fact_id"]
    assert (closed()["reason"], closed()["actor"]) == ("The bag is found", ANN)


def test_a_mention_tells_how_many_of_its_cases_are_open() -> None:
    assert matter_after(opened()).cases == 1
    assert matter_after(opened(), closed()).cases == 0
    assert matter_after(closed()).cases == 0


def test_rules_ask_how_many_cases_of_a_handle_are_open() -> None:
    """A4.1, A4.8: of all mentions but the one in hand."""

    def said(id_: str, open_cases: int) -> Earlier:
        return Earlier(id_, NOON_MS - 5, "completed", "", False, 0, open_cases)

    past = (said("own", 1), said("a", 1), said("b", 0), said("c", 1))
    assert past_values(past, "own", NOON_MS)[OPEN_CASES] == 2
