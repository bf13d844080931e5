"""What is there: the desk, the floor, queues and tasks; and an agent's own state."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.adapters import redis_snapshot
from app.web import flight_views, notices, views
from app.web.problems import Problem, done, sent, wrong_field
from app.web.state import actor_of, command, parts, text_of, user, whole_number

STATES = ("available", "paused", "offline")

_REASON_CHARS = 500
_PAGE = 200  # cards in one answer; more is a report, not a screen


async def desk(request: Request) -> Response:
    at, me = parts(request), user(request)
    return JSONResponse(await views.desk(at, me) | {"told": await notices.news(at, me)})


async def floor(request: Request) -> Response:
    at, me = parts(request), user(request)
    return JSONResponse(await views.floor(at) | {"told": await notices.news(at, me)})


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
    only = {name: asked[name] for name in ("state", "rep") if asked.get(name)}
    cards = await at.floor.open_in(wanted, limit, only)
    return JSONResponse(await flight_views.on_cards(at, user(request), cards))


async def snapshot(request: Request) -> Response:
    """All open tasks with the ledger's number of that moment: the auditor compares the two."""
    at = parts(request)
    found = await redis_snapshot.snapshot(at.base.redis, list(at.base.config.catalogue.queues))
    if found is None:
        raise Problem(503, "not_quiet", "Facts are on their way to the ledger: try again")
    return JSONResponse(found)


async def task(request: Request) -> Response:
    card = await parts(request).floor.card(request.path_params["task_id"])
    if card is None:
        raise Problem(404, "unknown_task", "No task has this id")
    [card] = await flight_views.on_cards(parts(request), user(request), [card])
    return JSONResponse(card, headers={"ETag": f'"{card["version"]}"'})


async def my_state(request: Request) -> Response:
    """Say that I am ready for work, pausing, or gone."""
    at, me, given = parts(request), user(request), await command(request, "state", "reason")
    state = text_of(given, "state", 20)
    if state not in STATES:
        raise wrong_field("state", " or ".join(STATES), state)
    reason = text_of(given, "reason", _REASON_CHARS, required=False)
    with sent():
        await at.base.door.set_state(me.name, state, reason, actor_of(me))
    with done():
        return JSONResponse(await at.floor.rep(me.name))
