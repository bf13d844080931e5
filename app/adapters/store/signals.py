"""Signals: each kept once when it comes, and counted from when the ledger has it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import sqlalchemy as sa

from app.adapters.store.database import Database
from app.adapters.store.parts import in_parts
from app.adapters.store.seal import open_facts
from app.adapters.store.signal_tables import signal_subjects, signal_told, signals
from app.adapters.store.tables import cursors, facts
from app.core.proactive import WARNED
from app.core.signal import SIGNALLED, Signal, readable, signal_of

READER: Final = "signals"
_STRETCH = 1_000  # facts of one turn; only signals among them are read

Json = dict[str, Any]


class Signals:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, signals_: Sequence[Signal]) -> list[str]:
        """Keep each under its key, unless one is there; returns the digests of what is kept."""

        def work(connection: sa.Connection) -> list[str]:
            return [self._put(connection, signal) for signal in signals_]

        return await self._database.write(work)

    async def take(self) -> bool:
        """Take in the next stretch of the ledger; False where there is none. Raises Unavailable.

        Doing it again changes nothing, and from the first fact on it makes the tables anew.
        """
        after, upto = await self._database.read(_where_we_are)
        if after >= upto:
            return False

        def work(connection: sa.Connection) -> None:
            for fact in _ours(connection, after, upto):
                if fact["op"] == WARNED:
                    self._told(connection, fact["data"])
                else:
                    self._record(connection, fact)
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
        query = sa.select(signals.c.seq).where(signals.c.key.in_(mine), signals.c.seq > 0)
        newest = query.order_by(signals.c.seq.desc()).limit(limit)
        return await self._database.read(lambda c: _facts(c, newest))

    async def proactive(self, now_ms: int, limit: int = 50) -> list[list[Signal]]:
        """Events that people should be told of while they concern anybody, the newest; each with
        a signal for everybody whom it names."""
        last = sa.func.max(signals.c.seq)
        query = sa.select(signals.c.event).where(
            signals.c.proactive.is_(True), signals.c.until_ms >= now_ms, signals.c.seq > 0
        )
        newest = query.group_by(signals.c.event).order_by(last.desc()).limit(limit)

        def work(connection: sa.Connection) -> list[list[Signal]]:
            return [_of_event(connection, one) for one in connection.scalars(newest).all()]

        return [one for one in await self._database.read(work) if one]

    async def event(self, key: str) -> list[Signal]:
        """The signals of one event, as far as the ledger has them."""
        return await self._database.read(lambda c: _of_event(c, key))

    def _put(self, connection: sa.Connection, signal: Signal) -> str:
        row = {
            "key": signal.key,
            "event": signal.event,
            "person": signal.person,
            "digest": signal.digest,
            "seq": 0,
            "until_ms": signal.until_ms,
            "proactive": signal.kind.proactive,
        }
        if not connection.execute(self._database.insert_new(signals), row).rowcount:
            query = sa.select(signals.c.digest).where(signals.c.key == signal.key)
            return str(connection.scalar(query))
        window = {"from_ms": signal.from_ms, "until_ms": signal.until_ms}
        whom = [
            {"subject": one, "key": signal.key, **window} for one in dict.fromkeys(signal.subjects)
        ]
        connection.execute(self._database.insert_new(signal_subjects), whom)
        return signal.digest

    def _record(self, connection: sa.Connection, fact: Json) -> None:
        """What the fact says is what counts; the row is made where a rebuild finds none."""
        signal = signal_of(fact)
        self._put(connection, signal)
        window = {"from_ms": signal.from_ms, "until_ms": signal.until_ms}
        told = {"until_ms": signal.until_ms, "proactive": signal.kind.proactive}
        row = sa.update(signals).where(signals.c.key == signal.key)
        connection.execute(row.values(seq=fact["seq"], **told))
        whom = sa.update(signal_subjects).where(signal_subjects.c.key == signal.key)
        connection.execute(whom.values(window))

    def _told(self, connection: sa.Connection, said: Json) -> None:
        row = {"event": said["signal"], "person": said["person"]}
        connection.execute(self._database.insert_new(signal_told), row)


def _where_we_are(connection: sa.Connection) -> tuple[int, int]:
    cursor = sa.select(cursors.c.seq).where(cursors.c.name == READER)
    after = int(connection.scalar(cursor) or 0)
    last = int(connection.scalar(sa.select(sa.func.max(facts.c.seq))) or 0)
    return after, min(last, after + _STRETCH)


def _of_event(connection: sa.Connection, key: str) -> list[Signal]:
    query = sa.select(signals.c.seq).where(signals.c.event == key, signals.c.seq > 0)
    return [signal_of(fact) for fact in _facts(connection, query)]


def _facts(connection: sa.Connection, seqs: sa.Select[Any]) -> list[Json]:
    """The facts with these numbers, the newest first; of who was erased nothing is there."""
    numbers = connection.scalars(seqs).all()
    found: list[Json] = []
    for some in in_parts(numbers):
        rows = connection.execute(_BODIES.where(facts.c.seq.in_(some)).order_by(facts.c.seq.desc()))
        found += _opened(connection, rows)
    return found


def _opened(connection: sa.Connection, rows: Iterable[Any]) -> list[Json]:
    numbered = [(int(seq), bytes(body)) for seq, body in rows]
    opened = open_facts(connection, [body for _, body in numbered])
    with_seq = zip(numbered, opened, strict=True)
    return [{"seq": seq, **fact} for (seq, _), fact in with_seq if readable(fact)]


def _ours(connection: sa.Connection, after: int, upto: int) -> list[Json]:
    query = _BODIES.where(
        facts.c.seq > after, facts.c.seq <= upto, facts.c.op.in_((SIGNALLED, WARNED))
    )
    return _opened(connection, connection.execute(query.order_by(facts.c.seq)))


_BODIES = sa.select(facts.c.seq, facts.c.body)
