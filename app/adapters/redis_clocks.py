"""Which policy the open tasks were made with, read from Redis: what a new policy must look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.adapters.redis_client import Client, away_is_unavailable

_PAGE = 500  # tasks in one round trip


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockedTask:
    """An open task, its mention, and the stamp of its policy."""

    task_id: str
    mention_id: str
    policy: str


class RedisClocks:
    def __init__(self, client: Client, queues: Sequence[str]) -> None:
        self._client = client
        self._queues = queues

    async def open(self) -> list[ClockedTask]:
        """All open tasks. Raises Unavailable."""
        found: list[ClockedTask] = []
        with away_is_unavailable():
            for queue in self._queues:
                ids = sorted(await self._client.smembers(f"hs:open:{queue}"))
                for start in range(0, len(ids), _PAGE):
                    found += await self._page([id_.decode() for id_ in ids[start : start + _PAGE]])
        return found

    async def _page(self, ids: Sequence[str]) -> list[ClockedTask]:
        async with self._client.pipeline(transaction=False) as pipe:
            for id_ in ids:
                pipe.hmget(f"hs:task:{id_}", ["mention_id", "policy"])
            rows = await pipe.execute()
        return [
            ClockedTask(task_id=id_, mention_id=mention.decode(), policy=(policy or b"").decode())
            for id_, (mention, policy) in zip(ids, rows, strict=True)
            if mention
        ]
