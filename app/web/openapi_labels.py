"""The bodies of score labels, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from app.core.score_labels import FIELDS, SENTIMENT
from app.web import score_labels as labels
from app.web.openapi_parts import closed

_WORDS: Final[dict[str, Any]] = {name: {"enum": list(words)} for name, words in FIELDS.items()}
_WHY: Final = {"type": "string", "maxLength": labels.WHY_CHARS}

LABEL_BODIES: Final[dict[str, dict[str, Any]]] = {
    labels.OF_MENTION: closed(**_WORDS, why=_WHY) | {"minProperties": 1},
    labels.ONE: closed(SENTIMENT, sentiment=_WORDS[SENTIMENT]),
    labels.SKIP: closed(),
}
KEPT: Final = (labels.OF_MENTION, labels.ONE)  # with an Idempotency-Key, and in the ledger soon
LABEL_REFUSALS: Final[dict[str, dict[str, str]]] = {
    labels.OF_MENTION: {"404": "unknown_mention", "409": "not_yours or not_scored"},
    labels.ONE: {"404": "unknown_mention or unknown_sample", "409": "not_scored"},
    labels.SKIP: {"404": "unknown_sample"},
}
