"""The score: what the model and the formulas say of a mention."""

from __future__ import annotations

from dataclasses import dataclass

LABELS = ("negative", "neutral", "positive")
UNSUPPORTED = "unsupported"  # the model does not know this language
UNSCORED = "none"  # signs a score that no model made in time


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentiment:
    """Calibrated probabilities (they sum to 1), or `unsupported` with confidence 0."""

    label: str
    confidence: float
    negative: float = 0.0
    neutral: float = 0.0
    positive: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Everything said of one mention, with the model that said it.

    `urgency` lies in 0..1; `urgency_why` names each part of the sum that was not zero. `pillar` is
    service, sales, marketing, innovation or none, and `pillar_why` what speaks for it; both are
    empty where older software made the score.
    """

    sentiment: Sentiment
    lang: str
    intent: str
    urgency: float
    urgency_why: tuple[str, ...]
    model: str
    pillar: str = ""
    pillar_why: tuple[str, ...] = ()


NOT_SCORED = Sentiment(label=UNSUPPORTED, confidence=0.0)
