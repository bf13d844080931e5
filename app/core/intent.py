"""What somebody wants, by plain lexical evidence. A model of our own will replace it."""

from __future__ import annotations

import re

from app.core.score import Sentiment

QUESTION, COMPLAINT, PRAISE, REQUEST, OTHER = "question", "complaint", "praise", "request", "other"

_QUESTION = re.compile(
    r"\?\s*$|\?\s|^(how|what|when|where|why|who|which|can|could|do|does|did|is|are|will|would|should"
    r"|any ?(one|body) know)\b",
    re.IGNORECASE,
)
_REQUEST = re.compile(
    r"\b(please|pls|could you|can you|i need|i want|i would like|i'd like|send me|call me|help me"
    r"|change my|cancel my|bitte|s'il vous pla[iî]t|por favor|per favore)\b",
    re.IGNORECASE,
)
_THANKS = re.compile(r"\b(thank(s| you)|thx|love|great job|well done|kudos)\b", re.IGNORECASE)

_CLEARLY = 0.5  # a label's probability from which it speaks for itself


def intent_of(text: str, sentiment: Sentiment) -> str:
    """Return question, complaint, praise, request or other."""
    if sentiment.negative >= _CLEARLY:
        return COMPLAINT
    if _QUESTION.search(text):
        return QUESTION
    if _REQUEST.search(text):
        return REQUEST
    if sentiment.positive >= _CLEARLY or _THANKS.search(text):
        return PRAISE
    return OTHER


def asks(text: str) -> bool:
    """Does somebody wait for an answer, whatever their mood?"""
    return bool(_QUESTION.search(text) or _REQUEST.search(text))
