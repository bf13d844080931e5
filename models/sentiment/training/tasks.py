"""What the model says of a text: its heads and their labels, in the order of the outputs."""

from __future__ import annotations

from typing import Final

from app.core.heads import COMPLAINT, EMOTION, INTENT, IRONY, PILLAR
from app.core.heads import HEADS as FURTHER
from app.core.score import LABELS

__all__ = ["COMPLAINT", "EMOTION", "FURTHER", "HEADS", "INTENT", "IRONY", "PILLAR", "SENTIMENT"]

SENTIMENT: Final = "sentiment"
HEADS: Final[dict[str, tuple[str, ...]]] = {SENTIMENT: LABELS, **FURTHER}
