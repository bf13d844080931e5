"""The heads of a model beside the sentiment: what each may say, and what irony does to the mood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from app.core.score import Sentiment

QUESTION, COMPLAINT, PRAISE, REQUEST, OTHER = "question", "complaint", "praise", "request", "other"
ANGER: Final = "anger"
IRONIC: Final = "ironic"
SERVICE, SALES, MARKETING, INNOVATION = "service", "sales", "marketing", "innovation"
NOBODY: Final = "none"  # the pillar of spam, and of what speaks for no other

# Names of the heads. That of complaints is called by the label that it looks for.
INTENT, EMOTION, IRONY, PILLAR = "intent", "emotion", "irony", "pillar"
HEADS: Final[Mapping[str, tuple[str, ...]]] = {
    COMPLAINT: (OTHER, COMPLAINT),
    INTENT: (QUESTION, COMPLAINT, PRAISE, REQUEST, OTHER),
    EMOTION: (ANGER, "joy", "sadness", "optimism", "none"),
    IRONY: ("plain", IRONIC),
    PILLAR: (SERVICE, SALES, MARKETING, INNOVATION, NOBODY),
}

CLEARLY: Final = 0.5  # the probability from which a head that knows yes and no says yes
_DOUBT: Final = 0.5  # the share that certain irony takes off the confidence in a positive mood


def doubted(sentiment: Sentiment, irony: float | None) -> Sentiment:
    """A positive mood, less sure the likelier irony is from a half on: certain irony halves it.

    Label and probabilities stay. "Great, another delay" may be praise, and nobody routes by it.
    """
    if irony is None or irony <= CLEARLY or sentiment.label != "positive":
        return sentiment
    share = 1.0 - _DOUBT * (irony - CLEARLY) / (1.0 - CLEARLY)
    return replace(sentiment, confidence=round(sentiment.confidence * share, 4))
