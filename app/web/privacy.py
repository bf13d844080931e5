"""Privacy: everything about one person, to hand out, and to erase."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app import codec
from app.adapters.store.erasures import Dossiers, Erasure, Erasures
from app.core.person import person_key
from app.web.problems import Problem, wrong_field
from app.web.state import command, parts, text_of, user
from app.wiring.base import system_ms

_KEY_CHARS = 1_700
_REASON_CHARS = 500


async def export(request: Request) -> Response:
    """All that the store has of who has this handle, as one JSON document to hand out."""
    handle_key = _handle_key(codec.clean(request.query_params.get("handle_key", "")))
    person, found = await Dossiers(parts(request).base.database).of(handle_key)
    told = {"made_ms": system_ms(), "person": asdict(person), "records": found}
    return Response(
        orjson.dumps(told, default=_text),
        media_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="person.json"'},
    )


async def erase(request: Request) -> Response:
    """Forget who has this handle; done within a minute. 404 where nobody is known by it."""
    given = await command(request, "handle_key", "reason")
    handle_key = _handle_key(text_of(given, "handle_key", _KEY_CHARS))
    reason, me = text_of(given, "reason", _REASON_CHARS), user(request)
    database = parts(request).base.database
    if (person := await Dossiers(database).whom(handle_key)) is None:
        raise Problem(404, "unknown_person", "Nothing is kept under this handle")
    erasure = Erasure(
        id=secrets.token_hex(16),
        person=person,
        reason=reason,
        asked_by=me.name,
        role=me.role,
        asked_ms=system_ms(),
    )
    await Erasures(database).ask(erasure)
    return JSONResponse({"id": erasure.id, "state": "under_way"}, status_code=202)


async def erasures(request: Request) -> Response:
    """The erasures, the newest first: when each was done, and how much it took out."""
    return JSONResponse(await Erasures(parts(request).base.database).listed())


def _handle_key(text: str) -> str:
    if not (key := person_key(text)):
        raise wrong_field("handle_key", "channel:handle, such as x:kim, or a customer's id", text)
    return key


def _text(value: Any) -> str:
    """Bytes that came from outside, as text."""
    return bytes(value).decode("utf-8", "replace")
