"""Urgency: a transparent sum over evidence, apart from sentiment. Every part is named.

urgency = 1 - prod(1 - weight_i) over the evidence found, so that it stays within 0..1
and each further piece of evidence raises it (a noisy-or).
"""

from __future__ import annotations

import math
import re

from app.core.score import Sentiment

# (name, weight, pattern): what cannot wait, heaviest first.
_LEXICON: tuple[tuple[str, float, re.Pattern[str]], ...] = tuple(
    (name, weight, re.compile(rf"\b(?:{words})", re.IGNORECASE))
    for name, weight, words in (
        (
            "safety",
            0.85,
            r"emergenc|injur|hurt|bleed|fire\b|smoke|burn(?:t|ing)|unconscious|ambulance"
            r"|in danger\b|dangerous\b|threat|unsafe|stranded"
            r"|notfall|verletzt|gefahr|brennt|urgence|bless[ée]|en danger\b"
            r"|emergencia|herid[oa]|peligro|humo|emergenza|ferit[oa]|pericolo|fumo",
        ),
        (
            "money",
            0.55,
            r"fraud|scam|stolen|hacked|unauthori[sz]ed|charged twice|double.?charged|overcharged"
            r"|betrug|gestohlen|fraude|vol[ée]e?\b|estafa|robad[oa]|frode|truffa|rubat[oa]",
        ),
        (
            "legal",
            0.5,
            r"lawyer|attorney|sue\b|lawsuit|legal action|ombudsman|regulator|anwalt|avocat|abogad"
            r"|avvocat",
        ),
        (
            "churn",
            0.4,
            r"cancel(?:l?ing)? my (?:account|contract|plan)|switch(?:ing)? to|never again|last time"
            r"|k[üu]ndig|r[ée]sili|dar(?:me)? de baja|disdett",
        ),
        (
            "time",
            0.35,
            r"right now|immediately|asap|urgent|tonight|today|hours? (?:on hold|waiting)|dringend"
            r"|sofort|imm[ée]diatement|ahora mismo|subito|adesso",
        ),
    )
)
_NEGATIVE_WEIGHT = 0.45  # times P(negative): bad mood alone is no emergency
_REACH_WEIGHT = 0.4  # at a million followers, falling to 0 at a thousand


def urgency_of(text: str, sentiment: Sentiment, followers: int) -> tuple[float, tuple[str, ...]]:
    """Return the urgency in 0..1 and its reasons, the heaviest first."""
    parts = [(name, weight) for name, weight, words in _LEXICON if words.search(text)]
    parts.append(("negative", _NEGATIVE_WEIGHT * sentiment.negative))
    parts.append(("reach", _REACH_WEIGHT * _reach(followers)))
    found = sorted((p for p in parts if p[1] >= 0.01), key=lambda p: -p[1])
    calm = math.prod(1.0 - weight for _, weight in found)
    return round(1.0 - calm, 4), tuple(f"{name} +{weight:.2f}" for name, weight in found)


def _reach(followers: int) -> float:
    """0 up to a thousand followers, 1 from a million on, logarithmic between."""
    if followers <= 1_000:
        return 0.0
    return min(1.0, (math.log10(followers) - 3.0) / 3.0)
