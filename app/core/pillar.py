"""The pillar of customer relations that a mention belongs to, from named evidence.

Words, what presses (the parts of the urgency), what somebody wants and their mood each speak for a
pillar with a weight; the pillar for which most speaks is it. docs/urgency.md gives the reasons.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from app.core.evidence import Evidence
from app.core.heads import COMPLAINT, OTHER, PRAISE, QUESTION, REQUEST
from app.core.score import Sentiment

SERVICE, SALES, MARKETING, INNOVATION = "service", "sales", "marketing", "innovation"
NOBODY: Final = "none"  # spam, and what speaks for no pillar
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
_ADVERT: Final = "advert"


def pillar_of(
    found: Evidence, sentiment: Sentiment, intent: str, urgent: Sequence[str]
) -> tuple[str, tuple[str, ...]]:
    """Return service, sales, marketing, innovation or none, and what speaks for it.

    `urgent` are the names of the parts of the urgency, heaviest first.
    """
    if _ADVERT in urgent:
        return NOBODY, (_ADVERT,)
    said: defaultdict[str, list[tuple[str, float]]] = defaultdict(list)
    for pillar, name, weight in _evidence(found, sentiment, intent, urgent):
        said[pillar].append((name, weight))
    totals = {pillar: sum(weight for _, weight in said[pillar]) for pillar in PILLARS}
    best = max(PILLARS, key=lambda pillar: totals[pillar])
    if not said[best]:
        return NOBODY, ()
    heaviest = sorted(said[best], key=lambda part: -part[1])
    return best, tuple(f"{name} +{weight:.2f}" for name, weight in heaviest)


def _evidence(
    found: Evidence, sentiment: Sentiment, intent: str, urgent: Sequence[str]
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
    if (weight := _POSITIVE * sentiment.positive) >= 0.01:
        yield MARKETING, "positive", weight
