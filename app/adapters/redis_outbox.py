"""The outbox: facts on their way from the door to the ledger, in order, removed when safe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from app.adapters.redis_client import Client, away_is_unavailable
from app.core.errors import ReadOnly

_KEY = "hs:outbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxEntry:
    """A fact, and the life of Redis that it was read from."""

    id: str
    fact: dict[str, Any]
    epoch: str = ""


class RedisOutbox:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def read(self, count: int, block_ms: int) -> list[OutboxEntry]:
        """The oldest entries, waiting up to `block_ms` for the first. Reading removes nothing."""
        if not (found := await self._oldest(count)) and block_ms:
            with away_is_unavailable():
                await self._client.xread({_KEY: "0-0"}, count=1, block=block_ms)
            found = await self._oldest(count)
        return found

    async def _oldest(self, count: int) -> list[OutboxEntry]:
        """The entries and the epoch in one transaction: they belong together."""
        with away_is_unavailable():
            async with self._client.pipeline(transaction=True) as pipe:
                pipe.get("hs:epoch")
                pipe.xrange(_KEY, count=count)
                epoch, found = await pipe.execute()
        name = bytes(epoch).decode() if epoch else ""
        return [
            OutboxEntry(id=id_.decode(), fact=orjson.loads(fields[b"fact"]), epoch=name)
            for id_, fields in found
        ]

    async def remove(self, entries: list[OutboxEntry], seq: int) -> None:
        """The ledger has these, and its last number is `seq`: both are noted in one step."""
        argument = orjson.dumps(
            {"ids": [e.id for e in entries], "seq": seq, "epoch": entries[0].epoch}
        )
        with away_is_unavailable():
            answer = orjson.loads(await self._client.fcall("hs_relayed", 0, argument))
        if "error" in answer:
            raise ReadOnly(answer["message"])

    async def length(self) -> int:
        with away_is_unavailable():
            return int(await self._client.xlen(_KEY))
