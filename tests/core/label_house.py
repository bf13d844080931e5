"""Trails of scored mentions, and labels that people give of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from app.core.score import Score, Sentiment
from app.core.score_labels import Given, corrected, said_in
from tests.builders import NOON_MS

MODEL = "sentiment-l6@abcd1234"
PEOPLE = {"ann": "agent", "anton": "analyst", "sofia": "supervisor"}
DAY_MS = 86_400_000


def score_json(label: str = "neutral", confidence: float = 0.4, **given: Any) -> dict[str, Any]:
    """A score as facts tell it."""
    plain: dict[str, Any] = {"lang": "en", "intent": "other", "urgency": 0.5, "urgency_why": ()}
    sentiment = Sentiment(label=label, confidence=confidence)
    return asdict(Score(sentiment=sentiment, **plain | {"model": MODEL} | given))


def scored_mention(
    mention_id: str = "m1", at_ms: int = NOON_MS, handle: str = "@kim", **score: Any
) -> list[dict[str, Any]]:
    """The facts `received` and `scored` of a mention."""
    said = {"channel": "x", "text": f"Well, {mention_id}", "author": {"handle": handle}}
    told = {"mention": said, "content_hash": f"hash of {mention_id}"}
    return [
        fact_of("received", mention_id, at_ms, told),
        fact_of("scored", mention_id, at_ms, {"score": score_json(**score)}),
    ]


def edited(mention_id: str, text: str, at_ms: int, **score: Any) -> dict[str, Any]:
    """The fact of an edit that was scored anew, where a score is given."""
    said = {"channel": "x", "text": text, "author": {"handle": "@kim"}}
    told: dict[str, Any] = {"mention": said, "content_hash": f"hash of {text}"}
    told |= {"score": score_json(**score)} if score else {}
    return fact_of("edited", mention_id, at_ms, told, f"edit-{at_ms}")


def fact_of(
    op: str, mention_id: str, at_ms: int, data: dict[str, Any], op_id: str = ""
) -> dict[str, Any]:
    return {
        "fact_id": f"{op_id or mention_id}/{op}", "op": op, "op_id": op_id or mention_id,
        "now_ms": at_ms, "mention_id": mention_id, "source_id": f"post-{mention_id}",
        "reason": "", "actor": {}, "data": data,
    }  # fmt: skip


def label_fact(
    trail: list[dict[str, Any]], by: str = "ann", at_ms: int = NOON_MS + 10, **given: Any
) -> dict[str, Any]:
    """The fact of what somebody says of the mention of this trail."""
    blind, why = given.pop("blind", False), given.pop("why", "")
    said = said_in(trail)
    assert said
    actor = {"type": "user", "id": by, "role": PEOPLE[by]}
    given_ = Given(label=given, why=why, blind=blind)
    fact = corrected(said, given_, f"{by}:{said.mention_id}:{at_ms}", actor, at_ms)
    return fact.as_dict()
