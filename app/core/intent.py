"""What somebody wants: the model's word where it has one, else plain lexical evidence."""

from __future__ import annotations

from app.core.evidence import Evidence
from app.core.heads import COMPLAINT, OTHER, PRAISE, QUESTION, REQUEST
from app.core.score import Judgement

_CLEARLY = 0.5  # a label's probability from which it speaks for itself


def intent_of(found: Evidence, judged: Judgement) -> str:
    """Return question, complaint, praise, request or other."""
    if judged.intent:
        return judged.intent
    if judged.sentiment.negative >= _CLEARLY:
        return COMPLAINT
    if found.question:
        return QUESTION
    if found.request:
        return REQUEST
    if judged.sentiment.positive >= _CLEARLY or found.thanks:
        return PRAISE
    return OTHER
