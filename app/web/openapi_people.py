"""Bodies of what is said by people and noted of them, for the OpenAPI document."""

from __future__ import annotations

from typing import Final

from app.core.consent import KINDS
from app.core.history_lines import OFFLINE_KINDS, OFFLINE_UPSHOTS
from app.web.chat import NAME_CHARS, TEXT_CHARS, ZONE_CHARS
from app.web.openapi_parts import closed

CHAT: Final = "/api/v1/chat/messages"
HISTORY: Final = "/api/v1/history"
PERMISSIONS: Final = "/api/v1/permissions"

_TEXT = {"type": "string"}


PEOPLE_BODIES: Final = {
    CHAT: closed(
        "text",
        text=_TEXT | {"maxLength": TEXT_CHARS},
        name=_TEXT | {"maxLength": NAME_CHARS},
        zone=_TEXT | {"maxLength": ZONE_CHARS, "description": "time zone of the browser"},
    ),
    HISTORY: closed(
        "kind",
        "person",
        "text",
        kind={"enum": list(OFFLINE_KINDS)},
        person=_TEXT | {"description": "channel:handle, or a customer's id"},
        at={"type": "string", "format": "date-time", "description": "when it was; none: now"},
        text=_TEXT,
        upshot={"enum": list(OFFLINE_UPSHOTS)},
    ),
    PERMISSIONS: closed(
        "handle_key",
        "kind",
        "source",
        "evidence",
        handle_key=_TEXT,
        kind={"enum": list(KINDS)},
        channel=_TEXT,
        purpose=_TEXT,
        source=_TEXT,
        evidence=_TEXT,
    ),
}
