"""Customers whose profiles are new or have changed since they were compared."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

import orjson
import sqlalchemy as sa

from app.adapters.store.database import Database
from app.adapters.store.identity_nodes import Entry
from app.adapters.store.statements import Change, Statements, said_of
from app.adapters.store.tables import cursors
from app.core.known import DEFAULT_ORDER, Order, Value, facts_of, side_by_side
from app.core.particulars import Particulars, node_of_customer

_STRETCH = 200  # of one turn: each is compared, which costs milliseconds of the store

# What sources say of somebody, field by field, and the handles that lead to them.
Reading = Callable[[Mapping[str, Value], Sequence[str]], Particulars]
Position = tuple[int, str]


class Customers:
    """Follows the changes of profiles; the place stands in the store. `read` is what of them is
    compared."""

    def __init__(self, database: Database, read: Reading, order: Order = DEFAULT_ORDER) -> None:
        self._database = database
        self._statements = Statements(database, order)
        self._read = read
        self._order = order

    async def next(self, after: Position) -> tuple[list[Entry], Position, int]:
        """The next ones after this change and customer, where they end, and the last change of
        which there is nobody left. With nobody the end is `after`."""
        changes = await self._statements.changed(after, _STRETCH)
        if not changes:
            return [], after, after[0]
        entries = await self._database.read(lambda c: self._entries(c, changes))
        last = changes[-1]
        whole = last.number if len(changes) < _STRETCH else last.number - 1
        return entries, (last.number, last.customer_id), whole

    async def position(self, name: str) -> Position:
        """Behind the last change of which everybody was compared."""
        query = sa.select(cursors.c.seq).where(cursors.c.name == name)
        done = await self._database.read(lambda c: c.scalar(query))
        return (-1 if done is None else int(done) + 1, "")

    def _entries(self, connection: sa.Connection, changes: Sequence[Change]) -> list[Entry]:
        said = said_of(connection, [change.customer_id for change in changes])
        found = []
        for change in changes:
            facts = [f for one in said.get(change.customer_id, ()) for f in facts_of(one)]
            shown = {
                field: group[0].value for field, group in side_by_side(facts, self._order).items()
            }
            keys = sorted(change.handle_keys)
            known = self._read(shown, keys)
            source = hashlib.sha256(orjson.dumps([known])).hexdigest()
            node = node_of_customer(change.customer_id)
            found.append(Entry(node=node, known=known, source=source))
        return found
