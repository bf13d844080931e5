"""Mentions as they were received: the last ones, and those that come. Reads only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app.adapters.store.database import Database
from app.adapters.store.seal import open_facts
from app.adapters.store.tables import facts
from app.core.mention import Author, Mention
from app.core.sealing import UNREADABLE

_PAGE = 64  # mentions in memory at once, and between two looks at whether to stop

_RECEIVED = sa.select(facts.c.seq, facts.c.body).where(facts.c.op == "received")


class Received:
    """Mentions in the ledger, with what scoring asks of them. Of who was erased there are none."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last(self, count: int) -> AsyncIterator[list[Mention]]:
        """The newest mentions, the newest first, in pages. Raises Unavailable."""
        below = await self.newest() + 1
        while count > 0:
            page = _RECEIVED.where(facts.c.seq < below).order_by(facts.c.seq.desc())
            rows, said = await self._read(page.limit(min(_PAGE, count)))
            if not rows:
                return
            below, count = rows[-1], count - len(rows)
            yield said

    async def newest(self) -> int:
        """The number of the last fact. Raises Unavailable."""
        query = sa.select(sa.func.max(facts.c.seq))
        return await self._database.read(lambda c: int(c.scalar(query) or 0))

    async def since(self, seq: int) -> tuple[int, list[Mention]]:
        """Mentions after this fact, oldest first, and from where to go on. Raises Unavailable."""
        top = await self.newest()
        page = _RECEIVED.where(facts.c.seq > seq, facts.c.seq <= top).order_by(facts.c.seq)
        rows, said = await self._read(page.limit(_PAGE))
        return rows[-1] if len(rows) == _PAGE else top, said

    async def _read(self, query: sa.Select[Any]) -> tuple[list[int], list[Mention]]:
        def work(connection: sa.Connection) -> tuple[list[int], list[Mention]]:
            rows = connection.execute(query).all()
            opened = open_facts(connection, (row.body for row in rows))
            return [row.seq for row in rows], [_said(f) for f in opened if UNREADABLE not in f]

        return await self._database.read(work)


def _said(fact: dict[str, Any]) -> Mention:
    told, by = fact["data"]["mention"], fact["data"]["mention"]["author"]
    return Mention(
        mention_id=fact["mention_id"],
        source_id=told["source_id"],
        channel=told["channel"],
        text=told["text"],
        author=Author(handle=by["handle"], name=by["name"], followers=by["followers"]),
        detected_at=datetime.fromisoformat(told["detected_at"]),
        lang=told["lang"],
    )
