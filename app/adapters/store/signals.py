"""Signals: each kept once when it comes, and counted from when the ledger has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import orjson
import sqlalchemy as sa

from app.adapters.store.database import Database
from app.adapters.store.signal_tables import signal_subjects, signal_told, signals
from app.adapters.store.tables import cursors, facts
from app.core.proactive import WARNED
from app.core.signal import SIGNALLED, Signal, signal_of

READER: Final = "signals"
_STRETCH = 1_000  # facts of one turn; only signals among them are read

Json = dict[str, Any]


class Signals:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, signal: Signal) -> str:
        """Keep it under its key, unless one is there; returns the digest of what is kept."""

        def work(connection: sa.Connection) -> str:
            self._put(connection, signal)
            query = sa.select(signals.c.digest).where(signals.c.key == signal.key)
            return str(connection.scalar(query))

        return await self._database.write(work)

    async def take(self) -> bool:
        """Take in the next stretch of the ledger; False where there is none. Raises Unavailable.

        Doing it again changes nothing, and from the first fact on it makes the tables anew.
        """
        after, upto = await self._database.read(_where_we_are)
        if after >= upto:
            return False

        def work(connection: sa.Connection) -> None:
            for seq, op, body in _ours(connection, after, upto):
                if op == WARNED:
                    self._told(connection, orjson.loads(body)["data"])
                else:
                    self._record(connection, seq, body)
            put = self._database.upsert(cursors, "seq")
            connection.execute(put, {"name": READER, "seq": upto})

        await self._database.write(work)
        return True

    async def of(self, subjects: Sequence[str], at_ms: int, limit: int = 50) -> list[Json]:
        """The facts of signals on any of these subjects that concern this moment, the newest."""
        if not subjects:
            return []
        mine = sa.select(signal_subjects.c.key).where(
            signal_subjects.c.subject.in_(subjects),
            signal_subjects.c.until_ms >= at_ms,
            signal_subjects.c.from_ms <= at_ms,
        )
        query = sa.select(signals.c.body).where(signals.c.key.in_(mine), signals.c.seq > 0)
        return await self._read(query.order_by(signals.c.seq.desc()).limit(limit))

    async def proactive(self, now_ms: int, limit: int = 50) -> list[Json]:
        """The facts of signals that people should be told of while they still concern them."""
        query = sa.select(signals.c.body).where(
            signals.c.proactive.is_(True), signals.c.until_ms >= now_ms, signals.c.seq > 0
        )
        return await self._read(query.order_by(signals.c.seq.desc()).limit(limit))

    async def one(self, key: str) -> Json | None:
        """The fact of one signal, where the ledger has it."""
        query = sa.select(signals.c.body).where(signals.c.key == key, signals.c.seq > 0)
        found = await self._read(query)
        return found[0] if found else None

    async def _read(self, query: sa.Select[Any]) -> list[Json]:
        rows = await self._database.read(lambda c: c.execute(query).scalars().all())
        return [orjson.loads(body) for body in rows]

    def _put(self, connection: sa.Connection, signal: Signal) -> None:
        row = {
            "key": signal.key,
            "digest": signal.digest,
            "seq": 0,
            "until_ms": signal.until_ms,
            "proactive": signal.kind.proactive,
            "body": b"",
        }
        if not connection.execute(self._database.insert_new(signals), row).rowcount:
            return
        whom = [
            {
                "subject": one,
                "key": signal.key,
                "from_ms": signal.from_ms,
                "until_ms": signal.until_ms,
            }
            for one in dict.fromkeys(signal.subjects)
        ]
        connection.execute(self._database.insert_new(signal_subjects), whom)

    def _record(self, connection: sa.Connection, seq: int, body: bytes) -> None:
        """What the fact says is what counts; the row is made where a rebuild finds none."""
        signal = signal_of(orjson.loads(body))
        self._put(connection, signal)
        window = {"from_ms": signal.from_ms, "until_ms": signal.until_ms}
        told = {"until_ms": signal.until_ms, "proactive": signal.kind.proactive}
        row = sa.update(signals).where(signals.c.key == signal.key)
        connection.execute(row.values(seq=seq, body=body, **told))
        whom = sa.update(signal_subjects).where(signal_subjects.c.key == signal.key)
        connection.execute(whom.values(window))

    def _told(self, connection: sa.Connection, said: Json) -> None:
        row = {"key": said["signal"], "person": said["person"]}
        connection.execute(self._database.insert_new(signal_told), row)


def _where_we_are(connection: sa.Connection) -> tuple[int, int]:
    cursor = sa.select(cursors.c.seq).where(cursors.c.name == READER)
    after = int(connection.scalar(cursor) or 0)
    last = int(connection.scalar(sa.select(sa.func.max(facts.c.seq))) or 0)
    return after, min(last, after + _STRETCH)


def _ours(connection: sa.Connection, after: int, upto: int) -> list[tuple[int, str, bytes]]:
    query = sa.select(facts.c.seq, facts.c.op, facts.c.body).where(
        facts.c.seq > after, facts.c.seq <= upto, facts.c.op.in_((SIGNALLED, WARNED))
    )
    rows = connection.execute(query.order_by(facts.c.seq))
    return [(int(seq), str(op), bytes(body)) for seq, op, body in rows]
