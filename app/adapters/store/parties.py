"""Who has to do with a mention: the partners it was handed to, and those who handed it in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from app.adapters.store.database import Database
from app.adapters.store.tables import handed_in, handoffs
from app.core.handed_in import HandedIn
from app.core.handoff import FAILED, HANDOFF, Party


class Parties:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def hand_in(self, mention: HandedIn) -> HandedIn:
        """Note who hands this in; returns what the same event handed in first."""
        known = sa.select(handed_in).where(handed_in.c.key == mention.key)

        def work(connection: sa.Connection) -> Any:
            connection.execute(self._database.insert_new(handed_in), asdict(mention))
            return connection.execute(known).mappings().one()

        return HandedIn(**dict(await self._database.write(work)))

    async def of(self, mention_ids: Sequence[str]) -> dict[str, list[Party]]:
        """The parties of these mentions, a page of the ledger at most."""
        found: dict[str, list[Party]] = defaultdict(list)
        if not mention_ids:
            return found
        came = sa.select(handed_in).where(handed_in.c.mention_id.in_(mention_ids))
        went = sa.select(handoffs.c.mention_id, handoffs.c.partner, handoffs.c.event_id).where(
            handoffs.c.mention_id.in_(mention_ids),
            handoffs.c.kind == HANDOFF,
            handoffs.c.state != FAILED,
        )

        def work(connection: sa.Connection) -> None:
            for row in connection.execute(came.order_by(handed_in.c.at_ms)).mappings():
                found[row["mention_id"]].append(
                    Party(
                        partner=row["partner"],
                        handoff=row["event_id"],
                        handed_in=True,
                        hops=row["hops"],
                    )
                )
            for mention_id, partner, event_id in connection.execute(went):
                found[mention_id].append(Party(partner=partner, handoff=event_id))

        await self._database.read(work)
        return found
