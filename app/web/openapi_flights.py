"""The bodies of the API of flights, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from app.core.flight_plan import LONGEST_QUIET, MOST_LABELS, MOST_NAMES, MOST_STEPS
from app.web.flight_forms import NAME_CHARS, REASON_CHARS, SAY_CHARS, TEXT_CHARS

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


def _object(*required: str, **properties: Any) -> dict[str, Any]:
    named = {"required": list(required)} if required else {}
    return {"type": "object", **named, "properties": properties, "additionalProperties": False}


def _list(item: dict[str, Any], most: int) -> dict[str, Any]:
    return {"type": "array", "items": item, "maxItems": most}


_GOAL = _object(
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
_STEP = _object(
    "what",
    id={"type": "integer", "minimum": 0, "description": "of a step that there is; none for a new"},
    what=_text(TEXT_CHARS),
    who=_object(rep=_text(60), role=_text(60), queue=_text(60)) | {"maxProperties": 1},
)
_PLAN: dict[str, Any] = {
    "name": _text(NAME_CHARS),
    "labels": _list(_text(60), MOST_LABELS),
    "since": _MOMENT | {"description": "of the last 7 days; none: now"},
    "say": _text(SAY_CHARS),
    "goal": _GOAL,
    "steps": _list(_STEP, MOST_STEPS),
    "group": _object(reps=_list(_text(60), MOST_NAMES), queues=_list(_text(60), MOST_NAMES)),
}
_REASON = _text(REASON_CHARS)

FLIGHT_BODIES: Final[dict[tuple[str, str], dict[str, Any]]] = {
    ("POST", ROOT): _object("name", "goal", "group", **_PLAN),
    ("PUT", _ONE): _object("name", "goal", "group", "version", **_PLAN, version=_NUMBER),
    ("POST", f"{_ONE}/tick"): _object("step", step=_NUMBER, note=_REASON),
    ("POST", f"{_ONE}/untick"): _object("step", "reason", step=_NUMBER, reason=_REASON),
    ("POST", f"{_ONE}/add_task"): _object("task_id", task_id=_text(64)),
    ("POST", f"{_ONE}/remove_task"): _object(
        "mention_id", "reason", mention_id=_text(64), reason=_REASON
    ),
    ("POST", f"{_ONE}/close"): _object("reason", reason=_REASON),
    ("POST", f"{_ONE}/reopen"): _object("reason", reason=_REASON, goal=_GOAL),
}
