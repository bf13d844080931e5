"""What the model says of a text: its heads and their labels, in the order of the outputs."""

from __future__ import annotations

from typing import Final

SENTIMENT, COMPLAINT, INTENT, EMOTION, IRONY = (
    "sentiment", "complaint", "intent", "emotion", "irony"
)  # fmt: skip

HEADS: Final[dict[str, tuple[str, ...]]] = {
    SENTIMENT: ("negative", "neutral", "positive"),
    COMPLAINT: ("other", "complaint"),
    INTENT: ("question", "complaint", "praise", "request", "other"),
    EMOTION: ("anger", "joy", "sadness", "optimism", "none"),
    IRONY: ("plain", "ironic"),
}
