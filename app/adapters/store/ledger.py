"""The ledger: facts appended once each, read in order, never changed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import orjson
import sqlalchemy as sa

from app.adapters.store import live
from app.adapters.store.chain import FIRST, link
from app.adapters.store.database import Database
from app.adapters.store.seal import open_facts, seal
from app.adapters.store.tables import cursors, facts
from app.core.profile import handle_key
from app.ports import Seen

_BATCH = 500  # rows of one transaction; databases bound the parameters of a statement

_LAST = sa.select(sa.func.max(facts.c.seq))


class Ledger:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, entries: Sequence[dict[str, Any]], epoch: str | None = None) -> int:
        """Append facts in order, each chained to the last; one that is there is left alone.

        `epoch` is the life of Redis from which they were read: once the ledger has gone on to
        another, they came too late, and Overtaken is raised. Returns the last seq.
        """
        last = 0
        for at in range(0, max(len(entries), 1), _BATCH):

            def work(connection: sa.Connection, at: int = at) -> int:
                if epoch is not None:
                    live.fence(connection, epoch)
                _append(self._database, connection, entries[at : at + _BATCH])
                live.follow(self._database, connection, entries[at : at + _BATCH])
                return int(connection.scalar(_LAST) or 0)

            last = await self._database.write(work)
        return last

    async def ids_since(self, seq: int, limit: int) -> list[str]:
        """The ids of the facts after this sequence number, in order."""
        query = sa.select(facts.c.fact_id).where(facts.c.seq > seq)
        query = query.order_by(facts.c.seq).limit(limit)
        return list(await self._database.read(lambda c: c.execute(query).scalars().all()))

    async def since(self, seq: int, limit: int = 500) -> list[dict[str, Any]]:
        """Facts after this sequence number, in order, each with its `seq` and `chain`."""
        query = _FACTS.where(facts.c.seq > seq)
        return await self._read(query.order_by(facts.c.seq).limit(limit))

    async def sealed_since(self, seq: int, limit: int = 500) -> list[dict[str, Any]]:
        """`since`, with `sealed` beside what was opened: the chain is checked with it."""
        query = _FACTS.where(facts.c.seq > seq)
        return await self._read(query.order_by(facts.c.seq).limit(limit), whole=True)

    async def queued_since(self, seq: int, limit: int) -> list[dict[str, Any]]:
        """The facts with which tasks began to wait, new or from a park, after this number."""
        query = _FACTS.where(facts.c.seq > seq, facts.c.op == "queued")
        return await self._read(query.order_by(facts.c.seq).limit(limit))

    async def of_mention(self, mention_id: str) -> list[dict[str, Any]]:
        """The whole trail of one mention, in order."""
        query = _FACTS.where(facts.c.mention_id == mention_id)
        return await self._read(query.order_by(facts.c.seq))

    async def of_mentions(self, mention_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """The trails of some mentions, a few hundred at most; each in order."""
        query = _FACTS.where(facts.c.mention_id.in_(mention_ids)).order_by(facts.c.seq)
        found: dict[str, list[dict[str, Any]]] = {id_: [] for id_ in mention_ids}
        for fact in await self._read(query):
            found[fact["mention_id"]].append(fact)
        return found

    async def last_seq(self) -> int:
        return await self._database.read(lambda c: int(c.execute(_LAST).scalar() or 0))

    async def seen(self, mention_ids: Sequence[str]) -> dict[str, Seen]:
        """The first delivery and newest wording of those of these mentions that are known."""
        query = _FACTS.where(
            facts.c.mention_id.in_(mention_ids),
            facts.c.op.in_(("received", "edited")),
        ).order_by(facts.c.seq)
        found: dict[str, Seen] = {}
        for fact in await self._read(query):
            first = found.get(fact["mention_id"])
            found[fact["mention_id"]] = Seen(
                src=first.src if first else fact["op_id"],
                content_hash=fact["data"]["content_hash"],
                last_src=fact["op_id"],
                handle_key=first.handle_key if first else _handle_key(fact["data"]["mention"]),
            )
        return found

    async def cursor(self, name: str) -> int:
        """How far the named reader has come."""
        query = sa.select(cursors.c.seq).where(cursors.c.name == name)
        return await self._database.read(lambda c: int(c.execute(query).scalar() or 0))

    async def unread(self, name: str) -> AsyncIterator[list[dict[str, Any]]]:
        """Pages of facts from where the named reader stopped.

        Whoever takes a page moves the position with it; the next page is read from there.
        """
        while page := await self.since(await self.cursor(name)):
            yield page

    async def _read(self, query: sa.Select[Any], whole: bool = False) -> list[dict[str, Any]]:
        def work(connection: sa.Connection) -> list[dict[str, Any]]:
            rows = connection.execute(query).all()
            opened = open_facts(connection, (row.body for row in rows), whole)
            return [
                {"seq": row.seq, **fact, "chain": row.chain}
                for row, fact in zip(rows, opened, strict=True)
            ]

        return await self._database.read(work)


_FACTS = sa.select(facts.c.seq, facts.c.body, facts.c.chain)


def lock_facts(connection: sa.Connection) -> None:
    """Nobody else writes facts until this transaction has ended; SQLite has one writer anyhow."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("LOCK TABLE facts IN SHARE ROW EXCLUSIVE MODE"))


def _append(
    database: Database, connection: sa.Connection, entries: Sequence[dict[str, Any]]
) -> None:
    lock_facts(connection)  # two writers at once must not both chain to the same fact
    fresh = _fresh(connection, entries)
    last = sa.select(facts.c.chain).order_by(facts.c.seq.desc()).limit(1)
    chain = connection.scalar(last) or FIRST
    rows = []
    for fact in seal(database, connection, fresh):
        body = orjson.dumps(fact)
        # What a reader will see is summed up, not what was given: JSON knows fewer types.
        chain = link(chain, orjson.loads(body))
        named = {name: fact[name] for name in ("fact_id", "op", "op_id", "now_ms")}
        named |= {"mention_id": fact.get("mention_id", ""), "body": body, "chain": chain}
        rows.append(named)
    if rows:
        connection.execute(sa.insert(facts), rows)


def _fresh(connection: sa.Connection, entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that the ledger does not have yet, each once, where it stands first."""
    ids = [fact["fact_id"] for fact in entries]
    known = set(connection.scalars(sa.select(facts.c.fact_id).where(facts.c.fact_id.in_(ids))))
    fresh: dict[str, dict[str, Any]] = {}
    for fact in entries:
        if fact["fact_id"] not in known:
            fresh.setdefault(fact["fact_id"], fact)
    return list(fresh.values())


def _handle_key(said: Mapping[str, Any]) -> str:
    return handle_key(said["channel"], said["author"]["handle"])
