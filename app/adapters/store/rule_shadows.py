"""Drafts in shadow: asked beside the live rules, without effect; what they would have changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from app.adapters.store import rule_tables as t
from app.adapters.store.database import Database
from app.adapters.store.rule_drafts import Draft
from app.adapters.store.rule_pointer import end_shadow, lock, needed, note
from app.adapters.store.seal import gone
from app.core.errors import Conflict
from app.core.versions import SHADOW_BEGUN, Actor, Change

SAMPLES = 50  # kept of one run: enough to see what a draft would change


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A draft in shadow, with its texts as they were when it began. `ended_ms` 0: it runs."""

    run: int
    draft_id: str
    title: str
    texts: Mapping[str, str]
    digest: str
    begun_ms: int
    begun_by: str
    ended_ms: int = 0
    ended_why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A mention of which the shadow would have made something else; `body` tells both."""

    mention_id: str
    at_ms: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What one worker has counted since it last said so, beside this version."""

    run: int
    number: int
    same: int
    different: int
    samples: Sequence[Sample] = ()


class RuleShadows:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, draft: Draft, by: Actor, now_ms: int) -> Run:
        """Ask this draft from now on, in place of the one before.

        The same texts again go on as they are. Raises Conflict (`nothing_changed`) where the live
        version has these texts.
        """
        return await self._database.write(lambda c: _begin(c, draft, by, now_ms))

    async def end(self, why: str, by: Actor, now_ms: int, run: int = 0) -> None:
        """Nothing runs in shadow from now on; with `run`, only where it is that one."""

        def work(connection: sa.Connection) -> None:
            lock(connection)
            if run in (0, needed(connection).shadow):
                end_shadow(connection, why, by, now_ms)

        await self._database.write(work)

    async def get(self, run: int) -> Run:
        """Raises Conflict (`unknown_run`)."""
        return await self._database.read(lambda c: _get(c, run))

    async def last(self) -> Run | None:
        """The newest run, whether it has ended or not."""
        query = sa.select(sa.func.max(t.shadows.c.run))

        def work(connection: sa.Connection) -> Run | None:
            run = connection.scalar(query)
            return _get(connection, run) if run else None

        return await self._database.read(work)

    async def count(self, tally: Tally) -> None:
        """Add what a worker has counted; of the samples the newest are kept, of nobody erased."""
        await self._database.write(lambda c: _count(self._database, c, tally))

    async def counts(self, run: int) -> list[dict[str, Any]]:
        """Same and different beside each version, the newest version first."""
        query = sa.select(t.shadow_counts).where(t.shadow_counts.c.run == run)
        query = query.order_by(t.shadow_counts.c.number.desc())
        rows = await self._database.read(lambda c: c.execute(query).mappings().all())
        return [{n: row[n] for n in ("number", "same", "different")} for row in rows]

    async def samples(self, run: int) -> list[Sample]:
        """Newest first."""
        query = sa.select(t.shadow_samples).where(t.shadow_samples.c.run == run)
        query = query.order_by(t.shadow_samples.c.at_ms.desc(), t.shadow_samples.c.mention_id)
        rows = await self._database.read(lambda c: c.execute(query).mappings().all())
        return [
            Sample(mention_id=r["mention_id"], at_ms=r["at_ms"], body=orjson.loads(r["body"]))
            for r in rows
        ]


def _begin(connection: sa.Connection, draft: Draft, by: Actor, now_ms: int) -> Run:
    lock(connection)
    live = needed(connection)
    if draft.digest == live.digest:
        raise Conflict("nothing_changed", f"The live version {live.number} has these texts already")
    if live.shadow and (running := _get(connection, live.shadow)).digest == draft.digest:
        return running
    end_shadow(connection, "another draft takes its place", by, now_ms)
    done = Change(
        change=0, kind=SHADOW_BEGUN, at_ms=now_ms, number=live.number, digest=draft.digest,
        by=by, reason=f"draft {draft.title}",
    )  # fmt: skip
    run = note(connection, done).change
    row = {
        "run": run,
        "draft_id": draft.id,
        "title": draft.title,
        "texts": orjson.dumps(dict(draft.texts)),
        "digest": draft.digest,
        "begun_ms": now_ms,
        "begun_by": by.id,
        "ended_ms": 0,
        "ended_why": "",
    }
    connection.execute(sa.insert(t.shadows), row)
    connection.execute(sa.update(t.live).values(shadow=run))
    return _get(connection, run)


def _get(connection: sa.Connection, run: int) -> Run:
    query = sa.select(t.shadows).where(t.shadows.c.run == run)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise Conflict("unknown_run", "No draft has run under this number")
    fields = {name: row[name] for name in Run.__dataclass_fields__}
    return Run(**fields | {"texts": orjson.loads(row["texts"])})


def _count(database: Database, connection: sa.Connection, tally: Tally) -> None:
    counts = t.shadow_counts
    key = {"run": tally.run, "number": tally.number}
    mine = sa.and_(*(counts.c[name] == value for name, value in key.items()))
    connection.execute(database.insert_new(counts), key | {"same": 0, "different": 0})
    grown = {"same": counts.c.same + tally.same, "different": counts.c.different + tally.different}
    connection.execute(sa.update(counts).where(mine).values(grown))
    erased = gone(connection, (one.mention_id for one in tally.samples))
    rows = [
        {"run": tally.run, "mention_id": s.mention_id, "at_ms": s.at_ms,
         "body": orjson.dumps(dict(s.body))}
        for s in tally.samples if s.mention_id not in erased
    ]  # fmt: skip
    if not rows:
        return
    connection.execute(database.upsert(t.shadow_samples, "at_ms", "body"), rows)
    samples = t.shadow_samples
    newest = sa.select(samples.c.mention_id).where(samples.c.run == tally.run)
    newest = newest.order_by(samples.c.at_ms.desc(), samples.c.mention_id).limit(SAMPLES)
    kept = set(connection.scalars(newest))
    old = sa.and_(samples.c.run == tally.run, samples.c.mention_id.not_in(kept))
    connection.execute(sa.delete(samples).where(old))
