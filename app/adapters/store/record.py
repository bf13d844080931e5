"""The contact history: what `record` folds the facts into, and what screens read back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from app.adapters.store.database import Database
from app.adapters.store.tables import cursors, history, mentions
from app.core.history import Entry, Standing


class Record:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(
        self, reader: str, seq: int, entries: Sequence[Entry], standings: Sequence[Standing]
    ) -> None:
        """Write what a stretch of the ledger says and how far that was, in one transaction."""

        def work(connection: sa.Connection) -> None:
            if entries:
                rows = [asdict(entry) for entry in entries]
                connection.execute(self._database.insert_new(history), rows)
            for standing in standings:
                self._stand(connection, standing)
            statement = self._database.upsert(cursors, "seq")
            connection.execute(statement, {"name": reader, "seq": seq})

        await self._database.write(work)

    def _stand(self, connection: sa.Connection, standing: Standing) -> None:
        if standing.handle_key:
            insert = self._database.insert_new(mentions)
            connection.execute(insert, asdict(standing))
        changed = {"status": standing.status, "changed_ms": standing.changed_ms}
        if standing.queue:
            changed["queue"] = standing.queue
        same = mentions.c.mention_id == standing.mention_id
        connection.execute(sa.update(mentions).where(same).values(changed))

    async def of_customer(self, handle_key: str, limit: int = 50) -> list[dict[str, Any]]:
        """The newest entries of everything said by and to this handle."""
        query = (
            sa.select(history)
            .where(history.c.handle_key == handle_key)
            .order_by(history.c.at_ms.desc())
            .limit(limit)
        )
        rows = await self._database.read(lambda c: c.execute(query).mappings().all())
        return [dict(row) for row in rows]

    async def standing(self, mention_id: str) -> dict[str, Any] | None:
        query = sa.select(mentions).where(mentions.c.mention_id == mention_id)
        row = await self._database.read(lambda c: c.execute(query).mappings().first())
        return dict(row) if row else None

    async def owners(self, since_ms: int) -> dict[str, tuple[str, int]]:
        """Who answered each handle last since then, and when."""
        newest = (
            sa.select(history.c.handle_key, sa.func.max(history.c.at_ms).label("at_ms"))
            .where(history.c.kind == "replied", history.c.at_ms >= since_ms)
            .group_by(history.c.handle_key)
            .subquery()
        )
        query = (
            sa.select(history.c.handle_key, history.c.by, history.c.at_ms)
            .join(
                newest,
                sa.and_(
                    newest.c.handle_key == history.c.handle_key, newest.c.at_ms == history.c.at_ms
                ),
            )
            .where(history.c.kind == "replied")
        )
        rows = await self._database.read(lambda c: c.execute(query).all())
        return {key: (by, at_ms) for key, by, at_ms in rows}
