"""OpenAPI 3.1, made from the route table and the types: `docs/openapi.json` is its copy."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from app import __version__
from app.codec import WireMention
from app.web import openapi_flights as flights
from app.web import openapi_identity as identity
from app.web import openapi_profiles as profiles
from app.web.cases import CLOSE as CLOSE_CASE
from app.web.identity_routes import ROOT as IDENTITY_ROOT
from app.web.openapi_labels import KEPT, LABEL_BODIES, LABEL_REFUSALS
from app.web.openapi_parts import closed
from app.web.openapi_people import CHAT, HISTORY, PEOPLE_BODIES, PERMISSIONS
from app.web.openapi_rules import RULE_BODIES
from app.web.openapi_signals import PROACTIVE, SIGNAL

_PROBLEM = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "stable; for programs"},
        "detail": {"type": "string", "description": "a sentence; for people"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "field": {"type": "string"},
                    "expected": {"type": "string"},
                    "got": {"type": "string"},
                    "file": {"type": "string", "description": "of rules, as the next five"},
                    "row": {"type": "string"},
                    "key": {"type": "string"},
                    "line": {"type": "integer", "description": "from 1; 0: nobody can tell"},
                    "column": {"type": "integer"},
                    "message": {"type": "string"},
                },
            },
        },
    },
}

_TEXT = {"type": "string"}
_VERSION = {
    "type": "integer",
    "minimum": 1,
    "description": "the task's version that you have seen; refused with stale_version if it moved",
}
_MOMENT = {"type": "string", "format": "date-time"}
_MINUTES = {"type": "integer", "minimum": 1, "maximum": 10_080}
_PRIORITY = {"type": "integer", "minimum": 0, "maximum": 100}
_CODE = {"enum": ["resolved", "no_answer_needed", "duplicate", "passed_on"]}
_REFUSED = (
    "taken, already_accepted, expired, not_yours, wrong_state, stale_version, has_offer,"
    " not_available, no_room, cannot_take, too_late or bounced"
)

_RULES_REFUSED = "backtest_needed, live_moved, nothing_changed, not_done or stale_draft"

_AWAY = "A part is away; nothing was changed: try again after Retry-After"
_AWAY_UNKNOWN = f"{_AWAY}. With unknown_outcome it may have been done: use the same key again"


_COMMANDS: dict[str, dict[str, Any]] = {
    "accept": closed(reservation_id=_TEXT),
    "reject": closed(reason=_TEXT),
    "reply": closed("text", text=_TEXT),
    "wrap": closed(),
    "complete": closed(code=_CODE, note=_TEXT),
    "transfer": closed("reason", queue=_TEXT, to_rep=_TEXT, reason=_TEXT),
    "park": closed(
        "reason", until=_MOMENT, minutes=_MINUTES, reason=_TEXT, waits_for={"enum": ["customer"]}
    ),
    "resume": closed(),
    "assign": closed("rep", "reason", rep=_TEXT, reason=_TEXT),
    "pull_back": closed("reason", queue=_TEXT, reason=_TEXT),
    "cancel": closed("reason", reason=_TEXT),
    "prioritise": closed("priority", "reason", priority=_PRIORITY, reason=_TEXT),
}
_BODIES: dict[str, dict[str, Any]] = {
    "/api/v1/me/state": closed(
        "state", state={"enum": ["available", "paused", "offline"]}, reason=_TEXT
    ),
} | {
    f"/api/v1/tasks/{{task_id}}/{name}": body
    | {"properties": body["properties"] | {"version": _VERSION}}
    for name, body in _COMMANDS.items()
}
_CLOUDEVENT = closed(
    "specversion",
    "id",
    "source",
    "type",
    "data",
    specversion={"const": "1.0"},
    id=_TEXT,
    source=_TEXT,
    type={"enum": ["handshake.handoff", "handshake.status"]},
    hops={"type": "integer", "minimum": 0},
    data={"type": "object", "description": "docs/handoffs.md"},
)
_BODIES |= {
    "/api/v1/signals": SIGNAL,
    "/api/v1/proactive/{event}/approve": PROACTIVE,
    "/api/v1/handoffs": _CLOUDEVENT,
    "/api/v1/handoffs/{event_id}/replay": closed("reason", reason=_TEXT),
    CLOSE_CASE: closed("reason", reason=_TEXT),
    "/api/v1/notices/read": closed(
        "ids", ids={"type": "array", "items": _TEXT, "minItems": 1, "maxItems": 200}
    ),
}
_OTHER_BODIES = RULE_BODIES | flights.FLIGHT_BODIES | identity.IDENTITY_BODIES
_ACCEPTING = (  # kept, and done later
    *KEPT,
    CHAT,
    CLOSE_CASE,
    HISTORY,
    PERMISSIONS,
    "/api/v1/mentions",
    "/api/v1/handoffs",
    "/api/v1/signals",
    "/api/v1/proactive/{event}/approve",
    "/api/v1/rules/drafts/{draft_id}/backtest",
    profiles.START,
)
_KEYED = (flights.ROOT, IDENTITY_ROOT)  # each change of these has an Idempotency-Key
_BODIES |= profiles.BODIES | PEOPLE_BODIES | LABEL_BODIES
_UPLOADING = (profiles.UPLOAD, "POST")
_QUERIES = {
    "/api/v1/people": ("find",),
    "/api/v1/facts": ("since", "follow"),
    "/api/v1/tasks": ("queue", "state", "rep", "limit"),
    "/api/v1/history": (
        *("q", "person", "channel", "kind", "status", "since", "until", "before", "limit"),
    ),
    "/api/v1/dead-letters": ("src",),
    "/api/v1/stream": ("view", "last"),
    "/api/v1/rules/versions/{number}/diff": ("to",),
    "/api/v1/rules/overrides": ("hours",),
    "/api/v1/handoffs": ("partner", "state", "mention_id", "limit"),
    "/api/v1/permissions": ("handle_key",),
    "/api/v1/labels": ("kind", "limit"),
    "/api/v1/outbound": ("channel", "state", "code", "handle_key", "mention_id", "limit"),
}


def document() -> dict[str, Any]:
    """The document of everything under /api/v1."""
    from app.web.routes import ENDPOINTS  # noqa: PLC0415 (the pages serve this document)

    schemas = {"Problem": _PROBLEM}
    [_], defined = msgspec.json.schema_components(
        [WireMention], ref_template="#/components/schemas/{name}"
    )
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in ENDPOINTS:
        if endpoint.path.startswith("/api/v1"):
            path = endpoint.path.replace(":path}", "}")
            paths.setdefault(path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Handshake", "version": __version__},
        "paths": paths,
        "components": {
            "schemas": schemas | defined,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer"},
                "signature": {"type": "apiKey", "in": "header", "name": "webhook-signature"},
                "session": {"type": "apiKey", "in": "cookie", "name": "handshake_session"},
            },
        },
    }


def _operation(endpoint: Any) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": endpoint.does,
        "tags": [_tag(endpoint.path)],
        "description": _roles(endpoint.roles),
        "security": _security(endpoint.roles),
        "parameters": _parameters(endpoint),
        "responses": _responses(endpoint),
    }
    if endpoint.path == "/api/v1/mentions":
        mention = {"$ref": "#/components/schemas/WireMention"}
        operation["requestBody"] = _json(
            {"oneOf": [mention, {"type": "array", "items": mention, "maxItems": 1000}]}
        )
    elif endpoint.method == "POST" and endpoint.path == profiles.UPLOAD:
        operation["requestBody"] = {"required": True, "content": {"application/octet-stream": {}}}
    elif endpoint.method == "POST" and endpoint.path in _BODIES:
        operation["requestBody"] = _json(_BODIES[endpoint.path])
    elif body := _OTHER_BODIES.get((endpoint.method, endpoint.path)):
        operation["requestBody"] = _json(body)
    return operation


def _security(roles: tuple[str, ...]) -> list[dict[str, Any]]:
    if roles == ("partner",):
        return [{"signature": []}]
    return [{"key": []}, {"session": []}] if roles else []


def _tag(path: str) -> str:
    """The noun of the path: mentions, tasks, queues."""
    return path.removeprefix("/api/v1/").split("/")[0].removesuffix(".json")


def _roles(roles: tuple[str, ...]) -> str:
    return f"Roles: {', '.join(roles)}" if roles else "For everybody"


def _parameters(endpoint: Any) -> list[dict[str, Any]]:
    named = [
        {"name": name, "in": "path", "required": True, "schema": _TEXT}
        for name in re.findall(r"{(\w+)(?::path)?}", endpoint.path)
    ]
    names = _QUERIES.get(endpoint.path, ()) if endpoint.method == "GET" else ()
    names = ("file", "modified_ms") if (endpoint.path, endpoint.method) == _UPLOADING else names
    asked = [{"name": name, "in": "query", "schema": _TEXT} for name in names]
    key = {"name": "Idempotency-Key", "in": "header", "required": True, "schema": _TEXT}
    seen = {"name": "If-Match", "in": "header", "required": False, "schema": _TEXT}
    if endpoint.path == CHAT:
        return [key]
    if endpoint.path == "/api/v1/rules/drafts":
        return [key | {"required": False}]
    keyed = endpoint.path in KEPT or endpoint.path.startswith((*_KEYED, HISTORY))
    if keyed and endpoint.method != "GET":
        return [*named, key]
    if endpoint.edit:
        return [*named, seen | {"required": True}]
    return named + asked + ([key, seen] if endpoint.command else [])


_REFUSALS: dict[str, dict[str, str]] = {
    CHAT: {
        "400": "no_chat: /chat was not opened",
        "429": "too_many_messages or too_many_today",
    },
    CLOSE_CASE: {"404": "unknown_case", "409": "case_closed"},
    **LABEL_REFUSALS,
}


def _responses(endpoint: Any) -> dict[str, Any]:
    accepts = endpoint.method == "POST" and endpoint.path in _ACCEPTING
    good = "202" if accepts else "200"
    found = {good: {"description": endpoint.does}}
    refusals = {"503": _AWAY_UNKNOWN if _is_change(endpoint) else _AWAY}
    if endpoint.roles:
        refusals |= {"401": "Not signed in", "403": "Another role is needed"}
    if endpoint.method in ("POST", "PUT"):
        refusals |= {"422": "A field is wrong, or unknown (unknown_field); `errors` says which"}
    refusals |= _REFUSALS.get(endpoint.path, {})
    if endpoint.command:
        refusals |= {"404": "unknown_task or unknown_rep", "409": _REFUSED}
    if endpoint.edit:
        refusals |= {"412": "stale_draft", "428": "If-Match is missing"}
    if endpoint.path.startswith("/api/v1/rules/") and endpoint.method != "GET":
        refusals |= {"404": "unknown_draft and the like", "409": _RULES_REFUSED}
    if endpoint.path.startswith(flights.ROOT) and endpoint.method != "GET":
        refusals |= {"404": flights.MISSING, "409": flights.REFUSED}
    if endpoint.path.startswith(IDENTITY_ROOT) and endpoint.method != "GET":
        refusals |= {"404": identity.MISSING, "409": identity.REFUSED}
    if endpoint.path.startswith(profiles.UPLOAD) and endpoint.method != "GET":
        refusals |= {"404": "unknown_import", "409": profiles.REFUSED, "413": "too_large"}
    schema = {"$ref": "#/components/schemas/Problem"}
    return found | {
        status: {"description": text, "content": {"application/problem+json": {"schema": schema}}}
        for status, text in sorted(refusals.items())
    }


def _is_change(endpoint: Any) -> bool:
    noting = endpoint.path == HISTORY and endpoint.method == "POST"
    return noting or bool(endpoint.command) or endpoint.path == "/api/v1/me/state"


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema}}}
