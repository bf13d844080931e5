"""What a fact counts for: met or breached once a task, the resolution on its own."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.outcomes import Measure, measure


def fact(op: str, **data: Any) -> dict[str, Any]:
    return {"op": op, "now_ms": 5_000, "data": data}


@pytest.mark.parametrize(
    ("said", "counted"),
    [
        (fact("offered", attempt=1, detected_ms=2_000), Measure(offer="offered", to_offer_s=3.0)),
        (fact("offered", attempt=2, detected_ms=2_000), Measure(offer="offered")),
        (fact("timed_out"), Measure(offer="timed_out")),
        (fact("at_risk"), Measure(sla="at_risk")),
        (fact("halfway"), Measure()),
        (fact("breached"), Measure(sla="breached")),
        (fact("breached", clock="resolution"), Measure(resolution="breached")),
        (
            fact("replied", first=True, sla="met", response_ms=1_500),
            Measure(sla="met", response_s=1.5),
        ),
        (fact("replied", first=True, sla="breached", response_ms=1_500), Measure(response_s=1.5)),
        (fact("replied", first=False, sla="met", response_ms=1_500), Measure()),
        (fact("completed", answered=False, sla="met"), Measure(sla="met")),
        (fact("completed", answered=True, sla="met"), Measure()),
        (fact("completed", answered=False, sla="breached"), Measure()),
        (
            fact("completed", answered=True, sla="met", resolution="met"),
            Measure(resolution="met"),
        ),
        (fact("cancelled"), Measure()),
    ],
)
def test_a_fact_counts_for_what_it_says_and_no_more(said: dict[str, Any], counted: Measure) -> None:
    assert measure(said) == counted
