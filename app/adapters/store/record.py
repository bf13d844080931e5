"""The contact history: what `record` folds the facts into, and what screens read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import sqlalchemy as sa

from app.adapters.store import full_text
from app.adapters.store.database import Database
from app.adapters.store.tables import cursors, history, mentions
from app.core import history as core
from app.core.history import Folded, Matter
from app.core.history_lines import FEEDBACK, REPLIED

MADE: Final = "history_made"  # among the cursors: how often the history was made anew

_MATTER: Final = tuple(column.name for column in mentions.c if not column.primary_key)


class Record:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def known(self, facts: Sequence[Mapping[str, Any]]) -> Folded:
        """What must be known to fold these facts: the matters and responses they speak of."""
        return await self._database.read(lambda connection: known(connection, facts))

    async def write(self, reader: str, seq: int, folded: Folded, after: int | None = None) -> bool:
        """Write what a stretch of the ledger says and how far that was, in one transaction.

        False, with nothing written, where the reader is not where the stretch began, `after`:
        somebody has made the history anew meanwhile, and what was known is known no more.
        """

        def work(connection: sa.Connection) -> bool:
            if after not in (None, cursor(connection, reader, locked=True)):
                return False
            put(self._database, connection, folded)
            statement = self._database.upsert(cursors, "seq")
            connection.execute(statement, {"name": reader, "seq": seq})
            return True

        return await self._database.write(work)

    async def standing(self, mention_id: str) -> dict[str, Any] | None:
        """Where a mention stands and how it ended: the fields of a Matter."""
        query = sa.select(mentions).where(mentions.c.mention_id == mention_id)
        row = await self._database.read(lambda c: c.execute(query).mappings().first())
        return dict(row) if row else None

    async def owners(self, since_ms: int) -> dict[str, tuple[str, int]]:
        """Who answered each handle last since then, and when."""
        newest = (
            sa.select(history.c.handle_key, sa.func.max(history.c.at_ms).label("at_ms"))
            .where(history.c.kind == "replied", history.c.at_ms >= since_ms)
            .group_by(history.c.handle_key)
            .subquery()
        )
        query = (
            sa.select(history.c.handle_key, history.c.by, history.c.at_ms)
            .join(
                newest,
                sa.and_(
                    newest.c.handle_key == history.c.handle_key, newest.c.at_ms == history.c.at_ms
                ),
            )
            .where(history.c.kind == "replied")
        )
        rows = await self._database.read(lambda c: c.execute(query).all())
        return {key: (by, at_ms) for key, by, at_ms in rows}


def cursor(connection: sa.Connection, reader: str, locked: bool = False) -> int:
    """How far the reader is; locked, nobody else moves it before this transaction has ended."""
    query = sa.select(cursors.c.seq).where(cursors.c.name == reader)
    return int(connection.scalar(query.with_for_update() if locked else query) or 0)


def put(
    database: Database, connection: sa.Connection, folded: Folded, searched: bool = True
) -> None:
    """Write what was folded into the tables of the history."""
    entries = list(folded.entries.values())
    if entries:
        connection.execute(database.insert_new(history), [asdict(entry) for entry in entries])
        if searched:
            full_text.put(connection, ((entry.seq, entry.text) for entry in entries))
    if folded.becomes:
        connection.execute(_BECOMES, [_change(one) for one in folded.becomes])
    if matters := folded.written():
        statement = database.upsert(mentions, *_MATTER)
        connection.execute(statement, [asdict(matter) for matter in matters])


_BECOMES: Final = (
    sa.update(history)
    .where(history.c.fact_id == sa.bindparam("line"), history.c.seq < sa.bindparam("before"))
    .values(kind=FEEDBACK, about=sa.bindparam("to"), upshot=sa.bindparam("word"))
)


def _change(one: core.Becomes) -> dict[str, Any]:
    return {"line": one.fact_id, "before": one.before, "to": one.about, "word": one.upshot}


def known(connection: sa.Connection, facts: Sequence[Mapping[str, Any]]) -> Folded:
    """What must be known to fold these facts."""
    matters = _matters(connection, core.mentions_of(facts))
    replies = {
        key: reply
        for key in sorted(core.replies_of(facts, matters))
        if (reply := _reply(connection, key))
    }
    answered = {mention_id for _, mention_id in replies.values()} - matters.keys()
    return Folded(matters=matters | _matters(connection, answered), replies=replies)


def _matters(connection: sa.Connection, ids: set[str]) -> dict[str, Matter]:
    if not ids:
        return {}
    query = sa.select(mentions).where(mentions.c.mention_id.in_(sorted(ids)))
    return {row["mention_id"]: Matter(**row) for row in connection.execute(query).mappings()}


def _reply(connection: sa.Connection, key: core.ReplyKey) -> core.Reply | None:
    """The first response to this handle at this moment."""
    handle_key, at_ms = key
    row = connection.execute(
        sa.select(history.c.fact_id, history.c.mention_id)
        .where(
            history.c.handle_key == handle_key,
            history.c.at_ms == at_ms,
            history.c.kind == REPLIED,
        )
        .order_by(history.c.seq)
        .limit(1)
    ).first()
    return (row.fact_id, row.mention_id) if row else None
