"""Recorded traffic: the trails of mentions that were decided in a window, some at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any, Final

import orjson
import sqlalchemy as sa

from app.adapters.store.database import Database
from app.adapters.store.seal import open_facts
from app.adapters.store.tables import facts
from app.core.backtest_report import Window

Trail = list[bytes]  # the facts of one mention as JSON, in order

_PAGE: Final = 250  # mentions; some thousand facts, a few MB

# What is decided again needs the first two, or an edit; how people fared needs the others.
BACKTEST_OPS: Final = (
    "received", "decided", "edited", "accepted", "replied", "completed", "transferred", "parked",
    "rescinded", "timed_out", "rejected", "breached",
)  # fmt: skip


class Traffic:
    """Reads only. Pages are read one by one, so that others get at the store in between.

    `ops` are those of the facts that a trail should have.
    """

    def __init__(self, database: Database, ops: Sequence[str] = BACKTEST_OPS) -> None:
        self._database = database
        self._ops = ops

    async def count(self, window: Window) -> int:
        """How many mentions were decided in the window. Raises Unavailable."""
        query = sa.select(sa.func.count()).select_from(facts).where(*_within(window))
        return await self._database.read(lambda c: int(c.execute(query).scalar() or 0))

    async def trails(self, window: Window) -> AsyncIterator[list[Trail]]:
        """Their trails, page by page, in the order of their decisions. Raises Unavailable."""
        after = 0
        while True:
            page = (
                sa.select(facts.c.seq, facts.c.mention_id)
                .where(facts.c.seq > after, *_within(window))
                .order_by(facts.c.seq)
                .limit(_PAGE)
            )
            rows = await self._database.read(partial(_rows, query=page))
            if not rows:
                return
            after = rows[-1].seq
            yield await self._trails([row.mention_id for row in rows])

    async def _trails(self, mention_ids: Sequence[str]) -> list[Trail]:
        query = (
            sa.select(facts.c.body)
            .where(facts.c.mention_id.in_(mention_ids), facts.c.op.in_(self._ops))
            .order_by(facts.c.seq)
        )
        found: dict[str, Trail] = defaultdict(list)
        for fact in await self._database.read(lambda c: open_facts(c, c.scalars(query))):
            found[fact["mention_id"]].append(orjson.dumps(fact))
        return [found[mention_id] for mention_id in mention_ids]


def _within(window: Window) -> Sequence[sa.ColumnElement[bool]]:
    bounds: list[sa.ColumnElement[bool]] = [facts.c.op == "decided"]
    if window.since_ms:
        bounds.append(facts.c.now_ms >= window.since_ms)
    if window.until_ms:
        bounds.append(facts.c.now_ms < window.until_ms)
    return bounds


def _rows(connection: sa.Connection, query: sa.Select[Any]) -> Sequence[Any]:
    return connection.execute(query).all()
