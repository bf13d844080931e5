"""Flights on the ledger: which mentions were labelled, and so belong to open flights."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from app.adapters.store import flight_rows as rows
from app.adapters.store import flight_tables as t
from app.adapters.store.database import Database
from app.adapters.store.seal import open_facts
from app.adapters.store.tables import cursors, facts
from app.core.flight import OPEN
from app.core.flight_belonging import Labelled, label_of, labelled_of

READER: Final = "flights"
_READERS = (READER, "record")
_STRETCH = 1_000  # facts of one turn; only decisions among them are read


class FlightReader:
    """Reads the ledger from where it stopped; the position moves with what was written."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def standing(self) -> tuple[int, int]:
        """How far both we and the fold into the history have read, and where the ledger ends."""
        query = sa.select(cursors.c.name, cursors.c.seq).where(cursors.c.name.in_(_READERS))
        last = sa.select(sa.func.max(facts.c.seq))

        def work(connection: sa.Connection) -> tuple[int, int]:
            read = {name: int(seq) for name, seq in connection.execute(query)}
            return min(read.get(name, 0) for name in _READERS), int(connection.scalar(last) or 0)

        return await self._database.read(work)

    async def take(self) -> bool:
        """Take in the next stretch; False where there is none. Raises Unavailable.

        Doing it again changes nothing.
        """
        after, upto = await self._database.read(_where_we_are)
        if after >= upto:
            return False

        def work(connection: sa.Connection) -> None:
            if found := _labelled(connection, after, upto):
                rows.take_board(self._database, connection)
                self._join(connection, found)
            put = self._database.upsert(cursors, "seq")
            connection.execute(put, {"name": READER, "seq": upto})

        await self._database.write(work)
        return True

    def _join(self, connection: sa.Connection, found: list[Labelled]) -> None:
        names = [
            {"label": label, "mention_id": each.mention_id, "at_ms": each.at_ms}
            for each in found
            for label in each.labels
        ]
        connection.execute(self._database.insert_new(t.labels), names)
        query = sa.select(t.flights).where(t.flights.c.state == OPEN)
        for flight in [rows.found_of(row).flight for row in connection.execute(query)]:
            mine = [
                {
                    "flight_id": flight.id,
                    "mention_id": each.mention_id,
                    "label": label,
                    "by": "",
                    "since_ms": each.at_ms,
                    "removed": False,
                }
                for each in found
                if (label := label_of(flight, each))
            ]
            if mine:
                connection.execute(self._database.insert_new(t.members), mine)


def _where_we_are(connection: sa.Connection) -> tuple[int, int]:
    cursor = sa.select(cursors.c.seq).where(cursors.c.name == READER)
    after = int(connection.scalar(cursor) or 0)
    last = int(connection.scalar(sa.select(sa.func.max(facts.c.seq))) or 0)
    return after, min(last, after + _STRETCH)


def _labelled(connection: sa.Connection, after: int, upto: int) -> list[Labelled]:
    query = sa.select(facts.c.body).where(
        facts.c.seq > after, facts.c.seq <= upto, facts.c.op.in_(("decided", "edited"))
    )
    read = open_facts(connection, connection.scalars(query.order_by(facts.c.seq)))
    return [found for fact in read if (found := labelled_of(fact))]
