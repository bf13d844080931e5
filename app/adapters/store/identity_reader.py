"""Identity on the ledger: who wrote, with what their sources attest of them."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from app.adapters.store.database import Database
from app.adapters.store.identity_nodes import known_of
from app.adapters.store.seal import open_facts
from app.adapters.store.tables import cursors, facts, handles
from app.core.particulars import Particulars
from app.core.sealing import UNREADABLE

READER: Final = "identity"
_STRETCH = 500  # facts of one turn; only the first ones of mentions among them are read


class MentionReader:
    """Reads from where it stopped; the position moves when `done` says so."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def next(self, name: str = READER) -> tuple[list[dict[str, Any]], int]:
        """The mentions of the next stretch, in order, and where it ends; 0: there is none."""

        def work(connection: sa.Connection) -> tuple[list[dict[str, Any]], int]:
            cursor = sa.select(cursors.c.seq).where(cursors.c.name == name)
            after = int(connection.scalar(cursor) or 0)
            last = int(connection.scalar(sa.select(sa.func.max(facts.c.seq))) or 0)
            upto = min(last, after + _STRETCH)
            query = sa.select(facts.c.body).where(
                facts.c.seq > after, facts.c.seq <= upto, facts.c.op == "received"
            )
            read = open_facts(connection, connection.scalars(query.order_by(facts.c.seq)))
            # Of whoever was erased nothing is left to compare.
            said = [fact["data"]["mention"] for fact in read if UNREADABLE not in fact]
            return said, upto if upto > after else 0

        return await self._database.read(work)

    async def cursor(self, name: str) -> int:
        query = sa.select(cursors.c.seq).where(cursors.c.name == name)
        return await self._database.read(lambda c: int(c.scalar(query) or 0))

    async def done(self, upto: int, name: str = READER) -> None:
        put = self._database.upsert(cursors, "seq")
        await self._database.write(lambda c: c.execute(put, {"name": name, "seq": upto}))

    async def owners(self, handle_keys: list[str]) -> dict[str, str]:
        """The customer whose record names each of these handles."""
        query = sa.select(handles.c.handle_key, handles.c.customer_id)
        query = query.where(handles.c.handle_key.in_(handle_keys))
        rows = await self._database.read(lambda c: c.execute(query).tuples().all())
        return dict(rows)

    async def known(self, nodes: list[str]) -> dict[str, Particulars]:
        return await self._database.read(lambda c: known_of(c, nodes))
