"""What Redis has of one person: their cached profile and past, and the cards of their tasks."""

from __future__ import annotations

from collections.abc import Sequence

from app.adapters.redis_client import Client, away_is_unavailable

_AT_ONCE = 500


class RedisPersonal:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def tasks(self, task_ids: Sequence[str]) -> list[str]:
        """Those of these tasks that are here, open or ended within the hour. Raises Unavailable."""
        there: list[str] = []
        for at in range(0, len(task_ids), _AT_ONCE):
            some = task_ids[at : at + _AT_ONCE]
            with away_is_unavailable():
                async with self._client.pipeline(transaction=False) as pipe:
                    for task_id in some:
                        pipe.exists(f"hs:task:{task_id}")
                    found = await pipe.execute()
            there += [id_ for id_, here in zip(some, found, strict=True) if here]
        return there

    async def forget(self, handle_keys: Sequence[str], mention_ids: Sequence[str]) -> None:
        """Drop what is cached under these handles and of these mentions. Raises Unavailable."""
        keys = [f"hs:{kind}:{key}" for kind in ("profile", "own", "past") for key in handle_keys]
        keys += [f"hs:seen:{mention_id}" for mention_id in mention_ids]
        for at in range(0, len(keys), _AT_ONCE):
            with away_is_unavailable():
                await self._client.delete(*keys[at : at + _AT_ONCE])
