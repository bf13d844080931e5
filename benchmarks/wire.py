"""The least HTTP that scripted agents need: httpx cost a core at this rate and was the measure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import orjson

_LINE_BYTES = 2**20  # an event with a long mention is one line


class Connection:
    """One kept-alive connection of one user; one request at a time."""

    def __init__(self, url: str, key: str) -> None:
        self._host = urlsplit(url).hostname or ""
        self._port = urlsplit(url).port or 80
        self._key = key
        self._pair: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._one = asyncio.Lock()

    async def post(self, path: str, raw: bytes, idempotency_key: str = "-") -> int:
        """Return the status. Once more on a new connection where the server closed this one."""
        async with self._one:
            try:
                return await self._post(path, raw, idempotency_key)
            except (OSError, EOFError):
                self.close()
                return await self._post(path, raw, idempotency_key)

    async def _post(self, path: str, raw: bytes, idempotency_key: str) -> int:
        reader, writer = await self._open()
        head = self._head("POST", path) + f"Content-Length: {len(raw)}\r\n"
        head += f"Content-Type: application/json\r\nIdempotency-Key: {idempotency_key}\r\n\r\n"
        writer.write(head.encode() + raw)
        answer = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = answer.partition(b"content-length:")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))
        return int(answer.split(b" ", 2)[1])

    async def offers(self) -> AsyncIterator[dict[str, Any]]:
        """The cards of the `offer` events of my stream, until it ends."""
        reader, writer = await self._open()
        writer.write((self._head("GET", "/api/v1/stream") + "\r\n").encode())
        offer = False
        while line := await reader.readline():
            if line.startswith(b"event:"):
                offer = line[6:].strip() == b"offer"
            elif offer and line.startswith(b"data:"):
                card: dict[str, Any] = orjson.loads(line[5:])
                yield card

    def close(self) -> None:
        if self._pair is not None:
            self._pair[1].close()
        self._pair = None

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._pair is None:
            self._pair = await asyncio.open_connection(self._host, self._port, limit=_LINE_BYTES)
        return self._pair

    def _head(self, method: str, path: str) -> str:
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n"
        return head + f"Authorization: Bearer {self._key}\r\n"
