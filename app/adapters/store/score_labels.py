"""Score labels and samples in the store: both are folds of the ledger, followed by `record`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any, Final

import orjson
import sqlalchemy as sa

from app.adapters.store.database import Database
from app.adapters.store.label_tables import label_samples, score_labels
from app.adapters.store.parts import in_parts
from app.adapters.store.seal import gone
from app.adapters.store.tables import cursors, facts
from app.core.label_draw import KEPT_DAYS, Candidate, Draw, candidate
from app.core.score_labels import CORRECTED, ScoreLabel, label_in

READER: Final = "labels"
SCORED: Final = "scored"
WAITING, LABELLED, SKIPPED = "waiting", "labelled", "skipped"

_STRETCH = 1_000  # facts of one turn; only scores and labels among them are read
_PAGE = 200  # mentions whose trails a reader takes at once

Fact = Mapping[str, Any]

_LABEL: Final = tuple(column.name for column in score_labels.c if not column.primary_key)


class ScoreLabels:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, draw: Draw) -> bool:
        """Take in the next stretch of the ledger; False where there is none. Raises Unavailable.

        Doing it again changes nothing, and from the first fact on it makes both tables anew, but
        for what people skipped.
        """
        after, upto = await self._database.read(_where_we_are)
        if after >= upto:
            return False

        def work(connection: sa.Connection) -> None:
            drawn, labels = _ours(connection, after, upto, draw)
            self._draw(connection, drawn, draw)
            self._label(connection, labels)
            put = self._database.upsert(cursors, "seq")
            connection.execute(put, {"name": READER, "seq": upto})

        await self._database.write(work)
        return True

    async def waiting(self, kind: str, limit: int) -> tuple[int, list[str]]:
        """How many mentions of this kind wait to be labelled, and the newest of them."""
        mine = (label_samples.c.state == WAITING) & (label_samples.c.kind == kind)
        count = sa.select(sa.func.count()).select_from(label_samples).where(mine)
        newest = sa.select(label_samples.c.mention_id).where(mine)
        newest = newest.order_by(label_samples.c.at_ms.desc(), label_samples.c.mention_id)

        def work(connection: sa.Connection) -> tuple[int, list[str]]:
            found = connection.scalars(newest.limit(limit)).all()
            return int(connection.scalar(count) or 0), list(found)

        return await self._database.read(work)

    async def drawn(self, mention_id: str) -> bool:
        """Are people asked about this mention, or were they?"""
        query = sa.select(label_samples.c.state).where(label_samples.c.mention_id == mention_id)
        return await self._database.read(lambda c: c.scalar(query)) is not None

    async def skip(self, mention_id: str, by: str) -> bool:
        """Ask nobody about it any more; False where nobody ever was. A label stays."""
        here = label_samples.c.mention_id == mention_id
        change = sa.update(label_samples).where(here, label_samples.c.state == WAITING)
        await self._database.write(lambda c: c.execute(change.values(state=SKIPPED, by=by)))
        return await self.drawn(mention_id)

    async def all(self) -> AsyncIterator[list[list[ScoreLabel]]]:
        """All labels, those of one mention together, in pages of mentions by their ids."""
        after = ""
        while page := await self._database.read(partial(_page, after=after)):
            yield page
            after = page[-1][0].mention_id

    def _draw(self, connection: sa.Connection, drawn: Sequence[Candidate], draw: Draw) -> None:
        if not drawn:
            return
        rows = [asdict(one) | {"state": WAITING, "by": ""} for one in drawn]
        connection.execute(self._database.insert_new(label_samples), rows)
        for kind, day in sorted({(one.kind, one.day) for one in drawn}):
            _trim(connection, kind, day, draw.most(kind))
        old = label_samples.c.day < max(one.day for one in drawn) - KEPT_DAYS
        connection.execute(sa.delete(label_samples).where(old, label_samples.c.state == WAITING))

    def _label(self, connection: sa.Connection, labels: Iterable[Fact]) -> None:
        put = self._database.upsert(score_labels, *_LABEL)
        for fact in labels:
            mine = (score_labels.c.mention_id == fact["mention_id"]) & (
                score_labels.c.by == fact["actor"]["id"]
            )
            row = connection.execute(sa.select(score_labels).where(mine)).mappings().first()
            label = label_in(fact, ScoreLabel(**row) if row else None)
            connection.execute(put, asdict(label))
            here = label_samples.c.mention_id == label.mention_id
            done = sa.update(label_samples).where(here).values(state=LABELLED, by=label.by)
            connection.execute(done)


def _where_we_are(connection: sa.Connection) -> tuple[int, int]:
    cursor = sa.select(cursors.c.seq).where(cursors.c.name == READER)
    after = int(connection.scalar(cursor) or 0)
    last = int(connection.scalar(sa.select(sa.func.max(facts.c.seq))) or 0)
    return after, min(last, after + _STRETCH)


def _ours(
    connection: sa.Connection, after: int, upto: int, draw: Draw
) -> tuple[list[Candidate], list[Fact]]:
    """Who is in the draw of this stretch of the ledger, and its labels; nobody who was erased.

    What is read of these facts is not sealed, so nothing is opened here.
    """
    query = sa.select(facts.c.body).where(
        facts.c.seq > after, facts.c.seq <= upto, facts.c.op.in_((SCORED, CORRECTED))
    )
    found = [orjson.loads(body) for body in connection.scalars(query.order_by(facts.c.seq))]
    labels = [fact for fact in found if fact["op"] == CORRECTED]
    scored = [fact for fact in found if fact["op"] == SCORED and fact["data"].get("score")]
    drawn = [
        one
        for fact in scored
        if (one := candidate(fact["mention_id"], fact["data"]["score"], fact["now_ms"], draw))
    ]
    whose = {one.mention_id for one in drawn} | {fact["mention_id"] for fact in labels}
    nobodys = gone(connection, whose)
    return (
        [one for one in drawn if one.mention_id not in nobodys],
        [fact for fact in labels if fact["mention_id"] not in nobodys],
    )


def _trim(connection: sa.Connection, kind: str, day: int, most: int) -> None:
    """Keep as many of a day as its cap says: what people have dealt with, then the best."""
    of_day = (label_samples.c.kind == kind) & (label_samples.c.day == day)
    best = sa.select(label_samples.c.mention_id, label_samples.c.state).where(of_day)
    best = best.order_by(label_samples.c.rank.desc(), label_samples.c.mention_id)
    rows = connection.execute(best).all()
    waiting = [id_ for id_, state in rows if state == WAITING]
    for some in in_parts(waiting[max(0, most - (len(rows) - len(waiting))) :]):
        connection.execute(sa.delete(label_samples).where(label_samples.c.mention_id.in_(some)))


def _page(connection: sa.Connection, after: str) -> list[list[ScoreLabel]]:
    ids = sa.select(score_labels.c.mention_id).where(score_labels.c.mention_id > after).distinct()
    some = connection.scalars(ids.order_by(score_labels.c.mention_id).limit(_PAGE)).all()
    query = sa.select(score_labels).where(score_labels.c.mention_id.in_(some))
    found: dict[str, list[ScoreLabel]] = defaultdict(list)
    for row in connection.execute(query).mappings():
        found[row["mention_id"]].append(ScoreLabel(**row))
    return [found[id_] for id_ in some]
