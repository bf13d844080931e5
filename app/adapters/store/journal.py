"""The journal: what we accepted, kept before anything else happens to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from app.adapters.store.database import Beside, Database
from app.adapters.store.stops import forget_stops, insert_stops
from app.adapters.store.tables import facts, journal
from app.core.consent import HeardStop
from app.core.facts import OUTCOMES

_SETTLE_BATCH = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """One accepted message. `intake_id` names this delivery through the whole flow."""

    intake_id: str
    mention_id: str
    raw: bytes
    received_ms: int

    @property
    def src(self) -> str:
        return src_of(self.intake_id)


def src_of(intake_id: str) -> str:
    return f"intake:{intake_id}"


class Journal:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self,
        intakes: Sequence[Intake],
        beside: Beside | None = None,
        stops: Sequence[HeardStop] = (),
    ) -> None:
        """Keep these, the stops among them, and what `beside` writes; then they are accepted.

        Raises Unavailable: then nothing is kept.
        """
        rows = [
            {
                "intake_id": intake.intake_id,
                "mention_id": intake.mention_id,
                "raw": intake.raw,
                "received_ms": intake.received_ms,
                "sent_ms": intake.received_ms,
                "settled": False,
            }
            for intake in intakes
        ]

        def work(connection: sa.Connection) -> None:
            connection.execute(sa.insert(journal), rows)
            insert_stops(connection, stops)
            if beside:
                beside(connection)

        await self._database.write(work)

    async def settle(self) -> int:
        """Tick off what has an outcome in the ledger; returns how many were ticked."""
        src = sa.literal("intake:").concat(journal.c.intake_id)
        outcome = sa.exists().where(facts.c.op_id == src, facts.c.op.in_(OUTCOMES))
        open_ones = (
            sa.select(journal.c.intake_id)
            .where(journal.c.settled.is_(False), outcome)
            .limit(_SETTLE_BATCH)
        )
        statement = (
            sa.update(journal).where(journal.c.intake_id.in_(open_ones)).values(settled=True)
        )

        def work(connection: sa.Connection) -> int:
            forget_stops(connection)
            return connection.execute(statement).rowcount

        return await self._database.write(work)

    async def without_outcome(self, sent_before_ms: int, limit: int = 500) -> list[Intake]:
        """The oldest accepted messages that nothing has come of since they were last sent."""
        query = (
            sa.select(
                journal.c.intake_id,
                journal.c.mention_id,
                journal.c.raw,
                journal.c.received_ms,
            )
            .where(journal.c.settled.is_(False), journal.c.sent_ms < sent_before_ms)
            .order_by(journal.c.sent_ms)
            .limit(limit)
        )
        rows = await self._database.read(lambda c: c.execute(query).all())
        return [
            Intake(intake_id=i, mention_id=m, raw=bytes(raw), received_ms=at)
            for i, m, raw, at in rows
        ]

    async def waits_since(self, received_ms: int) -> bool:
        """Whether something that was accepted up to then has had no outcome yet."""
        waiting = sa.exists().where(
            journal.c.settled.is_(False), journal.c.received_ms <= received_ms
        )
        return bool(await self._database.read(lambda c: c.scalar(sa.select(waiting))))

    async def mark_sent(self, intake_ids: Sequence[str], now_ms: int) -> None:
        statement = (
            sa.update(journal).where(journal.c.intake_id.in_(intake_ids)).values(sent_ms=now_ms)
        )
        await self._database.write(lambda c: c.execute(statement))
