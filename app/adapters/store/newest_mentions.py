"""The newest mentions that were decided, to choose one from."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from app.adapters.store.database import Database
from app.adapters.store.seal import open_facts
from app.adapters.store.tables import facts

# No index knows what a fact tells of: look this far back and no further.
_LOOKED_AT = 5_000


async def newest_mentions(database: Database, limit: int) -> list[dict[str, Any]]:
    """The facts `received` of the newest mentions, newest first."""
    last = sa.select(sa.func.coalesce(sa.func.max(facts.c.seq), 0)).scalar_subquery()
    query = (
        sa.select(facts.c.body)
        .where(facts.c.seq > last - _LOOKED_AT, facts.c.op == "received")
        .order_by(facts.c.seq.desc())
        .limit(limit)
    )
    return await database.read(lambda c: open_facts(c, c.scalars(query)))
