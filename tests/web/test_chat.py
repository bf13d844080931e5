"""The web chat: strangers write without signing in, read their own conversation, and no other."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from app import settings
from app.adapters.redis_client import Client
from app.adapters.store.chat_tables import chat_messages
from app.adapters.store.database import Database
from app.adapters.store.journal import Journal
from app.adapters.store.personal import PLACES, Person
from app.core import chat as core
from app.core.errors import Unavailable
from app.core.mention import mention_id_of
from app.settings import Settings
from app.web import chat, chat_board
from app.web.problems import Problem
from app.web.state import Parts
from app.wiring.base import system_ms
from tests.adapters.test_chats import deliver, to_visitor
from tests.browser.payloads import PAYLOADS, WORLD
from tests.builders import NOON_MS
from tests.web.asgi import requested
from tests.web.conftest import HOST
from tests.web.test_intake import kept

OURS = {"origin": f"http://{HOST}"}
SAY = "/api/v1/chat/messages"


@pytest.fixture(autouse=True)
def _one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test begins in one minute and ends in the next."""
    monkeypatch.setattr(chat, "system_ms", lambda: NOON_MS)


@asynccontextmanager
async def browser(app: Starlette, address: str = "127.0.0.1") -> AsyncIterator[httpx.AsyncClient]:
    """A browser that has opened the page, at this address."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 5))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as found:
        assert (await found.get("/chat")).status_code == 200
        yield found


@pytest.fixture
async def visitor(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(app) as found:
        yield found


async def say(
    visitor: httpx.AsyncClient, text: Any, key: str = "k", **fields: Any
) -> httpx.Response:
    headers = OURS | {"idempotency-key": key}
    return await visitor.post(SAY, json={"text": text} | fields, headers=headers)


def handle_of(visitor: httpx.AsyncClient) -> str:
    return core.chat_of(visitor.cookies[chat.COOKIE])


async def shown(visitor: httpx.AsyncClient) -> list[tuple[str, str]]:
    found = (await visitor.get("/api/v1/chat")).json()
    return [(line["side"], line["text"]) for line in found["lines"]]


async def answer(database: Database, handle: str, text: str, id_: str = "o1") -> None:
    """What the connector does with what the gate let through."""
    assert (await deliver(database, to_visitor(id_, text, handle))).verdict == "taken"


async def test_what_a_visitor_says_is_a_mention_that_is_kept(
    visitor: httpx.AsyncClient, parts: Parts
) -> None:
    """A1.1: through the same journal as all other intake."""
    answered = await say(visitor, "  My bag is lost.  ", name="Mara")
    assert (answered.status_code, answered.json()["standing"]) == (202, "waiting")
    [mention] = await kept(parts)
    assert (mention["channel"], mention["text"]) == ("webchat", "My bag is lost.")
    assert mention["author"] == {"handle": handle_of(visitor), "name": "Mara"}
    assert await shown(visitor) == [("customer", "My bag is lost.")]


async def test_the_zone_of_the_browser_is_known_to_the_quiet_hours(
    visitor: httpx.AsyncClient, parts: Parts
) -> None:
    await say(visitor, "My bag is lost.", zone="America/New_York")
    [mention] = await kept(parts)
    assert mention["meta"] == {"zone": "America/New_York"}


async def test_a_name_is_left_out_where_none_is_given(
    visitor: httpx.AsyncClient, parts: Parts
) -> None:
    await say(visitor, "My bag is lost.")
    [mention] = await kept(parts)
    assert mention["author"] == {"handle": handle_of(visitor)}


async def test_what_follows_is_a_follow_up_of_what_was_said_before(
    visitor: httpx.AsyncClient, parts: Parts
) -> None:
    for number in range(3):
        assert (await say(visitor, f"Line {number}", key=f"k{number}")).status_code == 202
    first, second, third = sorted(await kept(parts), key=lambda found: found["text"])
    assert "in_reply_to" not in first
    assert (second["in_reply_to"], third["in_reply_to"]) == (first["id"], second["id"])


async def test_a_message_sent_again_is_the_same_message(
    visitor: httpx.AsyncClient, parts: Parts
) -> None:
    first, again = await say(visitor, "My bag is lost."), await say(visitor, "My bag is lost.")
    assert first.json()["lines"] == again.json()["lines"]
    assert len(await kept(parts)) == 1
    other = await say(visitor, "Something else")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


async def test_two_visitors_with_the_same_key_say_two_things(app: Starlette, parts: Parts) -> None:
    async with browser(app) as mine, browser(app) as theirs:
        await say(mine, "Mine")
        await say(theirs, "Theirs")
        assert (await shown(mine), await shown(theirs)) == (
            [("customer", "Mine")],
            [("customer", "Theirs")],
        )
    assert len({mention["id"] for mention in await kept(parts)}) == 2


async def test_what_is_sent_to_a_visitor_stands_on_their_page_and_on_no_other(
    app: Starlette, visitor: httpx.AsyncClient, database: Database
) -> None:
    await say(visitor, "My bag is lost.")
    await answer(database, handle_of(visitor), "We have found it.")
    assert await shown(visitor) == [
        ("customer", "My bag is lost."),
        ("agent", "We have found it."),
    ]
    async with browser(app) as other:
        assert await shown(other) == []


async def test_the_page_is_the_same_after_redis_was_wiped(
    visitor: httpx.AsyncClient, database: Database, redis: Client
) -> None:
    await say(visitor, "My bag is lost.")
    await answer(database, handle_of(visitor), "We have found it.")
    before = await shown(visitor)
    await redis.flushall()
    assert await shown(visitor) == before
    assert (await say(visitor, "Thank you!", key="k2")).status_code == 202


async def test_the_cookie_is_a_secret_for_this_browser_and_this_site_alone(
    client: httpx.AsyncClient,
) -> None:
    first = (await client.get("/chat")).headers["set-cookie"]
    assert re.match(rf"{chat.COOKIE}=[A-Za-z0-9_-]{{43}};", first)
    assert {"httponly", "samesite=lax"} <= set(first.lower().split("; "))
    token = client.cookies[chat.COOKIE]
    await client.get("/chat")
    assert client.cookies[chat.COOKIE] == token
    client.cookies.clear()
    await client.get("/chat")
    assert client.cookies[chat.COOKIE] != token


@pytest.mark.parametrize("made_of", ["handle", "digest", "short", "empty", "hostile"])
async def test_the_handle_that_the_desk_sees_opens_nothing(
    app: Starlette, visitor: httpx.AsyncClient, made_of: str
) -> None:
    await say(visitor, "My bag is lost.")
    handle = handle_of(visitor)
    token = {
        "handle": handle,
        "digest": (handle * 3)[:43],
        "short": visitor.cookies[chat.COOKIE][:-1],
        "empty": "",
        "hostile": "%00" * 14 + "a",
    }[made_of]
    transport = httpx.ASGITransport(app)
    cookies = {chat.COOKIE: token}
    async with httpx.AsyncClient(
        transport=transport, base_url=f"http://{HOST}", cookies=cookies
    ) as other:
        assert await shown(other) == []


async def test_no_answer_tells_the_secret_or_whose_conversation_it_is(
    visitor: httpx.AsyncClient, parts: Parts
) -> None:
    said = await say(visitor, "My bag is lost.")
    read = await visitor.get("/api/v1/chat")
    token = visitor.cookies[chat.COOKIE]
    assert token not in said.text + read.text + str(await kept(parts))
    assert read.headers["cache-control"] == "no-store"
    assert set(read.json()) == {"lines", "standing", "now_ms"}
    assert set(read.json()["lines"][0]) == {"id", "side", "text", "at_ms"}


async def test_who_has_not_opened_the_page_can_say_nothing(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    answered = await say(client, "Hello")
    assert (answered.status_code, answered.json()["code"]) == (400, "no_chat")
    assert await kept(parts) == []


@pytest.mark.parametrize("origin", ["", "http://evil.test", "null", f"http://{HOST}.evil.test"])
async def test_another_site_cannot_make_a_browser_write_here(
    visitor: httpx.AsyncClient, parts: Parts, origin: str
) -> None:
    headers = ({"origin": origin} if origin else {}) | {"idempotency-key": "k"}
    answered = await visitor.post(SAY, json={"text": "Hello"}, headers=headers)
    assert (answered.status_code, answered.json()["code"]) == (403, "foreign_origin")
    assert await kept(parts) == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": " \n "}, "text"),
        ({"text": 5}, "text"),
        ({"text": "a" * (chat.TEXT_CHARS + 1)}, "text"),
        ({"text": "a", "name": "n" * (chat.NAME_CHARS + 1)}, "name"),
        ({"text": "a", "name": ["n"]}, "name"),
        ({"text": "a", "zone": "z" * (chat.ZONE_CHARS + 1)}, "zone"),
        ({"text": "a", "handle": "somebody"}, "handle"),
        ({"text": "a", "channel": "email"}, "channel"),
    ],
)
async def test_what_cannot_be_taken_is_told_by_its_field(
    visitor: httpx.AsyncClient, parts: Parts, given: dict[str, Any], field: str
) -> None:
    answered = await visitor.post(SAY, json=given, headers=OURS | {"idempotency-key": "k"})
    assert answered.status_code == 422
    assert [error["field"] for error in answered.json()["errors"]] == [field]
    assert await kept(parts) == []


async def test_the_longest_message_is_taken_and_megabytes_are_not_even_read(
    visitor: httpx.AsyncClient, parts: Parts
) -> None:
    assert (await say(visitor, "\U0001f9f3" * chat.TEXT_CHARS)).status_code == 202
    assert (await say(visitor, "a" * 20_000_000, key="k2")).status_code == 413
    assert len(await kept(parts)) == 1


async def test_hostile_text_is_kept_and_told_as_text(
    visitor: httpx.AsyncClient, parts: Parts
) -> None:
    said = [*PAYLOADS[: chat.OF_CHAT - len(WORLD)], *WORLD]
    for number, text in enumerate(said):
        assert (await say(visitor, text, key=str(number), name=text[:40])).status_code == 202
    expected = [text.replace("\x00", "\ufffd").strip() for text in said]
    assert [text for _, text in await shown(visitor)] == expected
    read = await visitor.get("/api/v1/chat", headers={"accept": "text/html"})
    assert read.headers["content-type"] == "application/json"
    assert {mention["text"] for mention in await kept(parts)} == set(expected)


async def test_one_conversation_has_so_many_messages_a_minute(
    app: Starlette, visitor: httpx.AsyncClient
) -> None:
    answers = [await say(visitor, "Hello", key=str(n)) for n in range(chat.OF_CHAT + 1)]
    assert [found.status_code for found in answers] == [202] * chat.OF_CHAT + [429]
    assert answers[-1].json()["code"] == "too_many_messages"
    assert answers[-1].headers["retry-after"]
    assert (await say(visitor, "Hello", key="0")).status_code == 202, "it was taken in before"
    async with browser(app) as other:
        assert (await say(other, "Hello")).status_code == 202


async def test_one_conversation_has_so_many_messages_a_day(
    app: Starlette, visitor: httpx.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever types for days does not bury the desk; what we send them is not counted."""
    monkeypatch.setattr(chat, "OF_DAY", 2)
    assert (await say(visitor, "Hello", key="0")).status_code == 202
    await answer(database, handle_of(visitor), "Yes?")
    assert (await say(visitor, "Hello", key="1")).status_code == 202
    refused = await say(visitor, "Hello", key="2")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_today")
    assert (await say(visitor, "Hello", key="1")).status_code == 202, "it was taken in before"
    async with browser(app) as other:
        assert (await say(other, "Hello")).status_code == 202
    monkeypatch.setattr(chat, "system_ms", lambda: NOON_MS + 86_400_000)
    assert (await say(visitor, "Hello", key="3")).status_code == 202


