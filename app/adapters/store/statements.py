"""What sources say of customers: taken in, folded, followed. See `app.core.taking`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import orjson
import sqlalchemy as sa

from app.adapters.profile_blob import packed
from app.adapters.store import known_tables as t
from app.adapters.store.database import Database
from app.adapters.store.tables import handles, profiles
from app.core.known import DEFAULT_ORDER, Order, Statement, Value, facts_of, fold
from app.core.profile import Profile
from app.core.profile_fields import Row
from app.core.taking import Before, Claim, Taken, candidates, take

T = TypeVar("T")

_MOST_OF_ONE_HOME = 50
_CHUNK = 500  # values in one IN: older SQLites take no more than 999


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A profile as it is since this change, with the handles that lead to it."""

    number: int
    customer_id: str
    body: bytes
    handle_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """What comes of rows, as of a change of the store."""

    change: int
    taken: Taken


class Statements:
    def __init__(self, database: Database, order: Order = DEFAULT_ORDER) -> None:
        self._database = database
        self._order = order

    async def take(self, rows: Sequence[Row]) -> Taken:
        """Keep what these rows say, in one transaction. Raises Unavailable, changing nothing."""
        return await self._database.write(lambda c: self.keep(c, rows, None))

    def judge(self, connection: sa.Connection, rows: Sequence[Row]) -> Judged:
        """What would come of these rows; writes nothing, so nobody waits for it."""
        change = int(connection.scalar(sa.select(t.board.c.change)) or 0)
        return Judged(change, take(rows, before(connection, rows), self._order))

    def keep(
        self, connection: sa.Connection, rows: Sequence[Row], judged: Judged | None, run: str = ""
    ) -> Taken:
        """Keep what these rows say, as a part of a larger transaction, of the import `run`.

        What was judged before stands if nobody has changed a profile since.
        """
        change = _next_change(connection)
        if judged is None or judged.change != change - 1:
            judged = Judged(change - 1, take(rows, before(connection, rows), self._order))
        self._write(connection, judged.taken, change, run)
        return judged.taken

    def _write(self, connection: sa.Connection, taken: Taken, change: int, run: str) -> None:
        database = self._database
        if taken.added:
            new = [_row(said) | {"run": run} for said in taken.added]
            connection.execute(database.insert_new(t.statements), new)
        if taken.seen:
            same = (
                t.statements.c.customer_id == sa.bindparam("id"),
                t.statements.c.source == sa.bindparam("by"),
                t.statements.c.at_ms == sa.bindparam("at"),
            )
            again = sa.update(t.statements).where(*same).values(seen_ms=sa.bindparam("seen"))
            connection.execute(
                again,
                [
                    {"id": s.customer_id, "by": s.source, "at": s.at_ms, "seen": s.seen_ms}
                    for s in taken.seen
                ],
            )
        self._write_profiles(connection, taken.profiles, change)
        if taken.holders:
            held = [
                {"handle_key": key, "customer_id": claim.customer_id, "since_ms": claim.since_ms}
                for key, claim in taken.holders.items()
            ]
            connection.execute(database.upsert(handles, "customer_id", "since_ms"), held)
        if taken.contested:
            self._contest(connection, taken)

    def _write_profiles(
        self, connection: sa.Connection, found: Mapping[str, Profile], change: int
    ) -> None:
        rows = [
            {
                "customer_id": id_,
                "body": packed(profile),
                "change": change,
                "household": profile.household,
            }
            for id_, profile in found.items()
        ]
        if rows:
            statement = self._database.upsert(profiles, "body", "change", "household")
            connection.execute(statement, rows)

    async def refold(self, limit: int = _CHUNK) -> int:
        """Where profiles were folded by another order, fold them all again; returns how many.

        Ended half-way it begins again. Raises Unavailable.
        """
        folded_by = sa.select(t.board.c.folded_by)
        if await self._database.read(lambda c: c.scalar(folded_by)) in (None, self._order.digest):
            return 0
        count, after = 0, ""
        while page := await self._database.write(partial(self._refold, after=after, limit=limit)):
            count, after = count + len(page), page[-1]
        done = sa.update(t.board).values(folded_by=self._order.digest)
        await self._database.write(lambda c: c.execute(done))
        return count

    def _refold(self, connection: sa.Connection, after: str, limit: int) -> list[str]:
        change = _next_change(connection)
        query = sa.select(profiles.c.customer_id).where(profiles.c.customer_id > after)
        ids = list(connection.scalars(query.order_by(profiles.c.customer_id).limit(limit)))
        found = {
            id_: fold([fact for one in said for fact in facts_of(one)], self._order, id_)
            for id_, said in said_of(connection, ids).items()
        }
        self._write_profiles(connection, found, change)
        return ids

    def _contest(self, connection: sa.Connection, taken: Taken) -> None:
        rows = [
            {"handle_key": key, "customer_id": id_, "since_ms": claim.since_ms}
            for (key, id_), claim in taken.contested.items()
        ]
        connection.execute(self._database.upsert(t.contested, "since_ms"), rows)
        # Whoever holds it now contests it no longer.
        mine = sa.and_(
            t.contested.c.handle_key == sa.bindparam("key"),
            t.contested.c.customer_id == sa.bindparam("id"),
        )
        for key in {key for key, _ in taken.contested}:
            if claim := taken.holders.get(key):
                connection.execute(
                    sa.delete(t.contested).where(mine), {"key": key, "id": claim.customer_id}
                )

    async def of_customer(self, customer_id: str) -> list[Statement]:
        """All that is said of one customer, the oldest first."""
        found = await self._database.read(lambda c: said_of(c, [customer_id]))
        return found.get(customer_id, [])

    async def contested(self, customer_id: str) -> dict[str, list[str]]:
        """The handles of this customer that somebody else claims, too, with who that is."""
        return await self._database.read(lambda c: _contested_of(c, customer_id))

    async def household(self, name: str) -> list[str]:
        """The customers of a household, some of them where there are very many."""
        query = sa.select(profiles.c.customer_id).where(profiles.c.household == name)
        query = query.order_by(profiles.c.customer_id).limit(_MOST_OF_ONE_HOME)
        return list(await self._database.read(lambda c: c.scalars(query).all())) if name else []

    async def last_change(self) -> int:
        """The number of the newest change; 0 before any."""
        query = sa.select(t.board.c.change)
        return int(await self._database.read(lambda c: c.scalar(query)) or 0)

    async def changed(self, after: tuple[int, str], limit: int) -> list[Change]:
        """The next profiles after that change and customer, in order."""
        return await self._database.read(lambda c: _changed(c, after, limit))


