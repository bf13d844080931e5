"""The pillar of customer relations that a mention belongs to, from named evidence.

Words, what presses (the parts of the urgency), what somebody wants, their mood, and what a model
takes the text to be about each speak for a pillar with a weight; the pillar for which most speaks
is it. docs/urgency.md gives the reasons.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from app.core.evidence import Evidence
from app.core.heads import (
    COMPLAINT,
    HEADS,
    INNOVATION,
    MARKETING,
    NOBODY,
    OTHER,
    PILLAR,
    PRAISE,
    QUESTION,
    REQUEST,
    SALES,
    SERVICE,
)
from app.core.score import Judgement

# In this order where as much speaks for two: a customer in need goes before everything.
PILLARS: Final = (SERVICE, SALES, INNOVATION, MARKETING)

_WORDS: Final[Mapping[str, float]] = {SERVICE: 0.7, SALES: 1.0, MARKETING: 1.0, INNOVATION: 1.2}
_MORE_WORDS: Final = 0.4  # for a second phrase of the same pillar; a third adds nothing
# The parts of the urgency that speak for service.
_PRESSING: Final[Mapping[str, float]] = {
    "safety": 1.0, "money": 0.8, "need": 0.6, "fault": 0.6, "legal": 0.5, "repeat": 0.4,
}  # fmt: skip
_INTENT: Final[Mapping[str, tuple[str, float]]] = {
    COMPLAINT: (SERVICE, 0.4),
    REQUEST: (SERVICE, 0.4),
    QUESTION: (SERVICE, 0.4),
    PRAISE: (MARKETING, 0.6),
    OTHER: (MARKETING, 0.3),
}
_POSITIVE: Final = 0.4  # times P(positive): praise in public is talk about the brand
# Times how far above chance the model's head takes it to be: it knows what no list has.
_MEANING: Final = 0.8
_CHANCE: Final = 1 / len(HEADS[PILLAR])  # what a model that knows nothing says of each
_TOLD_FROM: Final = 0.01  # what speaks less is not told
_ADVERT: Final = "advert"
_SAFETY: Final = "safety"


def pillar_of(
    found: Evidence, judged: Judgement, intent: str, urgent: Sequence[str]
) -> tuple[str, tuple[str, ...]]:
    """Return service, sales, marketing, innovation or none, and what speaks for it.

    `urgent` are the names of the parts of the urgency, heaviest first.
    """
    if _ADVERT in urgent:
        return NOBODY, (_ADVERT,)
    said: defaultdict[str, list[tuple[str, float]]] = defaultdict(list)
    for pillar, name, weight in _evidence(found, judged, intent, urgent):
        said[pillar].append((name, weight))
    totals = {pillar: sum(weight for _, weight in parts) for pillar, parts in said.items()}
    best = _best(totals, urgent)
    heaviest = sorted(said[best], key=lambda part: -part[1])
    return best, tuple(f"{name} +{weight:.2f}" for name, weight in heaviest)


def _best(totals: Mapping[str, float], urgent: Sequence[str]) -> str:
    if _SAFETY in urgent:
        return SERVICE  # whatever else they speak of, somebody in danger is served
    best = max((*PILLARS, NOBODY), key=lambda pillar: totals.get(pillar, 0.0))
    return best if best in totals else NOBODY


def _evidence(
    found: Evidence, judged: Judgement, intent: str, urgent: Sequence[str]
) -> Iterator[tuple[str, str, float]]:
    for pillar, weight in _WORDS.items():
        if count := found.families.get(pillar, 0):
            yield pillar, "words", weight + (_MORE_WORDS if count > 1 else 0.0)
    for name in urgent:
        if name in _PRESSING:
            yield SERVICE, name, _PRESSING[name]
    if intent in _INTENT:
        pillar, weight = _INTENT[intent]
        yield pillar, intent, weight
    if (weight := _POSITIVE * judged.sentiment.positive) >= _TOLD_FROM:
        yield MARKETING, "positive", weight
    for pillar, share in judged.pillars.items():
        if (weight := _MEANING * (share - _CHANCE) / (1 - _CHANCE)) >= _TOLD_FROM:
            yield pillar, "meaning", weight
