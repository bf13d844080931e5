"""Notices in the store: what a person has not read yet, and what they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import sqlalchemy as sa

from app.adapters.store.database import Database
from app.adapters.store.rule_event_tables import notice_reads, notices
from app.core.notices import KEEP_MS, KEPT, SHOWN, Notice

_NAMES = tuple(field.name for field in fields(Notice))
_PRUNED = 500  # rows of one transaction: others wait for it


class Notices:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def last(self) -> int:
        """The number of the newest notice; 0 before the first."""
        query = sa.select(sa.func.max(notices.c.number))
        return await self._database.read(lambda c: int(c.execute(query).scalar() or 0))

    async def since(self, number: int) -> tuple[int, set[str]]:
        """The newest number, and who is addressed by what came after this one."""
        query = sa.select(sa.func.max(notices.c.number), notices.c.audience)
        query = query.where(notices.c.number > number).group_by(notices.c.audience)
        rows = await self._database.read(lambda c: c.execute(query).all())
        return max([number, *(int(row[0]) for row in rows)]), {row[1] for row in rows}

    async def unread(self, who: str, audiences: Sequence[str]) -> tuple[int, list[dict[str, Any]]]:
        """How many this person has not read, and the newest of them."""
        mine = _unread(who, audiences)
        newest = sa.select(*(notices.c[name] for name in _NAMES)).where(mine)
        newest = newest.order_by(notices.c.number.desc()).limit(SHOWN)
        count = sa.select(sa.func.count()).select_from(notices).where(mine)

        def work(connection: sa.Connection) -> tuple[int, list[dict[str, Any]]]:
            rows = [dict(zip(_NAMES, row, strict=True)) for row in connection.execute(newest)]
            return int(connection.execute(count).scalar() or 0), rows

        return await self._database.read(work)

    async def read(
        self, ids: Sequence[str], who: str, audiences: Sequence[str], now_ms: int
    ) -> list[str]:
        """This person has read these; returns the ids that are no notices of theirs."""
        query = sa.select(notices.c.notice_id).where(
            notices.c.notice_id.in_(ids), notices.c.audience.in_(audiences)
        )

        def work(connection: sa.Connection) -> list[str]:
            mine = set(connection.execute(query).scalars())
            if strange := [id_ for id_ in ids if id_ not in mine]:
                return strange
            rows = [{"notice_id": id_, "who": who, "at_ms": now_ms} for id_ in sorted(mine)]
            connection.execute(self._database.insert_new(notice_reads), rows)
            return []

        return await self._database.write(work)

    async def prune(self, now_ms: int) -> int:
        """Forget what is old, or too much for its audience; a bounded number at once."""

        def work(connection: sa.Connection) -> int:
            found = connection.execute(_OLD, {"before_ms": now_ms - KEEP_MS}).scalars()
            ids = list(found)
            for who in connection.execute(sa.select(notices.c.audience).distinct()).scalars():
                ids += connection.execute(_TOO_MANY, {"whose": who}).scalars()
            for table in (notices, notice_reads):
                connection.execute(sa.delete(table).where(table.c.notice_id.in_(ids[:_PRUNED])))
            return len(ids[:_PRUNED])

        return await self._database.write(work)


_OLD = (
    sa.select(notices.c.notice_id)
    .where(notices.c.at_ms < sa.bindparam("before_ms"))
    .order_by(notices.c.number)
    .limit(_PRUNED)
)
_TOO_MANY = (
    sa.select(notices.c.notice_id)
    .where(notices.c.audience == sa.bindparam("whose"))
    .order_by(notices.c.number.desc())
    .offset(KEPT)
    .limit(_PRUNED)
)


def _unread(who: str, audiences: Sequence[str]) -> sa.ColumnElement[bool]:
    read = sa.exists().where(
        notice_reads.c.notice_id == notices.c.notice_id, notice_reads.c.who == who
    )
    return sa.and_(notices.c.audience.in_(audiences), ~read)
