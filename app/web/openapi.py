"""OpenAPI 3.1, made from the route table and the types: `docs/openapi.json` is its copy."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from app import __version__
from app.codec import WireMention

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
                },
            },
        },
    },
}

_TEXT = {"type": "string"}
_BODIES: dict[str, dict[str, Any]] = {
    "/api/v1/me/state": {
        "type": "object",
        "required": ["state"],
        "properties": {"state": {"enum": ["available", "paused", "offline"]}, "reason": _TEXT},
    },
    "/api/v1/tasks/{task_id}/reject": {"type": "object", "properties": {"reason": _TEXT}},
    "/api/v1/tasks/{task_id}/reply": {
        "type": "object",
        "required": ["text"],
        "properties": {"text": _TEXT},
    },
    "/api/v1/tasks/{task_id}/complete": {
        "type": "object",
        "properties": {
            "code": {"enum": ["resolved", "no_answer_needed", "duplicate", "passed_on"]},
            "note": _TEXT,
        },
    },
    "/api/v1/tasks/{task_id}/transfer": {
        "type": "object",
        "required": ["queue", "reason"],
        "properties": {"queue": _TEXT, "reason": _TEXT},
    },
}
_QUERIES = {
    "/api/v1/facts": ("since", "follow"),
    "/api/v1/tasks": ("queue", "state", "rep", "limit"),
    "/api/v1/history": ("handle_key",),
    "/api/v1/dead-letters": ("src",),
    "/api/v1/stream": ("view", "last"),
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
            paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Handshake", "version": __version__},
        "paths": paths,
        "components": {
            "schemas": schemas | defined,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "handshake_session"},
            },
        },
    }


def _operation(endpoint: Any) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": endpoint.does,
        "tags": [_tag(endpoint.path)],
        "description": _roles(endpoint.roles),
        "security": [{"key": []}, {"session": []}] if endpoint.roles else [],
        "parameters": _parameters(endpoint),
        "responses": _responses(endpoint),
    }
    if endpoint.path == "/api/v1/mentions":
        mention = {"$ref": "#/components/schemas/WireMention"}
        operation["requestBody"] = _json(
            {"oneOf": [mention, {"type": "array", "items": mention, "maxItems": 1000}]}
        )
    elif endpoint.path in _BODIES:
        operation["requestBody"] = _json(_BODIES[endpoint.path])
    return operation


def _tag(path: str) -> str:
    """The noun of the path: mentions, tasks, queues."""
    return path.removeprefix("/api/v1/").split("/")[0].removesuffix(".json")


def _roles(roles: tuple[str, ...]) -> str:
    return f"Roles: {', '.join(roles)}" if roles else "For everybody"


def _parameters(endpoint: Any) -> list[dict[str, Any]]:
    named = [
        {"name": name, "in": "path", "required": True, "schema": _TEXT}
        for name in re.findall(r"{(\w+)}", endpoint.path)
    ]
    asked = [
        {"name": name, "in": "query", "schema": _TEXT} for name in _QUERIES.get(endpoint.path, ())
    ]
    key = {"name": "Idempotency-Key", "in": "header", "required": True, "schema": _TEXT}
    return named + asked + ([key] if endpoint.command else [])


def _responses(endpoint: Any) -> dict[str, Any]:
    good = "202" if endpoint.path == "/api/v1/mentions" else "200"
    found = {good: {"description": endpoint.does}}
    refusals = {"503": "A part is away; nothing was changed"}
    if endpoint.roles:
        refusals |= {"401": "Not signed in", "403": "Another role is needed"}
    if endpoint.method == "POST":
        refusals |= {"422": "A field is wrong; `errors` says which"}
    if endpoint.command:
        refusals |= {"404": "No such task", "409": "taken, expired, not_yours or wrong_state"}
    schema = {"$ref": "#/components/schemas/Problem"}
    return found | {
        status: {"description": text, "content": {"application/problem+json": {"schema": schema}}}
        for status, text in sorted(refusals.items())
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema}}}
