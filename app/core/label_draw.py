"""Which mentions people are asked to label: a draw that favours what the model is unsure of.

Each mention has a rank that follows from its id and from how unsure the model was; those with the
highest ranks of a day are asked about. So the draw is the same whenever and in however many parts
it is made, a day's cap holds, and no hour of the day is favoured (weighted sampling without
replacement: Efraimidis and Spirakis, 2006).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.core import lexicon
from app.core.score import UNSUPPORTED

UNSURE: Final = "unsure"
KINDS: Final = (UNSURE, UNSUPPORTED)  # what no model knows is asked for apart, with its own cap

DAY_MS: Final = 86_400_000  # days of UTC: a cap needs some day, and nobody's is better
KEPT_DAYS: Final = 14  # older than that, what waits speaks of a model that may be gone

_ALL: Final = 2.0**64  # as many different draws as 8 bytes give


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """How many mentions of a day are asked about, and below which confidence one is unsure."""

    per_day: int
    unsupported_per_day: int
    unsure_below: float

    def most(self, kind: str) -> int:
        return self.per_day if kind == UNSURE else self.unsupported_per_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A mention that may be asked about. Of a day, those with the highest `rank` are."""

    mention_id: str
    kind: str
    day: int  # since 1970
    at_ms: int
    rank: float


def candidate(
    mention_id: str, score: Mapping[str, Any], at_ms: int, draw: Draw
) -> Candidate | None:
    """The mention's place in the draw of its day; None where the model was sure of it.

    What word lists said is left out: their confidence is none, and tells nothing of the model.
    """
    if score["model"] == lexicon.NAME:
        return None
    sentiment = score["sentiment"]
    if sentiment["label"] == UNSUPPORTED:
        kind, weight = UNSUPPORTED, 1.0
    else:
        kind, weight = UNSURE, draw.unsure_below - float(sentiment["confidence"])
    if weight <= 0 or not draw.most(kind):
        return None
    return Candidate(
        mention_id=mention_id,
        kind=kind,
        day=at_ms // DAY_MS,
        at_ms=at_ms,
        rank=math.log(_share(mention_id)) / weight,
    )


def _share(mention_id: str) -> float:
    """A number in (0, 1] that follows from the id alone, as if it were thrown."""
    drawn = hashlib.sha256(f"label|{mention_id}".encode()).digest()[:8]
    return (int.from_bytes(drawn, "big") + 1) / _ALL
