"""The bodies of the API of identity, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from app.web.identity import NODE_CHARS, REASON_CHARS
from app.web.identity_routes import ROOT
from app.web.openapi_parts import closed

REFUSED: Final = (
    "already_joined, already_apart, told_apart, reason_needed, too_many_nodes or same_node"
)
MISSING: Final = "unknown_node or unknown_join"

_NODE = {
    "type": "string",
    "maxLength": NODE_CHARS,
    "description": "customer:ID or handle:CHANNEL:HANDLE",
}
_REASON = {"type": "string", "maxLength": REASON_CHARS}


IDENTITY_BODIES: Final[dict[tuple[str, str], dict[str, Any]]] = {
    ("POST", f"{ROOT}/join"): closed("a", "b", a=_NODE, b=_NODE, reason=_REASON),
    ("POST", f"{ROOT}/apart"): closed("a", "b", a=_NODE, b=_NODE, reason=_REASON),
    ("POST", f"{ROOT}/unjoin"): closed(
        "join", "reason", join={"type": "integer", "minimum": 1}, reason=_REASON
    ),
}
