"""A rule of the users hands mentions off: real processes, and a partner that routes and fails."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.live.running import mention, wait_for
from tests.live.test_handoffs import engine, with_partner
from tests.partner import Engine, says

__all__ = ["engine"]  # a fixture

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

RULE = """title = "Hand-offs"
[[rule]]
id = "to-the-crm"
on = "mention"
when = 'mention.text.says("parcel")'
do = [{ hand_off = "crm" }]
why = "The CRM knows of parcels."
"""


def test_a_rule_hands_off_and_the_answer_moves_the_task_whatever_is_killed(
    tmp_path: Path, engine: Engine
) -> None:
    """A4.7: each mention of the rule has one outcome at the partner, and its task one place."""
    engine.then = says({"queue": "billing", "priority": 70})
    with with_partner(tmp_path, engine, RULE) as instance:
        named = []
        for n in range(30):
            engine.script += [says({}, 503)] if n % 7 == 0 else []
            engine.script += [says({}, 422)] if n == 15 else []
            named += instance.post([mention(f"My parcel is broken, I am angry ({n})")])
            if n % 10 == 5:
                instance.back("handoffs", instance.kill("handoffs"))
        ids = {one["mention_id"] for one in named}
        wait_for(
            "an outcome of each hand-off",
            lambda: len(instance.facts("op IN ('handed_off', 'handoff_failed')")) >= 30,
            60,
        )
        ended = instance.facts("op IN ('handed_off', 'handoff_failed')")
        handoffs = [f for f in ended if f["data"]["kind"] == "handoff"]
        assert Counter(f["mention_id"] for f in handoffs) == Counter(ids)
        moved = Counter(f["data"].get("moved_to") for f in handoffs)
        assert moved["billing"] + moved["escalation"] == 30
