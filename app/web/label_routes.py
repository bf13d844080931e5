"""The routes of score labels, as pieces of the route table."""

from __future__ import annotations

from typing import Final

from app.core.catalogue import ROLES
from app.web import score_labels as labels
from app.web.auth import Handler

LABELLING: Final = ("supervisor", "analyst", "admin")
_CORRECTING: Final = ("agent", *LABELLING)

Piece = tuple[str, str, Handler, tuple[str, ...], str]

SCORE_LABELS: tuple[Piece, ...] = (
    (
        "GET",
        labels.OF_MENTION,
        labels.of_mention,
        ROLES,
        "What the model says of a mention, and what people said in its place",
    ),
    (
        "POST",
        labels.OF_MENTION,
        labels.correct,
        _CORRECTING,
        "Say what the score of a mention should be; nothing that was decided changes",
    ),
    ("GET", labels.AGREEMENT, labels.agreement, LABELLING, "How often people agree with a model"),
    (
        "GET",
        labels.ROOT,
        labels.waiting,
        LABELLING,
        "Mentions to be labelled, without what the model says of them",
    ),
    ("POST", labels.ONE, labels.label, LABELLING, "Label a mention that was drawn"),
    ("POST", labels.SKIP, labels.skip, LABELLING, "Ask nobody about this mention any more"),
)
