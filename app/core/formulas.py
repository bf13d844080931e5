"""What follows from a text and what a model says of it: intent, urgency, pillar, doubts."""

from __future__ import annotations

from app.core.evidence import evidence_in
from app.core.heads import doubted
from app.core.intent import intent_of
from app.core.phrases import MAX_CHARS
from app.core.pillar import pillar_of
from app.core.score import SILENT, Judgement, Score
from app.core.text import says_something
from app.core.urgency import urgency_of
from app.core.windows import spoken


def completed(text: str, followers: int, judged: Judgement, lang: str, model: str) -> Score:
    """The whole score of a text that was judged. The first MAX_CHARS of it are read, once.

    Of a transcript, that is of the customer's side: what an agent says presses nobody.
    """
    if not says_something(text):
        judged = SILENT  # a model would guess, and mostly that somebody complains
    found = evidence_in(spoken(text)[:MAX_CHARS])
    urgency = urgency_of(found, judged, followers)
    intent = intent_of(found, judged)
    pillar, pillar_why = pillar_of(found, judged, intent, urgency.names)
    return Score(
        sentiment=doubted(judged.sentiment, judged.irony),
        lang=lang,
        intent=intent,
        urgency=urgency.value,
        urgency_why=urgency.why,
        pillar=pillar,
        pillar_why=pillar_why,
        complaint=judged.complaint,
        emotion=judged.emotion,
        irony=judged.irony,
        model=model,
    )
