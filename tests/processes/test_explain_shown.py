"""`explain`, as people read it in a terminal."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import orjson
import pytest
from rich.console import Console

from app.core.formulas import completed
from app.core.score import Judgement
from app.processes.explain import Listener, explain
from app.processes.explain_shown import show
from tests.builders import POSITIVE, raw
from tests.doubles import FixedScorer, ports


@pytest.mark.parametrize(
    ("heads", "said"),
    [
        ({}, "positive 0.90, praise, urgency"),
        (
            {"complaint": 0.25, "emotion": "anger", "irony": 1.0},
            "positive 0.45 (of 0.90, as it sounds ironic),"
            " praise (complaint 0.25, irony 1.00, emotion anger), urgency",
        ),
    ],
)
async def test_it_says_what_the_heads_say_and_why_a_mood_is_less_sure(
    heads: dict[str, Any], said: str
) -> None:
    """A8.1: a confidence below its probability is told with its reason."""
    judged = Judgement(sentiment=POSITIVE, **heads)
    scorer = FixedScorer(completed("Lovely, late again", 0, judged, "en", "m@1"))
    found = await explain(raw(), ports(scorer=scorer), Listener())
    out = Console(record=True, width=200, file=StringIO())
    show(json.loads(orjson.dumps({**found, "events": [], "later": []})), out)
    told = out.export_text()
    assert said in told, told
