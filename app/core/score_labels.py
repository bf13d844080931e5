"""Score labels: what a person says of a mention in place of the model, to learn from later.

A label is the fact `corrected`. It names what the model had said, the wording that this was said
of, and what the person says. It is read by nobody who decides: no decision changes by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.core.facts import Fact
from app.core.heads import HEADS, INTENT
from app.core.score import LABELS
from app.core.sealing import UNREADABLE

CORRECTED: Final = "corrected"

# From which urgency on a level holds. 0.40 and 0.85 are where the shipped rules cut.
LEVELS: Final = ("none", "low", "medium", "high", "critical")
LEVELS_FROM: Final = (0.0, 0.15, 0.40, 0.60, 0.85)

SENTIMENT, URGENCY = "sentiment", "urgency"
# What a person can judge at a glance, and the words for it.
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    SENTIMENT: LABELS,
    INTENT: HEADS[INTENT],
    URGENCY: LEVELS,
}

Trail = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the model said of the newest wording of a mention. `confidence` lies in 0..1."""

    mention_id: str
    channel: str
    text: str
    wording: str  # hash of the text's content
    source_id: str
    model: str
    lang: str
    confidence: float
    sentiment: str
    intent: str
    urgency: str

    def as_dict(self) -> dict[str, Any]:
        """For facts and screens; the wording itself stands in the trail."""
        names = ("model", "lang", "confidence", *FIELDS)
        return {name: getattr(self, name) for name in names}


def level_of(urgency: float) -> str:
    """The level of an urgency from 0 to 1."""
    return LEVELS[max(at for at, least in enumerate(LEVELS_FROM) if urgency >= least)]


def said_in(trail: Trail) -> Said | None:
    """What was said of the newest wording; None where it was not scored, or cannot be read."""
    worded: Mapping[str, Any] | None = None
    score: Mapping[str, Any] | None = None
    for fact in trail:
        op, data = fact["op"], fact.get("data") or {}
        if op in ("received", "edited") and "mention" in data:
            worded, score = (None if UNREADABLE in fact else fact), None
        if op in ("scored", "edited") and data.get("score"):
            score = data["score"]
    if worded is None or score is None:
        return None
    return Said(
        mention_id=str(worded["mention_id"]),
        channel=str(worded["data"]["mention"]["channel"]),
        text=str(worded["data"]["mention"]["text"]),
        wording=str(worded["data"]["content_hash"]),
        source_id=str(worded.get("source_id") or ""),
        model=str(score["model"]),
        lang=str(score["lang"]),
        confidence=float(score["sentiment"]["confidence"]),
        sentiment=str(score["sentiment"]["label"]),
        intent=str(score["intent"]),
        urgency=level_of(float(score["urgency"])),
    )


def text_of(trail: Trail, wording: str) -> str:
    """The text of this wording; empty where the trail does not have it, or not any more."""
    for fact in trail:
        data = fact.get("data") or {}
        if "mention" in data and data.get("content_hash") == wording and UNREADABLE not in fact:
            return str(data["mention"]["text"])
    return ""


def has_held(trail: Trail, rep: str) -> bool:
    """Has this agent ever accepted the task of this mention?"""
    return any(fact["op"] == "accepted" and fact.get("rep") == rep for fact in trail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What somebody says, why, and whether it was before they saw the model's answer."""

    label: Mapping[str, str]  # some of FIELDS
    why: str = ""
    blind: bool = False


def corrected(said: Said, given: Given, op_id: str, actor: Mapping[str, str], now_ms: int) -> Fact:
    """The fact of a label. `op_id` names one press of whoever says it."""
    return Fact(
        op=CORRECTED,
        op_id=op_id,
        now_ms=now_ms,
        mention_id=said.mention_id,
        source_id=said.source_id,
        reason=given.why,
        data={
            "label": dict(given.label),
            "model": said.as_dict(),
            "wording": said.wording,
            "blind": given.blind,
        },
        actor=actor,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLabel:
    """What one person says of one mention, beside what the model had said. No text of anybody.

    `blind`: the sentiment was said before its author had seen the model's. Fields that nobody
    labelled are empty.
    """

    mention_id: str
    by: str
    role: str
    at_ms: int
    blind: bool
    wording: str
    lang: str
    model: str
    confidence: float
    said_sentiment: str
    said_intent: str
    said_urgency: str
    sentiment: str
    intent: str
    urgency: str


def label_in(fact: Mapping[str, Any], before: ScoreLabel | None) -> ScoreLabel:
    """The label that this `corrected` fact makes of the same person's label `before` it.

    It takes its place. Once they have seen the model's answer nothing new that they say is blind.
    """
    data = fact["data"]
    model, label = data["model"], data["label"]
    sentiment = str(label.get(SENTIMENT, ""))
    stays = before is not None and before.blind and before.sentiment == sentiment
    return ScoreLabel(
        mention_id=str(fact["mention_id"]),
        by=str(fact["actor"]["id"]),
        role=str(fact["actor"]["role"]),
        at_ms=int(fact["now_ms"]),
        blind=stays if before else bool(data["blind"]),
        wording=str(data["wording"]),
        lang=str(model["lang"]),
        model=str(model["model"]),
        confidence=float(model["confidence"]),
        said_sentiment=str(model[SENTIMENT]),
        said_intent=str(model[INTENT]),
        said_urgency=str(model[URGENCY]),
        sentiment=sentiment,
        intent=str(label.get(INTENT, "")),
        urgency=str(label.get(URGENCY, "")),
    )


def labels_in(trail: Trail) -> list[ScoreLabel]:
    """The labels in a mention's trail, one for each person, the newest last."""
    found: dict[str, ScoreLabel] = {}
    for fact in trail:
        if fact["op"] == CORRECTED:
            one = label_in(fact, found.pop(str(fact["actor"]["id"]), None))
            found[one.by] = one
    return list(found.values())


def chosen(labels: Iterable[ScoreLabel], of: str) -> ScoreLabel | None:
    """The one that counts where several people labelled this field: a blind one, else the newest.

    Whoever has seen the model's answer leans towards it.
    """
    told = [one for one in labels if getattr(one, of)]
    return max(told, key=lambda one: (one.blind, one.at_ms, one.by), default=None)
