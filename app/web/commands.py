"""What people do to tasks: what each command may say, then once through the door."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.core.errors import Conflict
from app.core.skills import after_move
from app.web.problems import Problem, done, sent, wrong_field
from app.web.state import actor_of, command, parts, text_of, user, whole_field

CODES = ("resolved", "no_answer_needed", "duplicate", "passed_on")
WAITS_FOR = ("customer",)

_REPLY_CHARS = 10_000
_REASON_CHARS = 500
_NAME_CHARS = 60
_KEY_CHARS = 100
_MINUTE_MS = 60_000
_PARK_MINUTES = 10_080  # a week: what should rest longer is better closed
_HIGHEST_PRIORITY = 100
_TAG = re.compile(r'(?:W/)?"?([0-9]{1,18})"?')


async def accept(request: Request) -> Response:
    """Take the task; `reservation_id` says which of its offers is meant."""
    given = await _given(request, "reservation_id")
    reservation = text_of(given, "reservation_id", _KEY_CHARS * 2, required=False)
    return await _do(
        request, given, "accept", **({"reservation_id": reservation} if reservation else {})
    )


async def reject(request: Request) -> Response:
    given = await _given(request, "reason")
    reason = text_of(given, "reason", _REASON_CHARS, required=False)
    return await _do(request, given, "reject", reason=reason or "no reason given")


async def reply(request: Request) -> Response:
    """Record my reply: the SLA clock stops here; `send` brings it out where it is permitted."""
    given = await _given(request, "text")
    return await _do(request, given, "reply", text=text_of(given, "text", _REPLY_CHARS))


async def wrap(request: Request) -> Response:
    """The conversation is over; what is left is the after-call work."""
    given = await _given(request)
    return await _do(request, given, "wrap")


async def complete(request: Request) -> Response:
    given = await _given(request, "code", "note")
    code = text_of(given, "code", 40, required=False) or "resolved"
    if code not in CODES:
        raise wrong_field("code", " or ".join(CODES), code)
    note = text_of(given, "note", _REPLY_CHARS, required=False)
    return await _do(request, given, "complete", code=code, note=note)


async def transfer(request: Request) -> Response:
    """Hand the task on to another queue or to one colleague, with the reason."""
    given = await _given(request, "queue", "to_rep", "reason")
    if bool(given.get("queue")) == bool(given.get("to_rep")):
        field = "to_rep" if given.get("to_rep") else "queue"
        got = "both" if given.get("queue") else "neither"
        raise wrong_field(field, "either queue or to_rep", got)
    reason = text_of(given, "reason", _REASON_CHARS)
    if given.get("to_rep"):
        kept_ms = round(parts(request).base.settings.offer.sticky_s * 1000)
        to_rep = _rep_of(request, given, "to_rep")
        return await _do(request, given, "transfer", to_rep=to_rep, kept_ms=kept_ms, reason=reason)
    moved = await _queue_of(request, given)
    return await _do(request, given, "transfer", **moved, reason=reason)


async def park(request: Request) -> Response:
    """Let the task rest until a moment, with the reason; its clock goes on."""
    given = await _given(request, "until", "minutes", "reason", "waits_for")
    until_ms = await _until_ms(request, given)
    reason = text_of(given, "reason", _REASON_CHARS)
    waits_for = text_of(given, "waits_for", _NAME_CHARS, required=False)
    if waits_for and waits_for not in WAITS_FOR:
        raise wrong_field("waits_for", " or ".join(WAITS_FOR), waits_for)
    return await _do(request, given, "park", until_ms=until_ms, reason=reason, waits_for=waits_for)


async def resume(request: Request) -> Response:
    """The task waits again, for its agent first."""
    given = await _given(request)
    kept_ms = round(parts(request).base.settings.offer.sticky_s * 1000)
    return await _do(request, given, "resume", kept_ms=kept_ms)


async def assign(request: Request) -> Response:
    """Offer the task to this agent, whatever stands in the way but time."""
    given = await _given(request, "rep", "reason")
    to_rep, reason = _rep_of(request, given, "rep"), text_of(given, "reason", _REASON_CHARS)
    expires_ms = round(parts(request).base.settings.offer.expires_s * 1000)
    return await _do(request, given, "assign", to_rep=to_rep, expires_ms=expires_ms, reason=reason)


async def pull_back(request: Request) -> Response:
    """Take the task from whoever has it; it waits again, in another queue if one is named."""
    given = await _given(request, "queue", "reason")
    reason = text_of(given, "reason", _REASON_CHARS)
    moved = await _queue_of(request, given) if given.get("queue") else {}
    return await _do(request, given, "pull_back", **moved, reason=reason)


async def cancel(request: Request) -> Response:
    given = await _given(request, "reason")
    return await _do(request, given, "cancel", reason=text_of(given, "reason", _REASON_CHARS))


async def prioritise(request: Request) -> Response:
    given = await _given(request, "priority", "reason")
    priority = whole_field(given, "priority", 0, _HIGHEST_PRIORITY)
    reason = text_of(given, "reason", _REASON_CHARS)
    return await _do(request, given, "prioritise", priority=priority, reason=reason)


async def _given(request: Request, *fields: str) -> dict[str, Any]:
    """The body of a command: its own fields, and the version of the task that was seen."""
    return await command(request, *fields, "version")


async def _do(request: Request, given: dict[str, Any], name: str, **fields: Any) -> Response:
    """Run one command through the door, once for each Idempotency-Key."""
    at, me = parts(request), user(request)
    key = request.headers.get("idempotency-key", "").strip()
    if not key or len(key) > _KEY_CHARS:
        expected = f"expected a header Idempotency-Key of 1 to {_KEY_CHARS} chars"
        raise Problem(400, "idempotency_key", expected)
    version = _version(request, given)
    said = {"rep": me.name, **fields, "digest": _digest(given)}
    if version is not None:
        said["version"] = version
    task_id = request.path_params["task_id"]
    op_id = f"{me.name}:{name}:{key}"
    with sent():
        made = await at.base.door.command(name, task_id, op_id, actor=actor_of(me), **said)
    with done():
        card = await at.floor.card(task_id)
    if card is None:
        raise Conflict("unknown_task", "No task has this id")
    now = card | {"state": made["state"], "version": made["version"]}
    return JSONResponse(now, headers={"ETag": f'"{now["version"]}"'})


def _version(request: Request, given: dict[str, Any]) -> int | None:
    """The version that the caller has seen, from the body or from If-Match."""
    if given.get("version") is not None:
        return whole_field(given, "version", 1, 2**53)
    tag = request.headers.get("if-match", "*").strip()
    if tag == "*":
        return None
    if found := _TAG.fullmatch(tag):
        return int(found[1])
    raise wrong_field("If-Match", 'a version of the task, as "7"', tag)


def _digest(given: dict[str, Any]) -> str:
    """The same for the same body, however it was written."""
    return hashlib.sha256(orjson.dumps(given, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _rep_of(request: Request, given: dict[str, Any], field: str) -> str:
    """A field that names somebody who takes tasks. Raises Problem 422."""
    name = text_of(given, field, _NAME_CHARS)
    known = [rep.name for rep in parts(request).base.takers()]
    if name not in known:
        raise wrong_field(field, f"somebody who takes tasks: {' or '.join(known)}", name)
    return name


async def _queue_of(request: Request, given: dict[str, Any]) -> dict[str, Any]:
    """The named queue and what the task needs there: its skills, and the customer's language."""
    at, name = parts(request), text_of(given, "queue", _NAME_CHARS)
    queue = at.base.config.catalogue.queues.get(name)
    if queue is None:
        raise wrong_field("queue", " or ".join(at.base.config.catalogue.queues), name)
    card = await at.floor.card(request.path_params["task_id"])
    return {"queue": name, "skills": after_move(queue.skills, (card or {}).get("skills", []))}


async def _until_ms(request: Request, given: dict[str, Any]) -> int:
    """When a parked task comes back: `minutes` from now, or `until` a moment with a zone."""
    until, minutes = given.get("until"), given.get("minutes")
    if (until is None) == (minutes is None):
        got = "neither" if until is None else "both"
        raise wrong_field("until", "either until or minutes", got)
    now = await parts(request).floor.now_ms()
    if minutes is not None:
        return now + whole_field(given, "minutes", 1, _PARK_MINUTES) * _MINUTE_MS
    text = text_of(given, "until", 40)
    expected = f"a moment of the next {_PARK_MINUTES} minutes, as 2026-01-31T09:00:00Z"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise wrong_field("until", expected, text) from None
    if moment.tzinfo is None:
        raise wrong_field("until", f"{expected}, with its zone", text)
    ms = round(moment.timestamp() * 1000)
    # a minute's grace: the caller's clock and ours differ
    if not now < ms <= now + (_PARK_MINUTES + 1) * _MINUTE_MS:
        raise wrong_field("until", expected, text)
    return ms
