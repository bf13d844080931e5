"""The routes of identity, as pieces of the route table."""

from __future__ import annotations

from typing import Final

from app.core.catalogue import ROLES
from app.web import identity
from app.web.flight_routes import Piece

PEOPLE: Final = "/api/v1/people"
ROOT: Final = "/api/v1/identity"
_DECIDING = ("supervisor", "analyst", "admin")

IDENTITY: tuple[Piece, ...] = (
    ("GET", PEOPLE, identity.people, ROLES, "People by an id, a handle, a mail or a phone"),
    (
        "GET",
        f"{PEOPLE}/{{person:path}}",
        identity.person,
        ROLES,
        "One person: ids, handles, joins with their evidence; history for those who may read it",
    ),
    ("GET", f"{ROOT}/reviews", identity.reviews, ROLES, "Pairs that wait for a person to decide"),
    ("POST", f"{ROOT}/join", identity.join, _DECIDING, "Say that two are the same person"),
    ("POST", f"{ROOT}/apart", identity.apart, _DECIDING, "Say that two are not the same person"),
    ("POST", f"{ROOT}/unjoin", identity.unjoin, _DECIDING, "Take a join back, with the reason"),
)
