"""Talks ASGI without a server, so that answers that never end can be read event by event."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import orjson
from starlette.applications import Starlette

from tests.web.conftest import HOST, key_of

LONGEST_S = 2.0  # nothing that we wait for here takes longer than milliseconds


class Exchange:
    """One request and what has come back of it so far."""

    def __init__(self) -> None:
        self.gone, self.ended = asyncio.Event(), asyncio.Event()
        self.status: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.headers: dict[str, str] = {}
        self._events: asyncio.Queue[tuple[str, Any, str]] = asyncio.Queue()
        self._text = ""
        self._asked = False

    async def receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.headers = {k.decode(): v.decode() for k, v in message["headers"]}
            self.status.set_result(message["status"])
        elif message["type"] == "http.response.body":
            self._feed(bytes(message.get("body", b"")).decode())
            if not message.get("more_body"):
                self.ended.set()

    def _feed(self, text: str) -> None:
        *whole, self._text = (self._text + text.replace("\r\n", "\n")).split("\n\n")
        for block in whole:
            fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
            if "event" in fields:
                data = orjson.loads(fields["data"])
                self._events.put_nowait((fields["event"], data, fields.get("id", "")))

    async def next(self) -> tuple[str, Any, str]:
        """The next event: its name, data and id."""
        async with asyncio.timeout(LONGEST_S):
            return await self._events.get()

    async def until(self, name: str) -> list[tuple[str, Any, str]]:
        """All events up to and with the next one of this name."""
        found = [await self.next()]
        while found[-1][0] != name:
            found.append(await self.next())
        return found


@asynccontextmanager
async def requested(
    app: Starlette, who: str, path: str, method: str = "GET", **headers: str
) -> AsyncIterator[Exchange]:
    """Ask for something that may never end; it is given up when the block ends."""
    route, _, query = path.partition("?")
    named = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    named |= {"host": HOST} | key_of(who)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": route,
        "raw_path": route.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(k.encode(), v.encode()) for k, v in named.items()],
        "client": ("127.0.0.1", 5),
        "server": (HOST, 80),
    }
    exchange = Exchange()
    task = asyncio.ensure_future(app(scope, exchange.receive, exchange.send))
    try:
        async with asyncio.timeout(LONGEST_S):
            await exchange.status
        yield exchange
    finally:
        exchange.gone.set()
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await task
