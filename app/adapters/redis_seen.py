"""What is remembered of mentions: Redis answers for the recent ones, the store for all."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from app.adapters.redis_client import Client, away_is_unavailable
from app.adapters.store.ledger import Ledger
from app.ports import Seen


class RedisSeen:
    def __init__(self, client: Client, ledger: Ledger) -> None:
        self._client = client
        self._ledger = ledger

    async def seen(self, mention_ids: Sequence[str]) -> dict[str, Seen]:
        """What is known of these mentions. Raises Unavailable."""
        if not mention_ids:
            return {}
        with away_is_unavailable():
            values = await self._client.mget([f"hs:seen:{id_}" for id_ in mention_ids])
        recent = {
            id_: _decode(value)
            for id_, value in zip(mention_ids, values, strict=True)
            if value is not None
        }
        unknown = [id_ for id_ in mention_ids if id_ not in recent]
        return recent | (await self._ledger.seen(unknown) if unknown else {})


def _decode(value: bytes) -> Seen:
    first, content_hash, last, *handle_key = orjson.loads(value)
    return Seen(src=first, content_hash=content_hash, last_src=last, handle_key="".join(handle_key))
