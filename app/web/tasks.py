"""What agents do: their desk, their state, and the answers to offers and tasks."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.core.errors import Conflict
from app.web import views
from app.web.problems import Problem
from app.web.state import command, parts, text_of, user, whole_number

STATES = ("available", "paused", "offline")
CODES = ("resolved", "no_answer_needed", "duplicate", "passed_on")

_REPLY_CHARS = 10_000
_REASON_CHARS = 500
_KEY_CHARS = 100
_PAGE = 200  # cards in one answer; more is a report, not a screen
_ISO_LANGUAGE = 2  # skills of two letters are languages: they follow a task to its next queue


async def desk(request: Request) -> Response:
    return JSONResponse(await views.desk(parts(request), user(request)))


async def floor(request: Request) -> Response:
    return JSONResponse(await views.floor(parts(request)))


async def queues(request: Request) -> Response:
    return JSONResponse((await views.floor(parts(request)))["queues"])


async def tasks(request: Request) -> Response:
    """Open tasks by queue, state and rep, the most pressing first, at most `limit`."""
    at, asked = parts(request), request.query_params
    known = at.base.config.catalogue.queues
    wanted = [asked["queue"]] if asked.get("queue") else list(known)
    if wanted[0] not in known:
        raise Problem(404, "unknown_queue", f"expected one of {', '.join(known)}")
    limit = whole_number(asked.get("limit", str(_PAGE)), "limit", _PAGE)
    cards = await at.floor.open_in(wanted)
    for name in ("state", "rep"):
        if asked.get(name):
            cards = [card for card in cards if card[name] == asked[name]]
    return JSONResponse(cards[:limit])


async def task(request: Request) -> Response:
    card = await parts(request).floor.card(request.path_params["task_id"])
    if card is None:
        raise Problem(404, "unknown_task", "No task has this id")
    return JSONResponse(card)


async def my_state(request: Request) -> Response:
    """Say that I am ready for work, pausing, or gone."""
    at, me, given = parts(request), user(request), await command(request)
    state = text_of(given, "state", 20)
    if state not in STATES:
        errors = [{"field": "state", "expected": " or ".join(STATES), "got": state}]
        raise Problem(422, "wrong_field", f"state: expected {' or '.join(STATES)}", errors)
    reason = text_of(given, "reason", _REASON_CHARS, required=False)
    await at.base.door.set_state(me.name, state, reason, _actor(request))
    return JSONResponse(await at.floor.rep(me.name))


async def accept(request: Request) -> Response:
    return await _do(request, "accept")


async def reject(request: Request) -> Response:
    given = await command(request)
    reason = text_of(given, "reason", _REASON_CHARS, required=False)
    return await _do(request, "reject", reason=reason or "no reason given")


async def reply(request: Request) -> Response:
    """Record my reply; the SLA clock stops here while no channel sends yet."""
    given = await command(request)
    return await _do(request, "reply", text=text_of(given, "text", _REPLY_CHARS))


async def complete(request: Request) -> Response:
    given = await command(request)
    code = text_of(given, "code", 40, required=False) or "resolved"
    if code not in CODES:
        errors = [{"field": "code", "expected": " or ".join(CODES), "got": code}]
        raise Problem(422, "wrong_field", f"code: expected {' or '.join(CODES)}", errors)
    note = text_of(given, "note", _REPLY_CHARS, required=False)
    return await _do(request, "complete", code=code, note=note)


async def transfer(request: Request) -> Response:
    """Hand the task on to another queue, with the reason."""
    at, given = parts(request), await command(request)
    name, reason = text_of(given, "queue", 40), text_of(given, "reason", _REASON_CHARS)
    queue = at.base.config.catalogue.queues.get(name)
    if queue is None:
        known = " or ".join(at.base.config.catalogue.queues)
        errors = [{"field": "queue", "expected": known, "got": name}]
        raise Problem(422, "wrong_field", f"queue: expected {known}", errors)
    card = await at.floor.card(request.path_params["task_id"])
    languages = [s for s in (card or {}).get("skills", []) if len(s) == _ISO_LANGUAGE]
    skills = ",".join(sorted({*queue.skills, *languages}))
    return await _do(request, "transfer", queue=name, skills=skills, reason=reason)


async def _do(request: Request, name: str, **given: Any) -> Response:
    """Run one command through the door, once for each Idempotency-Key."""
    at, me = parts(request), user(request)
    key = request.headers.get("idempotency-key", "").strip()
    if not key or len(key) > _KEY_CHARS:
        raise Problem(
            400, "idempotency_key", f"expected a header Idempotency-Key of 1 to {_KEY_CHARS} chars"
        )
    task_id = request.path_params["task_id"]
    done = await at.base.door.command(
        name, task_id, f"{me.name}:{name}:{key}", rep=me.name, actor=_actor(request), **given
    )
    card = await at.floor.card(task_id)
    if card is None:
        raise Conflict("unknown_task", "No task has this id")
    return JSONResponse(card | {"state": done["state"], "version": done["version"]})


def _actor(request: Request) -> dict[str, str]:
    me = user(request)
    return {"type": "user", "id": me.name, "role": me.role}
