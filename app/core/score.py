"""The score: what the model and the formulas say of a mention."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LABELS = ("negative", "neutral", "positive")
UNSUPPORTED = "unsupported"  # the model does not know this language


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentiment:
    """Calibrated probabilities (they sum to 1), or `unsupported` with confidence 0."""

    label: str
    confidence: float
    negative: float = 0.0
    neutral: float = 0.0
    positive: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a model, or the words, say of one text; of a head that it lacks, nothing.

    `complaint` and `irony` are probabilities, `pillars` one for each pillar, `intent` and `emotion`
    labels of `app.core.heads`.
    """

    sentiment: Sentiment
    complaint: float | None = None
    intent: str = ""
    emotion: str = ""
    irony: float | None = None
    pillars: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Everything said of one mention, with the model that said it.

    `urgency` lies in 0..1; `urgency_why` names each part of the sum that was not zero. `pillar` is
    service, sales, marketing, innovation or none, and `pillar_why` what speaks for it; both are
    empty where older software made the score. `complaint` and `irony` are probabilities, None where
    the model does not judge that; `emotion` is anger, joy, sadness, optimism or none, and empty
    there.
    """

    sentiment: Sentiment
    lang: str
    intent: str
    urgency: float
    urgency_why: tuple[str, ...]
    model: str
    pillar: str = ""
    pillar_why: tuple[str, ...] = ()
    complaint: float | None = None
    emotion: str = ""
    irony: float | None = None


NOT_SCORED = Sentiment(label=UNSUPPORTED, confidence=0.0)
NOT_JUDGED = Judgement(sentiment=NOT_SCORED)
# Of a text without a word: no mood is in it, and it is nobody's.
SILENT = Judgement(
    sentiment=Sentiment(label="neutral", confidence=1.0, neutral=1.0), pillars={"none": 1.0}
)
