"""Server-sent events for the desk and the floor: resumed after a cut, figures 4 times a second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

import orjson
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response

from app import metrics
from app.adapters.redis_feed import FeedEvent
from app.adapters.store.users import User
from app.core.errors import Unavailable
from app.core.flight import Who
from app.web import flight_views, notices, views
from app.web.flight_forms import who_of
from app.web.flight_views import on_cards as _with_flights
from app.web.hub import AWAY, FLIGHTS
from app.web.state import Parts, parts, user

_CLOCK_S = 5.0  # server time for the screens' clocks; also how fast a sign-out ends a stream
_COALESCE_S = 0.25  # figures change faster than anybody reads: at most 4 a second
_PING_S = 15  # proxies cut connections that are silent for longer
_RETRY_MS = 1000
_LATE = ("breached", "resolution breached")  # a third hand-off escalates too, and is not late
_NAMED_ALERTS = 5  # more breaches at once are told as a number

# Each closes the one that it reads of: who has gone is gone at once, in whatever it was cut short.
Events = AsyncGenerator[ServerSentEvent, None]


async def stream(request: Request) -> Response:
    """GET /api/v1/stream: my desk's events, or the floor's with `?view=floor`.

    Raises Unavailable rather than begin a stream that has nothing to say.
    """
    at, me = parts(request), user(request)
    await at.floor.now_ms()
    view = request.query_params.get("view", "desk")
    if view == FLIGHTS:
        return _served(_flights(at, me, who_of(request)), request, view)
    last = request.headers.get("last-event-id") or request.query_params.get("last", "")
    if view == "floor" and me.role != "agent":
        events = _floor(at, me)
    else:
        view, events = "desk", _present(at, me, _desk(at, me, last))
    return _served(_with_news(at, me, events), request, view)


def _served(events: Events, request: Request, view: str) -> Response:
    return EventSourceResponse(
        _counted(_while_signed_in(_patient(events), request), view),
        ping=_PING_S,
        headers={"X-Accel-Buffering": "no", "Cache-Control": "no-store"},
    )


async def _counted(events: Events, view: str) -> Events:
    async with aclosing(events):
        with metrics.SCREENS.labels(view).track_inprogress():
            async for event in events:
                yield event


async def _with_news(at: Parts, me: User, events: Events) -> Events:
    """Notices may have come while the line was down: those that there are follow at once."""
    async with aclosing(events):
        yield await anext(events)
        found = await notices.news(at, me)
        if found and found["unread"]:
            yield _event(notices.NEWS, found)
        async for event in events:
            yield event


async def _present(at: Parts, me: User, events: Events) -> Events:
    """An agent whose desk is open is at work: the door hears of it at once and then regularly."""
    rep = at.base.config.catalogue.reps.get(me.name)
    async with aclosing(events):
        if rep is None or not rep.queues:
            async for event in events:
                yield event
            return
        with at.presence.at_the_desk(me.name):
            await at.presence.came(me.name)
            async for event in events:
                yield event


async def _patient(events: Events) -> Events:
    """Where tasks cannot be read the screen is told so; it asks until its snapshot comes again."""
    async with aclosing(events):
        try:
            async for event in events:
                yield event
        except Unavailable:
            yield _event("read_only", {})


async def _while_signed_in(events: Events, request: Request) -> Events:
    """End the stream soon after its reader has signed out or lost the account."""
    async with aclosing(events):
        async for event in events:
            if event.event == "clock":
                try:
                    if await request.app.state.auth.user_of(request) is None:
                        return
                except Unavailable:
                    pass  # Redis is away: the screen stays, read-only, until it is back
            yield event


async def _desk(at: Parts, me: User, last: str) -> Events:
    async with at.hub.listening("floor", FLIGHTS, *notices.audiences(at, me)) as screen:
        yield _event("clock", {"now_ms": await at.floor.now_ms()}, retry=_RETRY_MS)
        seen = last
        missed = await at.feed.since(last, f"rep:{me.name}") if last else []
        if missed is None:
            yield _event("resync", {})
        for one in missed or []:
            seen = one.id
            if said := await _hydrated(at, me, one):
                yield said
        async for event in _paced(screen):
            if event == "floor":
                yield _event("queues", await views.queues_of(at, me))
            elif event == FLIGHTS:
                yield _event("flights", await _on_desk(at, me))
            elif not isinstance(event, FeedEvent):
                yield await _of_the_line(at, me, event)
            elif event.to == "floor" or not _later(event.id, seen):
                continue
            elif said := await _hydrated(at, me, event):
                yield said


async def _floor(at: Parts, me: User) -> Events:
    late: list[str] = []
    async with at.hub.listening("floor", *notices.audiences(at, me)) as screen:
        yield _event("floor", await views.floor(at), retry=_RETRY_MS)
        async for event in _paced(screen):
            if isinstance(event, FeedEvent) and event.to != "floor":
                continue  # of a desk of theirs
            if isinstance(event, FeedEvent):
                late += [event.task] if event.why in _LATE else []
            elif event != "floor":
                yield await _of_the_line(at, me, event)
            else:
                yield _event("floor", await views.floor(at))
                if late:
                    yield _event("breached", await _alert(at, late))
                    late = []


async def _flights(at: Parts, me: User, who: Who) -> Events:
    """Everything that the page of flights lists, whenever some flight has changed."""
    async with at.hub.listening(FLIGHTS) as screen:
        yield _event("flights", await flight_views.overview(at, who), retry=_RETRY_MS)
        async for event in _paced(screen):
            if event == FLIGHTS:
                yield _event("flights", await flight_views.overview(at, who))
            elif not isinstance(event, FeedEvent):
                yield await _of_the_line(at, me, event)


async def _on_desk(at: Parts, me: User) -> dict[str, Any]:
    """The flights of each task on a desk, by its id, and how many there are to add one to."""
    cards = [*await at.floor.held_by(me.name), *await at.floor.parked_by(me.name)]
    known = await _with_flights(at, me, cards)
    return {
        "tasks": {card["task_id"]: card["flights"] for card in known},
        "follows": await flight_views.follows(at, me),
    }


async def _of_the_line(at: Parts, me: User, event: str | None) -> ServerSentEvent:
    """What concerns no task: notices, the time, read-only, or begin again."""
    if event == notices.NEWS and (found := await notices.news(at, me)):
        return _event(notices.NEWS, found)
    if event in ("tick", notices.NEWS):
        return _event("clock", {"now_ms": await at.floor.now_ms()})
    return _event("read_only" if event == AWAY else "resync", {})


async def _alert(at: Parts, late: list[str]) -> dict[str, Any]:
    """Which tasks have just become late, the first few by name."""
    cards = [card for card in await at.floor.cards(late[:_NAMED_ALERTS]) if card]
    return {"count": len(late), "tasks": [views.brief(card) for card in cards]}


async def _paced(screen: Any) -> AsyncIterator[FeedEvent | str | None]:
    """Events as they come; all floor events within a quarter second as one `floor`; `tick`s.

    Of the floor's events only `breached` comes by itself as well: somebody has to hear of it.
    """
    loop = asyncio.get_running_loop()
    next_tick, floor_due = loop.time() + _CLOCK_S, 0.0
    while True:
        until = min(next_tick, floor_due or next_tick)
        try:
            async with asyncio.timeout_at(until):
                event = await screen.get()
        except TimeoutError:
            if floor_due and loop.time() >= floor_due:
                floor_due = 0.0
                yield "floor"
            if loop.time() >= next_tick:
                next_tick = loop.time() + _CLOCK_S
                yield "tick"
            continue
        if isinstance(event, FeedEvent) and event.to == "floor":
            floor_due = floor_due or loop.time() + _COALESCE_S
            if event.event != "breached":
                continue
        yield event


async def _hydrated(at: Parts, me: User, event: FeedEvent) -> ServerSentEvent | None:
    """The event with the present state of what it points at; None where that has moved on."""
    if event.event == "me":
        return _event("me", await views.myself(at, me), event.id)
    if event.event == "offer_ended":
        return _event("offer_ended", {"task_id": event.task, "why": event.why}, event.id)
    card = await at.floor.card(event.task)
    if card is not None and views.is_parked_by(card, me.name):
        [card] = await _with_flights(at, me, [card])
        return _event("task", card, event.id)
    if event.event == "task_closed":
        why = event.why or (views.why_closed(card) if card else "")
        return _event("task_closed", {"task_id": event.task, "why": why}, event.id)
    if card is None or card["rep"] != me.name:
        return None
    [card] = await _with_flights(at, me, [card])
    if card["state"] == "offered":
        return _event("offer", card, event.id)
    return _event("task", card, event.id) if card["state"] in views.IN_WORK else None


def _event(
    name: str, data: Any, id_: str | None = None, retry: int | None = None
) -> ServerSentEvent:
    return ServerSentEvent(data=orjson.dumps(data).decode(), event=name, id=id_, retry=retry)


def _later(event_id: str, seen: str) -> bool:
    def order(text: str) -> tuple[int, ...]:
        return tuple(int(part) for part in text.split("-") if part.isdigit())

    return order(event_id) > order(seen)