def before(connection: sa.Connection, rows: Sequence[Row]) -> Before:
    """What `take` must know of these rows' customers and handles."""
    keys = {key for row in rows for key in row.handles}
    held: dict[str, Claim] = {}
    for chunk in chunks(keys):
        query = sa.select(handles).where(handles.c.handle_key.in_(chunk))
        for key, id_, since_ms in connection.execute(query):
            held[key] = Claim(customer_id=id_, since_ms=since_ms)
    several: dict[str, set[str]] = {}
    for chunk in chunks(keys):
        query = sa.select(t.contested).where(t.contested.c.handle_key.in_(chunk))
        for key, id_, _ in connection.execute(query):
            several.setdefault(key, set()).add(id_)
    said = said_of(connection, candidates(rows, held, several))
    contested = {key: frozenset(ids) for key, ids in several.items()}
    return Before(statements=said, holders=held, contested=contested)


def chunks(values: Collection[T]) -> Iterator[list[T]]:
    """Few enough for one statement."""
    every = list(values)
    for start in range(0, len(every), _CHUNK):
        yield every[start : start + _CHUNK]


def _next_change(connection: sa.Connection) -> int:
    """Taken first: whoever writes profiles waits here for whoever else does."""
    moved = connection.execute(sa.update(t.board).values(change=t.board.c.change + 1))
    if not moved.rowcount:
        connection.execute(sa.insert(t.board), {"one": 1, "change": 1})
    return int(connection.execute(sa.select(t.board.c.change)).scalar_one())


def said_of(connection: sa.Connection, ids: Collection[str]) -> dict[str, list[Statement]]:
    """All that is said of each of these customers, the oldest first."""
    found: dict[str, list[Statement]] = {}
    for chunk in chunks(ids):
        query = sa.select(t.statements).where(t.statements.c.customer_id.in_(chunk))
        for row in connection.execute(query.order_by(t.statements.c.at_ms)):
            found.setdefault(row.customer_id, []).append(_statement(row))
    return found


def _contested_of(connection: sa.Connection, customer_id: str) -> dict[str, list[str]]:
    claims, held = t.contested, handles
    keys = sa.union(
        sa.select(claims.c.handle_key).where(claims.c.customer_id == customer_id),
        sa.select(held.c.handle_key)
        .join(claims, claims.c.handle_key == held.c.handle_key)
        .where(held.c.customer_id == customer_id),
    ).subquery()
    found: dict[str, list[str]] = {}
    for table in (held, claims):
        query = sa.select(table.c.handle_key, table.c.customer_id).where(
            table.c.handle_key.in_(sa.select(keys.c.handle_key)),
            table.c.customer_id != customer_id,
        )
        for key, other in connection.execute(query.order_by(table.c.customer_id)):
            found.setdefault(key, []).append(other)
    return found


def _changed(connection: sa.Connection, after: tuple[int, str], limit: int) -> list[Change]:
    later = sa.tuple_(profiles.c.change, profiles.c.customer_id) > sa.tuple_(*after)
    query = (
        sa.select(profiles)
        .where(later)
        .order_by(profiles.c.change, profiles.c.customer_id)
        .limit(limit)
    )
    rows = connection.execute(query).all()
    keys: dict[str, list[str]] = {}
    for chunk in chunks([row.customer_id for row in rows]):
        held = sa.select(handles).where(handles.c.customer_id.in_(chunk))
        for key, id_, _ in connection.execute(held):
            keys.setdefault(id_, []).append(key)
    return [
        Change(
            number=row.change,
            customer_id=row.customer_id,
            body=row.body,
            handle_keys=tuple(keys.get(row.customer_id, ())),
        )
        for row in rows
    ]


def _row(said: Statement) -> dict[str, Any]:
    return {
        "customer_id": said.customer_id,
        "source": said.source,
        "at_ms": said.at_ms,
        "seen_ms": said.seen_ms,
        "confidence": said.confidence,
        "says": orjson.dumps(said.says),
    }


def _statement(row: Any) -> Statement:
    says: dict[str, Value] = {
        field: tuple(value) if isinstance(value, list) else value
        for field, value in orjson.loads(row.says).items()
    }
    return Statement(
        customer_id=row.customer_id,
        source=row.source,
        at_ms=row.at_ms,
        seen_ms=row.seen_ms,
        says=says,
        confidence=row.confidence,
    )
