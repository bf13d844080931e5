"""The body of a signal, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from app.core.proactive import LONGEST_TEXT
from app.core.signal import MOST_SUBJECTS
from app.core.signal_intake import FIELDS

_TEXT = {"type": "string", "minLength": 1}


def _closed(**properties: Any) -> dict[str, Any]:
    required = list(properties)
    return {
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": False,
    }


def _list(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, "maxItems": MOST_SUBJECTS}


_PROPERTIES: dict[str, Any] = {
    "source": {**_TEXT, "maxLength": 300, "description": "the system that says it"},
    "id": {**_TEXT, "maxLength": 200, "description": "of the source: sent again, it is the same"},
    "kind": {**_TEXT, "description": "of config/signals.toml"},
    "at": {"type": "string", "format": "date-time", "description": "when it happens"},
    "subject": {**_TEXT, "maxLength": 80, "description": "what it is about: Parcel P-1"},
    "detail": {**_TEXT, "maxLength": 300},
    "customers": _list(_TEXT),
    "handles": _list(_closed(channel=_TEXT, handle=_TEXT)),
    "products": _list({**_TEXT, "description": "whoever has it; not with customers or handles"}),
    "place": _closed(
        name={**_TEXT, "maxLength": 40},
        lat={"type": "number", "minimum": -90, "maximum": 90},
        lon={"type": "number", "minimum": -180, "maximum": 180},
    ),
}

SIGNAL: dict[str, Any] = {
    "type": "object",
    "description": "with the intake key; a partner sends a signed CloudEvent of type"
    " handshake.signal, with these but source and id as its data",
    "required": [name for name in FIELDS if name in ("source", "id", "kind", "at", "subject")],
    "properties": {name: _PROPERTIES[name] for name in FIELDS},
    "additionalProperties": False,
}

PROACTIVE: dict[str, Any] = _closed(text={**_TEXT, "maxLength": LONGEST_TEXT})
