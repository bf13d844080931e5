"""The routes of permission: what customers allowed, what went out to them and what did not."""

from __future__ import annotations

from typing import Final

from app.core.catalogue import ROLES
from app.web import permissions
from app.web.auth import Handler

_ACTING = ("agent", "supervisor", "admin")
_OPERATING = ("supervisor", "sre", "admin")

Piece = tuple[str, str, Handler, tuple[str, ...], str]

PERMISSION: Final[tuple[Piece, ...]] = (
    (
        "GET", "/api/v1/permissions", permissions.of_person, ROLES,
        "What a person allowed and forbade, and what they could be sent now",
    ),
    (
        "POST", "/api/v1/permissions", permissions.change, _ACTING,
        "Record a consent that was given or withdrawn, with its source and evidence",
    ),
    (
        "GET", "/api/v1/mentions/{mention_id}/outbound", permissions.of_mention, ROLES,
        "What went out for a mention, what did not and why; and whether an answer would",
    ),
    ("GET", "/api/v1/outbound", permissions.log, _OPERATING, "Messages to customers, newest first"),
)  # fmt: skip
