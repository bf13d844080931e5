"""The customers' page: whoever opens it may write to us, without signing in, and reads the answer.

A conversation belongs to a random token in a cookie; we know it by what follows from the token.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncGenerator
from typing import Any

import orjson
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app import codec, metrics
from app.core.chat import (
    CHANNEL,
    CUSTOMER,
    EMPTY,
    Conversation,
    Line,
    chat_of,
    day_of,
    network_of,
    source_id_of,
)
from app.core.errors import Unavailable
from app.core.mention import mention_id_of
from app.web import html
from app.web.auth import refuse_foreign_origin
from app.web.problems import Problem, done
from app.web.state import Parts, command, idempotency_key, parts, text_of
from app.wiring.base import system_ms

COOKIE = "handshake_chat"
TEXT_CHARS, NAME_CHARS, ZONE_CHARS = 2_000, 80, 64
OF_CHAT, OF_ADDRESS = 20, 60  # messages a minute: more than people type, and an office of them
OF_DAY = 500  # messages of one conversation: each is a task that somebody has to look at
READS = 600  # questions a minute from one address: the store answers the desks as well

_KEEP_DAYS = 30  # so long after their last visit a browser still knows its conversation
_CLOCK_S = 5.0  # silence of twice that long tells the page that the line is dead
_PING_S = 15
_RETRY_MS = 1000
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # as secrets.token_urlsafe makes it of 32 bytes
_NO_STORE = {"Cache-Control": "no-store"}


async def page(request: Request) -> Response:
    """The page, and a cookie that names the conversation; nothing is kept before they write."""
    _open(request)
    response = html.page(
        request, "chat", text_chars=TEXT_CHARS, name_chars=NAME_CHARS, keep_days=_KEEP_DAYS
    )
    response.set_cookie(
        COOKIE,
        _token(request) or secrets.token_urlsafe(32),
        max_age=_KEEP_DAYS * 24 * 3600,
        httponly=True,
        samesite="lax",  # a link from a shop or a mail leads back to the conversation
        secure=request.url.scheme == "https",
    )
    response.headers.update(_NO_STORE)
    return response


async def conversation(request: Request) -> Response:
    """My conversation: both sides in order, and where it stands."""
    at, token = _open(request), _token(request)
    _limit(at, "read", _network(request), READS)
    if not token:
        return _answer(Conversation(lines=(), standing=EMPTY))
    return _answer(await at.chat_board.chats.conversation(chat_of(token)))


async def say(request: Request) -> Response:
    """Take in what a visitor says, as a mention; once for each Idempotency-Key."""
    at, chat = _open(request), _chat(request)
    refuse_foreign_origin(request)
    given = await command(request, "text", "name", "zone")
    text, name = text_of(given, "text", TEXT_CHARS), text_of(given, "name", NAME_CHARS, False)
    zone = text_of(given, "zone", ZONE_CHARS, False)
    source_id = source_id_of(chat, idempotency_key(request))
    _limit(at, "read", _network(request), READS)
    known = await at.chat_board.chats.line(source_id)
    if known is None:
        _limit(at, "said", chat, OF_CHAT)
        _limit(at, "said", _network(request), OF_ADDRESS)
        await _limit_day(at, chat)
        await _take_in(at, source_id, _wire(chat, text, name, zone))
    elif known.text != text:
        raise Problem(422, "key_reused", "This key was sent before with another text.")
    with done():
        return _answer(await at.chat_board.chats.conversation(chat), 202)


async def stream(request: Request) -> Response:
    """My conversation again whenever it has changed, as server-sent events."""
    at, chat, network = _open(request), _chat(request), _network(request)
    _limit(at, "read", network, READS)
    at.chat_board.check_room(chat, network)
    headers = _NO_STORE | {"X-Accel-Buffering": "no"}
    return EventSourceResponse(_events(at, chat, network), ping=_PING_S, headers=headers)


async def _events(at: Parts, chat: str, network: str) -> AsyncGenerator[ServerSentEvent, None]:
    with (
        at.chat_board.listening(chat, network) as changed,
        metrics.SCREENS.labels("chat").track_inprogress(),
    ):
        changed.set()  # the page has seen nothing yet
        try:
            while True:
                if await _heard(changed):
                    found = await at.chat_board.chats.conversation(chat)
                    yield _event("conversation", _shown(found))
                else:
                    yield _event("clock", {"now_ms": system_ms()})
        except Unavailable:
            return  # the page asks for a snapshot until there is one


async def _heard(changed: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(_CLOCK_S):
            await changed.wait()
    except TimeoutError:
        return False
    changed.clear()
    return True


def _wire(chat: str, text: str, name: str, zone: str) -> codec.WireMention:
    return codec.WireMention(
        channel=CHANNEL,
        text=text,
        author=codec.WireAuthor(handle=chat, name=name or None),
        meta={"zone": zone} if zone else None,
    )


async def _take_in(at: Parts, source_id: str, wire: codec.WireMention) -> None:
    """Into the journal and on the page, both or neither. Raises Unavailable."""
    chat = wire.author.handle
    before = await at.chat_board.chats.last_said(chat)
    wire.id, wire.in_reply_to = source_id, before.message_id if before else None
    line = Line(
        chat=chat,
        message_id=source_id,
        mention_id=mention_id_of(CHANNEL, source_id),
        side=CUSTOMER,
        text=wire.text,
        at_ms=system_ms(),
    )
    await at.gate.accept([wire], at.chat_board.chats.keep(line))
    metrics.CHAT_MESSAGES.labels(CUSTOMER).inc()


def _limit(at: Parts, what: str, who: str, most: int) -> None:
    """Count one more. Raises Problem 429 where there were too many within a minute."""
    if at.chat_board.pace.count(f"{what} {who}", system_ms()) > most:
        detail = "Too many messages within a minute. Wait a little, then send it again."
        raise Problem(429, "too_many_messages", detail)


async def _limit_day(at: Parts, chat: str) -> None:
    """Raises Problem 429 where this conversation has had what it may have on one day."""
    if await at.chat_board.chats.said_on(chat, day_of(system_ms())) >= OF_DAY:
        detail = f"More than {OF_DAY} messages on one day. Go on tomorrow, or reach us another way."
        raise Problem(429, "too_many_today", detail)


def _open(request: Request) -> Parts:
    at = parts(request)
    if not at.base.settings.chat_open:
        raise Problem(404, "not_found", "There is no web chat here.")
    return at


def _token(request: Request) -> str:
    """The secret of this browser's conversation; empty where it has none of ours."""
    found = request.cookies.get(COOKIE, "")
    return found if _TOKEN.fullmatch(found) else ""


def _chat(request: Request) -> str:
    token = _token(request)
    if not token:
        raise Problem(
            400, "no_chat", "Open /chat first, with cookies allowed: one names the conversation."
        )
    return chat_of(token)


def _network(request: Request) -> str:
    return network_of(request.client.host if request.client else "")


def _answer(found: Conversation, status: int = 200) -> Response:
    return JSONResponse(_shown(found), status, _NO_STORE)


def _shown(found: Conversation) -> dict[str, Any]:
    """What the page reads: nothing of ours that the visitor does not see anyway."""
    lines = [
        {"id": line.message_id, "side": line.side, "text": line.text, "at_ms": line.at_ms}
        for line in found.lines
    ]
    return {"lines": lines, "standing": found.standing, "now_ms": system_ms()}


def _event(name: str, data: Any) -> ServerSentEvent:
    return ServerSentEvent(data=orjson.dumps(data).decode(), event=name, retry=_RETRY_MS)
