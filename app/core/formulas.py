"""What follows from a text and its sentiment without a model: intent, urgency, pillar."""

from __future__ import annotations

from app.core.intent import intent_of
from app.core.phrases import MAX_CHARS
from app.core.pillar import pillar_of
from app.core.score import Score, Sentiment
from app.core.urgency import urgency_of
from app.core.windows import spoken


def completed(text: str, followers: int, sentiment: Sentiment, lang: str, model: str) -> Score:
    """The whole score of a text whose sentiment is known. The first MAX_CHARS of it are read.

    Of a transcript, that is of the customer's side: what an agent says presses nobody.
    """
    text = spoken(text)[:MAX_CHARS]
    urgency, why = urgency_of(text, sentiment, followers)
    intent = intent_of(text, sentiment)
    pillar, pillar_why = pillar_of(text, sentiment, intent, why)
    return Score(
        sentiment=sentiment,
        lang=lang,
        intent=intent,
        urgency=urgency,
        urgency_why=why,
        pillar=pillar,
        pillar_why=pillar_why,
        model=model,
    )
