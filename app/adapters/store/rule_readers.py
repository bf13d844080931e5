"""Which version each process that decides has in effect, and why not the live one."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import sqlalchemy as sa

from app.adapters.store import rule_tables as t
from app.adapters.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What one process said last. `problem` tells why it keeps an older version."""

    process: str
    number: int
    since_ms: int
    heard_ms: int
    problem: str = ""


class RuleReaders:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def tell(self, reader: Reader, silent_before_ms: int) -> None:
        """Keep what this process says, and forget who has been silent since that moment."""
        names = ("number", "since_ms", "heard_ms", "problem")
        statement = self._database.upsert(t.readers, *names)
        gone = sa.delete(t.readers).where(t.readers.c.heard_ms < silent_before_ms)

        def work(connection: sa.Connection) -> None:
            connection.execute(gone)
            connection.execute(statement, asdict(reader))

        await self._database.write(work)

    async def all(self) -> list[Reader]:
        query = sa.select(t.readers).order_by(t.readers.c.process)
        rows = await self._database.read(lambda c: c.execute(query).mappings().all())
        return [Reader(**{name: row[name] for name in Reader.__dataclass_fields__}) for row in rows]
