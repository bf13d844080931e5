"""What the heads of a model say is seen by rules, recorded, and decided again from the ledger."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from app import flow
from app.adapters.cel_rules import CelRules
from app.config import Config
from app.core.recorded import SAME, recorded, verdict
from app.core.rules import Row
from tests.builders import CATALOGUE, delivery, score
from tests.doubles import FixedScorer, MemoryDoor, ports

HEARD = ("score.complaint", "score.emotion", "score.irony")
RULES = CelRules(
    Config(
        catalogue=CATALOGUE,
        rows=(
            Row(
                id="angry",
                when='score.complaint >= 0.8 && score.emotion == "anger" && score.irony < 0.5',
                why="An angry complaint.",
                queue="service",
            ),
            Row(id="unheard", when="score.complaint < 0.0", why="No head.", queue="billing"),
            Row(id="rest", when="true", why="The rest.", queue="service"),
        ),
        version="v1",
    )
)


async def trail(**heads: Any) -> list[dict[str, Any]]:
    door = MemoryDoor()
    await flow.triage(
        [delivery()], ports(door=door, rules=RULES, scorer=FixedScorer(score(**heads)))
    )
    return [orjson.loads(orjson.dumps(fact.as_dict())) for fact in door.facts]


@pytest.mark.parametrize(
    ("heads", "rule"),
    [
        ({"complaint": 1, "emotion": "anger", "irony": 0}, "angry"),
        ({"complaint": 0.9, "emotion": "anger", "irony": 0.6}, "rest"),
        ({}, "unheard"),
    ],
)
async def test_what_the_heads_say_is_decided_again_bit_for_bit(heads: Any, rule: str) -> None:
    """A3.1, D3: a rule asks for them; -1.0 and an empty text where the model has no such head."""
    facts = await trail(**heads)
    [known] = recorded(facts)
    assert (known.decision["rule"], known.untold) == (rule, ())
    assert verdict(known, RULES.decide) == SAME
    scored = next(fact for fact in facts if fact["op"] == "scored")["data"]["score"]
    assert scored["complaint"] == heads.get("complaint")


async def test_a_decision_from_before_heads_is_read_as_if_none_had_spoken_and_says_so() -> None:
    """D4: old decisions load, and a rule of now can be asked of them."""
    facts = await trail(complaint=0.9, emotion="anger", irony=0.1)
    decided = next(fact for fact in facts if fact["op"] == "decided")
    for name in HEARD:
        del decided["data"]["values"][name]
    [older] = recorded(facts)
    assert older.untold == HEARD
    assert [older.values[name] for name in HEARD] == [-1.0, "", -1.0]
    assert RULES.decide(older.values).rule == "unheard"
