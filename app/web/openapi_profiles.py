"""The bodies of the API of profiles and imports, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from app.adapters.csv_rows import DELIMITERS, ENCODINGS
from app.core.community import ADVOCACY
from app.core.import_mapping import MOST_COLUMNS
from app.web.openapi_parts import closed
from app.web.profiles import MOST

PROFILES: Final = "/api/v1/profiles"
UPLOAD: Final = "/api/v1/imports"
START: Final = "/api/v1/imports/{import_id}/start"
REFUSED: Final = "import_running or import_done"

_TEXT = {"type": "string"}
_NUMBER = {"type": "number"}
_COUNT = {"type": "integer", "minimum": 0}


def _by_channel(value: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": value}


_SAID = closed(
    "source",
    customer_id=_TEXT | {"description": "needed unless a handle leads to the customer"},
    source=_TEXT,
    at={"type": "string", "format": "date-time", "description": "since when it is so; none: now"},
    confidence={"type": "number", "minimum": 0, "maximum": 1},
    name=_TEXT, tier=_TEXT, lang=_TEXT, zone=_TEXT, household=_TEXT, preferred_channel=_TEXT,
    value=_NUMBER, credit=_NUMBER, rewards=_NUMBER, open_cases=_COUNT,
    advocacy={"enum": list(ADVOCACY)},
    products={"type": "array", "items": _TEXT, "maxItems": 50},
    handles=_by_channel({"oneOf": [_TEXT, {"type": "array", "items": _TEXT, "maxItems": 50}]}),
    followers=_by_channel(_COUNT),
    posts=_by_channel(_COUNT),
)  # fmt: skip

BODIES: Final[dict[str, dict[str, Any]]] = {
    PROFILES: {"oneOf": [_SAID, {"type": "array", "items": _SAID, "maxItems": MOST}]},
    START: closed(
        source=_TEXT,
        mapping={
            "type": "object",
            "description": "a field for each column; empty: nobody reads it",
            "additionalProperties": _TEXT,
            "maxProperties": MOST_COLUMNS,
        },
        dry={"type": "boolean", "default": True},
        encoding={"enum": ["", *ENCODINGS]},
        delimiter={"enum": ["", *DELIMITERS]},
        keep=_TEXT | {"description": "keep the mapping under this name"},
    ),
}
