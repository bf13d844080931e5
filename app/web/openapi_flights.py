"""The bodies of the API of flights, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from app.core.flight_plan import LONGEST_QUIET, MOST_LABELS, MOST_NAMES, MOST_STEPS
from app.web.flight_forms import NAME_CHARS, REASON_CHARS, SAY_CHARS, TEXT_CHARS
from app.web.openapi_parts import closed

ROOT: Final = "/api/v1/flights"
REFUSED: Final = (
    "stale_flight, flight_closed, not_closed, already_done, step_done, already_reached, not_yours,"
    " too_many_flights, too_many_by_hand or too_many_changes"
)
MISSING: Final = "unknown_flight, unknown_step, unknown_task or unknown_mention"

_ONE = f"{ROOT}/{{flight_id}}"
_NUMBER = {"type": "integer", "minimum": 1}
_MOMENT = {"type": "string", "format": "date-time"}


def _text(longest: int) -> dict[str, Any]:
    return {"type": "string", "maxLength": longest}


def _list(item: dict[str, Any], most: int) -> dict[str, Any]:
    return {"type": "array", "items": item, "maxItems": most}


_GOAL = closed(
    "words",
    "kind",
    words=_text(TEXT_CHARS),
    kind={
        "enum": ["quiet", "steps", "time"],
        "description": "no task open for so many minutes; every step done; a moment",
    },
    minutes={"type": "integer", "minimum": 1, "maximum": LONGEST_QUIET},
    until=_MOMENT,
)
_STEP = closed(
    "what",
    id={"type": "integer", "minimum": 0, "description": "of a step that there is; none for a new"},
    what=_text(TEXT_CHARS),
    who=closed(rep=_text(60), role=_text(60), queue=_text(60)) | {"maxProperties": 1},
)
_PLAN: dict[str, Any] = {
    "name": _text(NAME_CHARS),
    "labels": _list(_text(60), MOST_LABELS),
    "since": _MOMENT | {"description": "of the last 7 days; none: now"},
    "say": _text(SAY_CHARS),
    "goal": _GOAL,
    "steps": _list(_STEP, MOST_STEPS),
    "group": closed(reps=_list(_text(60), MOST_NAMES), queues=_list(_text(60), MOST_NAMES)),
}
_REASON = _text(REASON_CHARS)

FLIGHT_BODIES: Final[dict[tuple[str, str], dict[str, Any]]] = {
    ("POST", ROOT): closed("name", "goal", "group", **_PLAN),
    ("PUT", _ONE): closed("name", "goal", "group", "version", **_PLAN, version=_NUMBER),
    ("POST", f"{_ONE}/tick"): closed("step", step=_NUMBER, note=_REASON),
    ("POST", f"{_ONE}/untick"): closed("step", "reason", step=_NUMBER, reason=_REASON),
    ("POST", f"{_ONE}/add_task"): closed("task_id", task_id=_text(64)),
    ("POST", f"{_ONE}/remove_task"): closed(
        "mention_id", "reason", mention_id=_text(64), reason=_REASON
    ),
    ("POST", f"{_ONE}/close"): closed("reason", reason=_REASON),
    ("POST", f"{_ONE}/reopen"): closed("reason", reason=_REASON, goal=_GOAL),
}
