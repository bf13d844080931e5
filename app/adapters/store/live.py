"""What is live: the tasks that a rebuild puts back, and the epoch whose facts the ledger takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any

import orjson
import sqlalchemy as sa

from app.adapters.store.database import Database
from app.adapters.store.seal import open_facts
from app.adapters.store.tables import current_epoch, facts, live_tasks, rep_facts
from app.core.errors import Overtaken

FINAL = ("completed", "cancelled")
# So long the result of a command on a closed task is put back for who repeats the command.
REPEATS_MS = 3_600_000
# Facts among which a delivery is looked for that the broker may send again: more than a worker
# leaves uncommitted, whatever it is killed in.
_REPEATED = 50_000
_PAGE = 250  # tasks whose facts are read at once: some thousand facts, a few MB


class Live:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def epoch(self) -> str:
        """The epoch whose facts the ledger takes; empty before the first."""
        return await self._database.read(lambda c: str(c.execute(_CURRENT).scalar() or ""))

    async def begin_epoch(self, name: str, now_ms: int, after: str) -> None:
        """From here on facts that a relay read under another epoch are refused.

        Raises Overtaken unless the ledger still takes those of `after`: a rebuild that stood still
        until its lease had ended must not close the ledger to the one that went on without it.
        """
        statement = self._database.upsert(current_epoch, "epoch", "begun_ms")
        row = {"one": 1, "epoch": name, "begun_ms": now_ms}

        def work(connection: sa.Connection) -> None:
            current = connection.execute(_CURRENT.with_for_update()).scalar() or ""
            if current != after:
                raise Overtaken(f"the ledger went on to epoch {current} meanwhile")
            connection.execute(statement, row)

        await self._database.write(work)

    async def tasks(self) -> AsyncIterator[list[list[dict[str, Any]]]]:
        """All facts of each live task, in order, some tasks at a time."""
        after = ""
        while True:
            page = (
                sa.select(live_tasks.c.task_id, live_tasks.c.mention_id)
                .where(live_tasks.c.task_id > after)
                .order_by(live_tasks.c.task_id)
                .limit(_PAGE)
            )
            if not (rows := await self._database.read(partial(_rows, query=page))):
                return
            after = rows[-1].task_id
            yield await self._facts_of([row.mention_id for row in rows])

    async def _facts_of(self, mention_ids: Sequence[str]) -> list[list[dict[str, Any]]]:
        query = (
            sa.select(facts.c.body).where(facts.c.mention_id.in_(mention_ids)).order_by(facts.c.seq)
        )

        def work(connection: sa.Connection) -> list[list[dict[str, Any]]]:
            found: dict[str, list[dict[str, Any]]] = defaultdict(list)
            for fact in open_facts(connection, connection.scalars(query)):
                found[fact["mention_id"]].append(fact)
            return list(found.values())

        return await self._database.read(work)

    async def reps(self) -> list[dict[str, Any]]:
        """The newest fact of each rep."""
        query = sa.select(facts.c.body).join(rep_facts, rep_facts.c.fact_id == facts.c.fact_id)
        rows = await self._database.read(lambda c: c.execute(query.order_by(facts.c.seq)).all())
        return [orjson.loads(body) for (body,) in rows]

    async def repeats(self) -> list[str]:
        """The newest deliveries of mentions that were known already: they may yet come again."""
        newest = sa.select(sa.func.max(facts.c.seq)).scalar_subquery()
        query = sa.select(facts.c.op_id).where(
            facts.c.seq > newest - _REPEATED, facts.c.op.in_(("duplicate", "edited"))
        )
        return await self._database.read(lambda c: list(c.execute(query).scalars()))


def _rows(connection: sa.Connection, query: sa.Select[Any]) -> Sequence[Any]:
    return connection.execute(query).all()


_CURRENT = sa.select(current_epoch.c.epoch)


def fence(connection: sa.Connection, epoch: str) -> None:
    """Raise Overtaken where the ledger has gone on to another epoch than this one.

    The row stays locked until the facts are in, so that no epoch begins between the two.
    """
    current = connection.execute(_CURRENT.with_for_update(read=True)).scalar() or ""
    if current and current != epoch:
        raise Overtaken(f"the ledger takes facts of epoch {current}, these are of {epoch!r}")


def follow(
    database: Database, connection: sa.Connection, entries: Sequence[dict[str, Any]]
) -> None:
    """Note which tasks these facts begin and end, and which fact of a rep is the newest."""
    begun = [
        {"task_id": f["task_id"], "mention_id": f["mention_id"], "closed_ms": 0}
        for f in entries
        if f["op"] == "queued" and f.get("from") == ""
    ]
    if begun:
        connection.execute(database.insert_new(live_tasks), begun)
    ended = [
        {"ended_task": f.get("task_id"), "at_ms": f["now_ms"]} for f in entries if f["op"] in FINAL
    ]
    if ended:
        connection.execute(_END, ended)
        oldest_ms = max(row["at_ms"] for row in ended) - REPEATS_MS
        connection.execute(_FORGET, {"oldest_ms": oldest_ms})
    reps = {f["rep"]: f["fact_id"] for f in entries if f["op"] == "configured" and f.get("rep")}
    if reps:
        rows = [{"rep": rep, "fact_id": fact_id} for rep, fact_id in reps.items()]
        connection.execute(database.upsert(rep_facts, "fact_id"), rows)


_END = (
    sa.update(live_tasks)
    .where(live_tasks.c.task_id == sa.bindparam("ended_task"))
    .values(closed_ms=sa.bindparam("at_ms"))
)
_FORGET = sa.delete(live_tasks).where(
    live_tasks.c.closed_ms > 0, live_tasks.c.closed_ms < sa.bindparam("oldest_ms")
)
