"""The routes of what is known of customers, as pieces of the route table."""

from __future__ import annotations

from typing import Final

from app.core.catalogue import ROLES
from app.web import imports, profiles
from app.web.auth import Handler

IMPORTS: Final = "/api/v1/imports"
_ONE: Final = f"{IMPORTS}/{{import_id}}"
SEEING_IMPORTS, _IMPORTING = ("supervisor", "analyst", "admin"), ("supervisor", "admin")

Piece = tuple[str, str, Handler, tuple[str, ...], str]

PROFILES: tuple[Piece, ...] = (
    ("POST", "/api/v1/profiles", profiles.take, ("intake", "admin"), "Take what a source says"),
    (
        "GET",
        "/api/v1/people/{customer_id}/profile",
        profiles.profile,
        ROLES,
        "All that is known of a customer, by source and time",
    ),
    ("GET", IMPORTS, imports.imports, SEEING_IMPORTS, "The newest imports, and kept mappings"),
    ("POST", IMPORTS, imports.upload, _IMPORTING, "Keep a file to be imported, with its preview"),
    ("GET", _ONE, imports.import_, SEEING_IMPORTS, "One import: how far it is, or its preview"),
    ("POST", f"{_ONE}/start", imports.start, _IMPORTING, "Run an import, dry or in earnest"),
    ("POST", f"{_ONE}/cancel", imports.cancel, _IMPORTING, "End an import"),
    (
        "GET",
        f"{_ONE}/rejects",
        imports.rejects,
        SEEING_IMPORTS,
        "The rows that were refused, as CSV",
    ),
)
