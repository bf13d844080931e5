"""Customers whose records are new or have changed, found by going round through all of them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable

import msgspec
import sqlalchemy as sa

from app.adapters.store import identity_tables as t
from app.adapters.store.database import Database
from app.adapters.store.identity_nodes import Entry
from app.adapters.store.tables import handles, profiles
from app.core.particulars import Particulars, node_of_customer
from app.core.profile import Profile

_STRETCH = 500  # records of one turn: a few milliseconds of the store

Reading = Callable[[Profile, Iterable[str]], Particulars]


class Customers:
    """Goes round; whoever imports a record need not tell. `read` makes particulars of one."""

    def __init__(self, database: Database, read: Reading) -> None:
        self._database = database
        self._read = read
        self._after = ""

    async def next(self) -> tuple[list[Entry], bool]:
        """The changed ones of the next stretch, and whether the round goes on after it."""
        entries, last = await self._database.read(self._look)
        self._after = last
        return entries, bool(last)

    def _look(self, connection: sa.Connection) -> tuple[list[Entry], str]:
        query = sa.select(profiles).where(profiles.c.customer_id > self._after)
        rows = connection.execute(query.order_by(profiles.c.customer_id).limit(_STRETCH)).all()
        keys = _handles(connection, [row.customer_id for row in rows])
        nodes = {row.customer_id: node_of_customer(row.customer_id) for row in rows}
        sources = sa.select(t.nodes.c.node, t.nodes.c.source)
        known = dict(
            connection.execute(sources.where(t.nodes.c.node.in_(nodes.values()))).tuples().all()
        )
        found = []
        for row in rows:
            node, own = nodes[row.customer_id], sorted(keys[row.customer_id])
            source = hashlib.sha256(b"\0".join([row.body, *map(str.encode, own)])).hexdigest()
            if known.get(node) != source:
                profile = msgspec.json.decode(row.body, type=Profile)
                found.append(Entry(node=node, known=self._read(profile, own), source=source))
        return found, rows[-1].customer_id if len(rows) == _STRETCH else ""


def _handles(connection: sa.Connection, ids: list[str]) -> dict[str, list[str]]:
    query = sa.select(handles.c.customer_id, handles.c.handle_key)
    found: dict[str, list[str]] = defaultdict(list)
    for customer_id, key in connection.execute(query.where(handles.c.customer_id.in_(ids))):
        found[customer_id].append(key)
    return found
