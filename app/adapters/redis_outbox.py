"""The outbox: facts on their way from the door to the ledger, in order, removed when safe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from app.adapters.redis_client import Client, away_is_unavailable

_KEY = "hs:outbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxEntry:
    id: str
    fact: dict[str, Any]


class RedisOutbox:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def read(self, count: int, block_ms: int) -> list[OutboxEntry]:
        """The oldest entries, waiting up to `block_ms` for the first. Reading removes nothing."""
        with away_is_unavailable():
            found = await self._client.xread({_KEY: "0-0"}, count=count, block=block_ms)
        return [
            OutboxEntry(id=entry_id.decode(), fact=orjson.loads(fields[b"fact"]))
            for _, entries in found or []
            for entry_id, fields in entries
        ]

    async def remove(self, entries: list[OutboxEntry]) -> None:
        with away_is_unavailable():
            await self._client.xdel(_KEY, *(entry.id for entry in entries))

    async def length(self) -> int:
        with away_is_unavailable():
            return int(await self._client.xlen(_KEY))
