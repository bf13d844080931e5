"""Which policy the open tasks were made with, read from Redis: what a new policy must look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.adapters.redis_client import Client, away_is_unavailable
from app.adapters.redis_open import open_tasks


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
        with away_is_unavailable():
            found = await open_tasks(self._client, self._queues, ("mention_id", "policy"))
        return [
            ClockedTask(
                task_id=id_, mention_id=(mention or b"").decode(), policy=(policy or b"").decode()
            )
            for id_, (mention, policy) in found
        ]
