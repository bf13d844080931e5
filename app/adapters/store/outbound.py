"""Messages that go out: taken from the ledger once, permitted in one transaction, and their end."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, fields
from typing import Any

import sqlalchemy as sa

from app.adapters.store.consents import insert_events, known_of
from app.adapters.store.database import Database
from app.adapters.store.outbound_tables import outbound, outbound_refusals
from app.adapters.store.persons import handles_of_person
from app.adapters.store.tables import cursors, facts
from app.core.consent import STOP, ConsentEvent
from app.core.errors import Conflict
from app.core.outbound import (
    FAILED,
    NO_CONNECTOR,
    OPEN,
    PERMITTED,
    QUEUED,
    REFUSED,
    SENT,
    WAITING,
    Outbound,
    Outgoing,
)
from app.core.permission import Permit, Policy, Refusal, ask

UNREAD = "unread"  # the code of a Conflict: the ledger has something that was not taken in yet

_MESSAGE = [field.name for field in fields(Outbound)]
_ROW = [outbound.c[name] for name in _MESSAGE] + [
    outbound.c[field.name] for field in fields(Outgoing) if field.name != "message"
]
_OPEN = outbound.c.state.in_(OPEN)


class OutboundLog:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, name: str, seq: int) -> int:
        """Where sending began here: what was said before is not sent. Returns that position."""
        query = sa.select(cursors.c.seq).where(cursors.c.name == name)

        def work(connection: sa.Connection) -> int:
            row = {"name": name, "seq": seq}
            connection.execute(self._database.insert_new(cursors), row)
            return int(connection.execute(query).scalar_one())

        return await self._database.write(work)

    async def take(
        self,
        read: tuple[str, int],
        events: Sequence[ConsentEvent],
        messages: Sequence[Outgoing],
        now_ms: int,
    ) -> list[ConsentEvent]:
        """Keep what a page of the ledger says, with the position of its reader; all of it once.

        Whoever stopped is asked about again at once. Returns the stops of this page.
        """

        def work(connection: sa.Connection) -> list[ConsentEvent]:
            insert_events(self._database, connection, events)
            if messages:
                rows = [_row(one) for one in messages]
                connection.execute(self._database.insert_new(outbound), rows)
            stops = [event for event in events if event.kind == STOP]
            for stop in stops:
                keys = handles_of_person(connection, stop.handle_key)
                waits = sa.and_(outbound.c.handle_key.in_(keys), outbound.c.state == WAITING)
                connection.execute(sa.update(outbound).where(waits).values(next_ms=now_ms))
            statement = self._database.upsert(cursors, "seq")
            connection.execute(statement, {"name": read[0], "seq": read[1]})
            return stops

        return await self._database.write(work)

    async def unconnected(self, channels: Collection[str], now_ms: int) -> None:
        """What was to go out on a channel that has no connector any more stays here."""
        lost = sa.update(outbound).where(_OPEN, outbound.c.channel.not_in(channels))
        values = {"state": NO_CONNECTOR, "changed_ms": now_ms}
        await self._database.write(lambda c: c.execute(lost.values(values)) and None)

    async def due(self, channel: str, now_ms: int, limit: int) -> list[Outgoing]:
        """What is to be asked about now, in order: to one person one at a time."""
        earlier = outbound.alias()
        held = sa.exists().where(
            earlier.c.handle_key == outbound.c.handle_key,
            earlier.c.channel == channel,
            earlier.c.state.in_((QUEUED, PERMITTED)),
            earlier.c.seq < outbound.c.seq,
        )
        query = sa.select(*_ROW).where(
            outbound.c.channel == channel, _OPEN, outbound.c.next_ms <= now_ms, ~held
        )
        return await self._read(query.order_by(outbound.c.next_ms, outbound.c.seq).limit(limit))

    async def decide(
        self, found: Outgoing, policy: Policy, reader: str, now_ms: int
    ) -> Permit | Refusal | None:
        """Ask the gate about one message and keep its answer, in one transaction.

        None where it came to its end meanwhile. Raises Conflict (`unread`) while the ledger has
        what `reader` has not taken in: a stop in there comes first.
        """
        message = found.message

        def work(connection: sa.Connection) -> Permit | Refusal | None:
            _refuse_unread(connection, reader)
            known = known_of(connection, message, policy, now_ms, found.zone)
            answer = ask(message, known, policy, now_ms)
            values = (
                _permitted(answer, now_ms) if isinstance(answer, Permit) else _not(answer, now_ms)
            )
            if not connection.execute(_open(found).values(values)).rowcount:
                return None
            if isinstance(answer, Refusal):
                connection.execute(sa.insert(outbound_refusals), _refusal(message, answer, now_ms))
            return answer

        return await self._database.write(work)

    async def sent(self, found: Outgoing, reference: str, now_ms: int) -> None:
        values = {"state": SENT, "problem": "", "code": "", "reference": reference[:200]}
        await self._tried(found, values | _TOLD, now_ms)

    async def again(self, found: Outgoing, problem: str, next_ms: int, now_ms: int) -> None:
        """It did not get through; asked about and tried again then."""
        values = {"state": QUEUED, "problem": problem, "next_ms": next_ms}
        await self._tried(found, values, now_ms)

    async def failed(self, found: Outgoing, problem: str, now_ms: int, never_out: bool) -> None:
        """Given up. `never_out`: its receiver did not take it, so that no cap counts it."""
        values: dict[str, Any] = {"state": FAILED, "problem": problem}
        if never_out:
            values["permitted_ms"] = 0
        await self._tried(found, values | _TOLD, now_ms)

    async def untold(self, limit: int = 100) -> list[Outgoing]:
        """Whose state is worth a fact that there is not yet."""
        query = sa.select(*_ROW).where(outbound.c.told.is_(False), outbound.c.state.in_(_WORTH))
        return await self._read(query.order_by(outbound.c.seq).limit(limit))

    async def told(self, found: Outgoing) -> None:
        same = sa.and_(
            outbound.c.outbound_id == found.message.outbound_id, outbound.c.round == found.round
        )
        statement = sa.update(outbound).where(same).values(told=True)
        await self._database.write(lambda c: c.execute(statement) and None)

    async def of_mention(self, mention_id: str) -> list[Outgoing]:
        """What went out or should have gone out for this mention, in order."""
        query = sa.select(*_ROW).where(outbound.c.mention_id == mention_id)
        return await self._read(query.order_by(outbound.c.seq))

    async def log(self, only: dict[str, str], limit: int) -> list[Outgoing]:
        """The newest messages, of one channel, state, code, handle or mention where named."""
        query = sa.select(*_ROW)
        for name, value in only.items():
            query = query.where(outbound.c[name] == value)
        newest = query.order_by(outbound.c.seq.desc(), outbound.c.outbound_id)
        return await self._read(newest.limit(limit))

    async def refusals(self, outbound_id: str) -> list[dict[str, Any]]:
        """Every refusal of one message, in order."""
        query = sa.select(outbound_refusals).where(outbound_refusals.c.outbound_id == outbound_id)
        query = query.order_by(outbound_refusals.c.number)
        rows = await self._database.read(lambda c: c.execute(query).mappings().all())
        return [dict(row) for row in rows]

    async def oldest_queued_ms(self) -> int:
        """When the message was made that has waited longest for its receiver; 0: none."""
        waits = outbound.c.state.in_((QUEUED, PERMITTED))
        query = sa.select(sa.func.min(outbound.c.created_ms)).where(waits)
        return await self._database.read(lambda c: int(c.execute(query).scalar() or 0))

    async def _tried(self, found: Outgoing, values: dict[str, Any], now_ms: int) -> None:
        given = {"attempts": outbound.c.attempts + 1, "changed_ms": now_ms, **values}
        statement = _open(found).where(outbound.c.state == PERMITTED).values(given)
        await self._database.write(lambda c: c.execute(statement) and None)

    async def _read(self, query: sa.Select[Any]) -> list[Outgoing]:
        rows = await self._database.read(lambda c: c.execute(query).mappings().all())
        return [_outgoing(dict(row)) for row in rows]


_WORTH = (SENT, REFUSED, WAITING, FAILED, NO_CONNECTOR)
# A state that the ledger is told of; `round` makes the fact another one each time.
_TOLD: dict[str, Any] = {"round": outbound.c.round + 1, "told": False}


def _refuse_unread(connection: sa.Connection, reader: str) -> None:
    last = int(connection.scalar(sa.select(sa.func.max(facts.c.seq))) or 0)
    read = connection.scalar(sa.select(cursors.c.seq).where(cursors.c.name == reader))
    if last > int(read or 0):
        raise Conflict(UNREAD, f"the ledger has {last}, {reader} has read {read or 0}")


def _open(found: Outgoing) -> sa.Update:
    return sa.update(outbound).where(outbound.c.outbound_id == found.message.outbound_id, _OPEN)


def _permitted(permit: Permit, now_ms: int) -> dict[str, Any]:
    return {
        "state": PERMITTED, "code": "", "problem": "", "rule": permit.rule,
        "permitted_ms": now_ms, "changed_ms": now_ms,
    }  # fmt: skip


def _not(refusal: Refusal, now_ms: int) -> dict[str, Any]:
    return {
        "state": WAITING if refusal.again_ms else REFUSED,
        "code": refusal.code,
        "rule": refusal.rule,
        "problem": refusal.why,
        "next_ms": refusal.again_ms,
        "changed_ms": now_ms,
        **_TOLD,
    }


def _refusal(message: Outbound, refusal: Refusal, now_ms: int) -> dict[str, Any]:
    return {
        "outbound_id": message.outbound_id, "handle_key": message.handle_key,
        "channel": message.channel, "purpose": message.purpose, "at_ms": now_ms,
        **asdict(refusal),
    }  # fmt: skip


def _row(found: Outgoing) -> dict[str, Any]:
    row = asdict(found)
    return {**row.pop("message"), **row, "told": found.round == 0}


def _outgoing(row: dict[str, Any]) -> Outgoing:
    message = Outbound(**{name: row.pop(name) for name in _MESSAGE})
    return Outgoing(message=message, **row)
