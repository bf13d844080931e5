"""The state of the queues in Redis: written by `watch` each second, read with every batch.

key             type    holds
hs:queue-state  string  JSON: each queue with its figures, as `core.queue_state` orders them; it
                        ends by itself when nobody has written it for 10 s
"""

from __future__ import annotations

import orjson

from app.adapters.redis_client import Client, away_is_unavailable
from app.adapters.redis_floor import RedisFloor
from app.core.catalogue import Catalogue
from app.core.queue_state import NO_QUEUES, QueueValues, figures, free_for, unpacked

KEY = "hs:queue-state"
EVERY_S = 1.0
TOO_OLD_MS = 10_000  # whoever sees an older state would act on what is long over


def decoded(blob: bytes | None) -> QueueValues:
    """The values for conditions; empty where nothing is known, or it cannot be read."""
    if not blob:
        return NO_QUEUES
    try:
        return unpacked(orjson.loads(blob))
    except (ValueError, TypeError, AttributeError, LookupError):
        return NO_QUEUES


class RedisQueueState:
    def __init__(self, client: Client, catalogue: Catalogue) -> None:
        self._client = client
        self._catalogue = catalogue
        self._floor = RedisFloor(client, catalogue)

    async def write(self) -> None:
        """Look at all queues and tell how they stand now. Raises Unavailable."""
        ready = await self._floor.ready()
        told = {
            row["name"]: figures(row, free_for(self._catalogue.queues[row["name"]], ready))
            for row in await self._floor.figures()
        }
        with away_is_unavailable():
            await self._client.set(KEY, orjson.dumps(told), px=TOO_OLD_MS)

    async def now(self) -> QueueValues:
        """How the queues stand, by `QUEUE_VARIABLES`; empty where it is not known.

        Raises Unavailable.
        """
        with away_is_unavailable():
            return decoded(await self._client.get(KEY))
