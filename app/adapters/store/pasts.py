"""The pasts of handles, as the table `mentions` tells them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

import sqlalchemy as sa

from app.adapters.store.database import Database
from app.adapters.store.record import MADE, cursor
from app.adapters.store.tables import mentions
from app.core.past import MOST, Past, earlier

_PAGE = 500  # handles that are read at once


class Pasts:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, keys: Iterable[str], since_ms: int) -> dict[str, Past]:
        """The past of each of these handle keys since then. Raises Unavailable."""
        wanted = list(keys)
        return await self._database.read(lambda c: {key: _past(c, key, since_ms) for key in wanted})

    async def made(self) -> int:
        """How often somebody has made the history anew. Raises Unavailable."""
        return await self._database.read(lambda c: cursor(c, MADE))

    async def every(self, since_ms: int) -> AsyncIterator[dict[str, Past]]:
        """The pasts of all handles of which there was a mention since then, some at a time."""
        after = ""
        while True:
            query = (
                sa.select(mentions.c.handle_key)
                .where(mentions.c.handle_key > after, mentions.c.detected_ms >= since_ms)
                .group_by(mentions.c.handle_key)
                .order_by(mentions.c.handle_key)
                .limit(_PAGE)
            )
            keys = await self._database.read(lambda c, q=query: list(c.scalars(q)))  # type: ignore[misc]
            if not keys:
                return
            yield await self.of(keys, since_ms)
            after = keys[-1]


def _past(connection: sa.Connection, key: str, since_ms: int) -> Past:
    query = (
        sa.select(mentions)
        .where(mentions.c.handle_key == key, mentions.c.detected_ms >= since_ms)
        .order_by(mentions.c.detected_ms.desc(), mentions.c.mention_id)
        .limit(MOST)
    )
    return tuple(earlier(row) for row in connection.execute(query))
