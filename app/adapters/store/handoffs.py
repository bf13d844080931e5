"""The delivery log: what partners are sent, how far each event has come, and what is owed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

import sqlalchemy as sa

from app.adapters.store.database import Database
from app.adapters.store.tables import cursors, handoffs, live_tasks
from app.core.handoff import DELIVERED, FAILED, HANDOFF, PENDING, STATUS, Handoff

_ROW = [handoffs.c[field.name] for field in fields(Handoff)]
_PENDING = handoffs.c.state == PENDING


class Handoffs:
    """Every change names the event's round: what an overtaken attempt says changes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, reader: str, seq: int, events: Sequence[Handoff]) -> None:
        """Keep these events and how far the ledger was read, in one transaction."""
        rows = [
            asdict(event) | {"settled": False, "published": event.state == FAILED}
            for event in events
        ]

        def work(connection: sa.Connection) -> None:
            if rows:
                connection.execute(self._database.insert_new(handoffs), rows)
            statement = self._database.upsert(cursors, "seq")
            connection.execute(statement, {"name": reader, "seq": seq})

        await self._database.write(work)

    async def due(self, partner: str, now_ms: int, limit: int) -> list[Handoff]:
        """What may be sent now, the oldest first; of one mention one at a time, in order."""
        earlier = handoffs.alias()
        waits = sa.exists().where(
            earlier.c.mention_id == handoffs.c.mention_id,
            earlier.c.partner == partner,
            earlier.c.state == PENDING,
            earlier.c.seq < handoffs.c.seq,
        )
        query = (
            sa.select(*_ROW)
            .where(handoffs.c.partner == partner, _PENDING, handoffs.c.next_ms <= now_ms, ~waits)
            .order_by(handoffs.c.next_ms, handoffs.c.seq)
            .limit(limit)
        )
        return await self._read(query)

    async def overdue(self, partner: str, now_ms: int, limit: int = 500) -> list[Handoff]:
        """What was not taken in its time."""
        late = (handoffs.c.deadline_ms > 0) & (handoffs.c.deadline_ms <= now_ms)
        query = sa.select(*_ROW).where(handoffs.c.partner == partner, _PENDING, late)
        return await self._read(query.limit(limit))

    async def again(self, event: Handoff, **told: Any) -> None:
        """It is tried again at `next_ms`."""
        values = {"attempts": event.attempts + 1, **told}
        await self._change(event, _PENDING, values)

    async def delivered(self, event: Handoff, **told: Any) -> None:
        values = {"state": DELIVERED, "attempts": event.attempts + 1, "problem": "", **told}
        await self._change(event, _PENDING, values)

    async def failed(self, event: Handoff, **told: Any) -> None:
        """Given up, and with a hand-off what its partner would have been told later."""
        values = {"state": FAILED, **told}
        later = (
            sa.update(handoffs)
            .where(
                handoffs.c.mention_id == event.mention_id,
                handoffs.c.partner == event.partner,
                handoffs.c.kind == STATUS,
                _PENDING,
            )
            .values(
                state=FAILED,
                settled=True,
                problem="its hand-off failed",
                changed_ms=values["changed_ms"],
            )
        )

        def work(connection: sa.Connection) -> None:
            changed = connection.execute(_update(event, _PENDING, values)).rowcount
            if changed and event.kind == HANDOFF:
                connection.execute(later)

        await self._database.write(work)

    async def given_back(self, event: Handoff, problem: str, now_ms: int) -> None:
        """The partner had taken it, and will not have it after all."""
        taken = handoffs.c.state == DELIVERED
        values = {"state": FAILED, "problem": problem, "settled": False, "changed_ms": now_ms}
        await self._change(event, taken, values)

    async def replay(self, event: Handoff, now_ms: int, deadline_ms: int) -> bool:
        """Send it once more, by hand; False where it is on its way already."""
        values = {
            "state": PENDING,
            "round": event.round + 1,
            "attempts": 0,
            "next_ms": now_ms,
            "deadline_ms": deadline_ms,
            "changed_ms": now_ms,
            "settled": False,
        }
        return await self._change(event, ~_PENDING, values)

    async def unsettled(self, limit: int = 100) -> list[Handoff]:
        """What has come to an end that no fact tells yet."""
        owed = sa.and_(handoffs.c.settled.is_(False), ~_PENDING)
        return await self._read(sa.select(*_ROW).where(owed).order_by(handoffs.c.seq).limit(limit))

    async def settle(self, event: Handoff) -> None:
        await self._change(event, handoffs.c.state == event.state, {"settled": True})

    async def unpublished(self, limit: int = 100) -> list[Handoff]:
        query = sa.select(*_ROW).where(handoffs.c.published.is_(False))
        return await self._read(query.order_by(handoffs.c.seq).limit(limit))

    async def mark_published(self, event_ids: Sequence[str]) -> None:
        statement = sa.update(handoffs).where(handoffs.c.event_id.in_(event_ids))
        await self._database.write(lambda c: c.execute(statement.values(published=True)))

    async def oldest_pending_ms(self) -> int:
        """When the event was made that has waited longest; 0 where none waits."""
        query = sa.select(sa.func.min(handoffs.c.created_ms)).where(_PENDING)
        return await self._database.read(lambda c: int(c.execute(query).scalar() or 0))

    async def forget(self, partner: str, before_ms: int, limit: int = 500) -> int:
        """Delete what came to its end before, the oldest first; returns how many lines.

        What nobody was told of yet stays, and all of a mention whose task is still open: its
        partner is told of each stage.
        """
        live = sa.exists().where(
            live_tasks.c.mention_id == handoffs.c.mention_id, live_tasks.c.closed_ms == 0
        )
        ended = (
            sa.select(handoffs.c.event_id)
            .where(
                handoffs.c.partner == partner,
                handoffs.c.state.in_((DELIVERED, FAILED)),
                handoffs.c.next_ms < before_ms,
                handoffs.c.changed_ms < before_ms,
                handoffs.c.settled,
                handoffs.c.published,
                ~live,
            )
            .order_by(handoffs.c.next_ms, handoffs.c.seq)
            .limit(limit)
        )

        def work(connection: sa.Connection) -> int:
            ids = connection.execute(ended).scalars().all()
            if ids:
                connection.execute(sa.delete(handoffs).where(handoffs.c.event_id.in_(ids)))
            return len(ids)

        return await self._database.write(work)

    async def one(self, event_id: str) -> Handoff | None:
        found = await self._read(sa.select(*_ROW).where(handoffs.c.event_id == event_id))
        return found[0] if found else None

    async def log(self, only: dict[str, str], limit: int) -> list[Handoff]:
        """The newest events, of one partner, state, kind or mention where they are named."""
        query = sa.select(*_ROW)
        for name, value in only.items():
            query = query.where(handoffs.c[name] == value)
        newest = query.order_by(handoffs.c.seq.desc(), handoffs.c.event_id)
        return await self._read(newest.limit(limit))

    async def _change(
        self, event: Handoff, state: sa.ColumnElement[bool], values: dict[str, Any]
    ) -> bool:
        statement = _update(event, state, values)
        return await self._database.write(lambda c: bool(c.execute(statement).rowcount))

    async def _read(self, query: sa.Select[Any]) -> list[Handoff]:
        rows = await self._database.read(lambda c: c.execute(query).mappings().all())
        return [Handoff(**row | {"body": bytes(row["body"])}) for row in map(dict, rows)]


def _update(event: Handoff, state: sa.ColumnElement[bool], values: dict[str, Any]) -> sa.Update:
    same = sa.and_(handoffs.c.event_id == event.event_id, handoffs.c.round == event.round, state)
    return sa.update(handoffs).where(same).values(values)
