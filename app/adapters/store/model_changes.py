"""Which model is live, in the store: promoted and rolled back, in order, the newest row counts.

What moves something writes a row: from there `watch` makes the fact, so that none is missing,
whatever is away meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from app.adapters.store.database import Database
from app.adapters.store.model_tables import changes
from app.core.errors import Conflict
from app.core.model_changes import PROMOTED, ROLLED_BACK, ModelChange, Wish
from app.core.versions import Actor

_NEWEST = 200  # changes in one list


class ModelChanges:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def live(self) -> ModelChange | None:
        """The promotion that is live; None where the model of the setting is. Raises Unavailable.

        One that is live again after a rollback is the row that it was.
        """
        return await self._database.read(live)

    async def newest(self, limit: int = _NEWEST) -> list[ModelChange]:
        """What was done, newest first."""
        query = sa.select(changes).order_by(changes.c.change.desc()).limit(limit)
        return await self._database.read(lambda c: _all(c, query))

    async def promote(self, wish: Wish, name: str, digest: str) -> ModelChange:
        """Make this model live.

        Raises Conflict: `nothing_changed` where it is live already, `live_moved` where somebody
        else was quicker.
        """

        def work(connection: sa.Connection) -> ModelChange:
            now = _looked(connection, wish)
            if now and (now.name, now.digest) == (name, digest):
                raise Conflict("nothing_changed", f"{wish.to_tag} is live already")
            before = now.change if now else 0
            change = _add(connection, wish, PROMOTED, name=name, digest=digest, before=before)
            own = changes.c.change == change
            connection.execute(sa.update(changes).where(own).values(live=change))
            return _one(connection, change)

        return await self._database.write(work)

    async def roll_back(self, wish: Wish) -> ModelChange:
        """Make live what was live before the promotion that is live now.

        Raises Conflict: `nothing_promoted`, or `live_moved` where somebody else was quicker.
        """

        def work(connection: sa.Connection) -> ModelChange:
            now = _looked(connection, wish)
            if now is None:
                raise Conflict("nothing_promoted", "No model is promoted: there is no way back")
            change = _add(connection, wish, ROLLED_BACK, live=now.before)
            return _one(connection, change)

        return await self._database.write(work)

    async def promotion(self, change: int) -> ModelChange | None:
        """The promotion with this number; None for 0, which stands for the setting's model."""
        return await self._database.read(lambda c: _one(c, change) if change else None)

    async def untold(self, limit: int = 100) -> list[ModelChange]:
        """What was done of which the ledger does not know yet, oldest first."""
        query = sa.select(changes).where(changes.c.told.is_(False))
        query = query.order_by(changes.c.change).limit(limit)
        return await self._database.read(lambda c: _all(c, query))

    async def told(self, numbers: Sequence[int]) -> None:
        statement = sa.update(changes).where(changes.c.change.in_(numbers)).values(told=True)
        await self._database.write(lambda c: c.execute(statement))


def live(connection: sa.Connection) -> ModelChange | None:
    """The promotion that is live; None where the model of the setting is."""
    newest = sa.select(changes.c.live).order_by(changes.c.change.desc()).limit(1)
    number = connection.scalar(newest)
    return _one(connection, number) if number else None


def _looked(connection: sa.Connection, wish: Wish) -> ModelChange | None:
    """What is live, where nothing was done since whoever wants something has looked."""
    if connection.dialect.name == "postgresql":  # SQLite has one writer anyhow
        connection.execute(sa.text("LOCK TABLE model_changes IN SHARE ROW EXCLUSIVE MODE"))
    newest = connection.scalar(sa.select(sa.func.max(changes.c.change))) or 0
    if newest != wish.seen:
        raise Conflict("live_moved", "Somebody else has changed which model is live: look again")
    return live(connection)


def _add(connection: sa.Connection, wish: Wish, kind: str, **more: Any) -> int:
    row = {"name": "", "digest": "", "before": 0, "live": 0, "told": False, "kind": kind} | more
    row |= {"by_type": wish.by.type, "by": wish.by.id, "role": wish.by.role}
    row |= {n: getattr(wish, n) for n in ("at_ms", "reason", "from_tag", "to_tag")}
    made = connection.execute(sa.insert(changes), row).inserted_primary_key
    return int(made[0]) if made else 0


def _one(connection: sa.Connection, change: int) -> ModelChange:
    query = sa.select(changes).where(changes.c.change == change)
    return _change(connection.execute(query).mappings().one())


def _all(connection: sa.Connection, query: sa.Select[Any]) -> list[ModelChange]:
    return [_change(row) for row in connection.execute(query).mappings()]


def _change(row: Mapping[Any, Any]) -> ModelChange:
    by = Actor(id=row["by"], role=row["role"], type=row["by_type"])
    names = (name for name in ModelChange.__dataclass_fields__ if name != "by")
    return ModelChange(by=by, **{name: row[name] for name in names})