async def test_one_address_has_so_many_messages_a_minute(
    app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever throws the cookie away is the same address still."""
    monkeypatch.setattr(chat, "OF_ADDRESS", 3)
    statuses = []
    for _ in range(4):
        async with browser(app) as found:
            statuses.append((await say(found, "Hello")).status_code)
    assert statuses == [202, 202, 202, 429]
    async with browser(app, address="10.0.0.7") as elsewhere:
        assert (await say(elsewhere, "Hello")).status_code == 202


async def test_one_address_asks_so_often_a_minute(
    app: Starlette, visitor: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One database answers strangers and desks."""
    monkeypatch.setattr(chat, "READS", 3)
    statuses = [(await visitor.get("/api/v1/chat")).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert (await visitor.get("/api/v1/chat/stream")).status_code == 429
    assert (await say(visitor, "Hello")).status_code == 429
    async with browser(app, address="10.0.0.7") as elsewhere:
        assert (await elsewhere.get("/api/v1/chat")).status_code == 200


async def test_a_message_that_was_taken_in_is_not_said_to_be_lost(
    visitor: httpx.AsyncClient, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> None:
        raise Unavailable("the store does not answer")

    with monkeypatch.context() as broken:
        broken.setattr(parts.chat_board.chats, "conversation", away)
        answered = await say(visitor, "My bag is lost.")
    assert (answered.status_code, answered.json()["code"]) == (503, "unknown_outcome")
    assert (await say(visitor, "My bag is lost.")).status_code == 202
    assert len(await kept(parts)) == 1


async def test_a_store_that_is_away_takes_nothing_in_and_says_so(
    visitor: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> None:
        raise Unavailable("the store does not answer")

    with monkeypatch.context() as broken:
        broken.setattr(Journal, "add", away)
        answered = await say(visitor, "My bag is lost.")
    assert (answered.status_code, answered.json()["code"]) == (503, "unavailable")
    assert await shown(visitor) == []
    assert (await say(visitor, "My bag is lost.")).status_code == 202
    assert await shown(visitor) == [("customer", "My bag is lost.")]


async def test_a_page_hears_of_what_happens_in_another_process(
    app: Starlette, visitor: httpx.AsyncClient, parts: Parts, database: Database
) -> None:
    await say(visitor, "My bag is lost.")
    cookie = f"{chat.COOKIE}={visitor.cookies[chat.COOKIE]}"
    async with requested(app, "", "/api/v1/chat/stream", Cookie=cookie) as page:
        assert await page.status == 200
        name, first, _ = await page.next()
        assert (name, len(first["lines"])) == ("conversation", 1)
        await parts.chat_board.turn()
        await page.next()  # its first turn tells each page once more
        await answer(database, handle_of(visitor), "We have found it.")
        await parts.chat_board.turn()
        _, second, _ = await page.next()
        assert [line["side"] for line in second["lines"]] == ["customer", "agent"]
        await parts.chat_board.turn()
        assert page._events.empty()


async def test_the_page_of_who_is_erased_is_empty_at_once(
    app: Starlette, visitor: httpx.AsyncClient, parts: Parts, database: Database
) -> None:
    """Nothing of them is left here, and what was still to be sent comes to nobody."""
    await say(visitor, "My bag is lost.")
    handle, cookie = handle_of(visitor), f"{chat.COOKIE}={visitor.cookies[chat.COOKIE]}"
    person = Person(handle_keys=(f"webchat:{handle}", "email:chat"))
    async with requested(app, "", "/api/v1/chat/stream", Cookie=cookie) as page:
        assert len((await page.next())[1]["lines"]) == 1
        await parts.chat_board.turn()
        await page.next()  # its first turn tells each page once more
        [place] = [place for place in PLACES if place.table is chat_messages]
        assert await database.write(lambda c: place.erase(c, person)) == 1
        await parts.chat_board.turn()
        _, found, _ = await page.next()
    assert (found["lines"], found["standing"]) == ([], "empty")
    assert (await deliver(database, to_visitor(chat=handle))).never


async def test_a_turn_asks_nothing_while_no_page_is_open(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def asked(*_: Any) -> None:
        raise AssertionError("nobody is there")

    monkeypatch.setattr(parts.chat_board.chats, "marks", asked)
    await parts.chat_board.turn()


async def test_pages_are_bounded_and_leave_room_when_they_go(parts: Parts) -> None:
    board = parts.chat_board
    with board.listening("chat-a", "10.0.0.1"):
        held = [board.listening("chat-a", "10.0.0.1") for _ in range(chat_board.MOST_OF_CHAT - 1)]
        for one in held:
            one.__enter__()
        with pytest.raises(Problem, match="Too many"):
            board.check_room("chat-a", "10.0.0.1")
        board.check_room("chat-b", "10.0.0.1")
        for one in held:
            one.__exit__(None, None, None)
        board.check_room("chat-a", "10.0.0.1")
    assert (board._pages, board._networks) == ({}, {})


@pytest.mark.parametrize(
    ("limit", "chats", "address"),
    [("MOST_OF_ADDRESS", "chat-{}", "10.0.0.1"), ("MOST", "chat-{}", "10.0.0.{}")],
)
async def test_neither_one_address_nor_all_together_take_all_room(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, limit: str, chats: str, address: str
) -> None:
    monkeypatch.setattr(chat_board, limit, 2)
    board = parts.chat_board
    with (
        board.listening(chats.format(1), address.format(1)),
        board.listening(chats.format(2), address.format(2)),
        pytest.raises(Problem, match="Too many"),
    ):
        board.check_room(chats.format(3), address.format(3))


@pytest.mark.parametrize(
    ("given", "is_open"),
    [
        ({"demo": {"on": True}}, True),
        ({"demo": {"on": True}, "web": {"host": "10.0.0.1"}}, False),
        ({"demo": {"on": False}}, False),
        ({"demo": {"on": False}, "chat": {"on": True}, "web": {"host": "10.0.0.1"}}, True),
    ],
)
def test_it_is_open_in_the_demo_on_loopback_and_elsewhere_only_when_asked_for(
    given: dict[str, Any], is_open: bool
) -> None:
    assert settings.load(**given).chat_open is is_open


@pytest.mark.parametrize("path", ["/chat", "/api/v1/chat", "/api/v1/chat/stream", SAY])
async def test_where_it_is_not_open_there_is_nothing(
    visitor: httpx.AsyncClient, app: Starlette, parts: Parts, path: str
) -> None:
    closed: Settings = parts.base.settings.model_copy(update={"demo": settings.Demo(on=False)})
    app.state.parts = replace(parts, base=replace(parts.base, settings=closed))
    method = "POST" if path == SAY else "GET"
    answered = await visitor.request(method, path, headers=OURS)
    assert (answered.status_code, answered.json()["code"]) == (404, "not_found")


async def test_a_mention_of_the_chat_has_the_id_that_its_page_gave_it(
    visitor: httpx.AsyncClient, parts: Parts
) -> None:
    """Two deliveries of one message are one mention, also behind the journal."""
    await say(visitor, "My bag is lost.")
    [mention] = await kept(parts)
    [intake] = await Journal(parts.base.database).without_outcome(system_ms() + 1)
    assert mention["id"] == core.source_id_of(handle_of(visitor), "k")
    assert intake.mention_id == mention_id_of("webchat", mention["id"])
