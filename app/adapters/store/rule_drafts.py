"""Drafts of rules: texts that somebody works on, each edit refused where it came too late."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson
import sqlalchemy as sa

from app.adapters.store import rule_tables as t
from app.adapters.store.database import Database
from app.core.errors import Conflict
from app.core.versions import digest_of

_HEADS = [column for column in t.drafts.c if column.name != "texts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """`edit` counts its changes; `based_on` is the version that it was made from."""

    id: str
    title: str
    texts: Mapping[str, str]
    based_on: int
    made_by: str
    changed_by: str
    changed_ms: int
    edit: int = 1

    @property
    def digest(self) -> str:
        return digest_of(self.texts)


class RuleDrafts:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, draft: Draft) -> Draft:
        """Keep a new draft; where its id is known, the one that is there stays. Returns it."""
        insert = self._database.insert_new(t.drafts)

        def work(connection: sa.Connection) -> Draft:
            connection.execute(insert, _row(draft))
            return _get(connection, draft.id)

        return await self._database.write(work)

    async def get(self, id_: str) -> Draft:
        """Raises Conflict (`unknown_draft`)."""
        return await self._database.read(lambda c: _get(c, id_))

    async def all(self) -> list[dict[str, Any]]:
        """All drafts without their texts, the last changed first."""
        query = sa.select(*_HEADS).order_by(t.drafts.c.changed_ms.desc(), t.drafts.c.id)
        rows = await self._database.read(lambda c: c.execute(query).mappings().all())
        return [dict(row) for row in rows]

    async def change(self, draft: Draft) -> Draft:
        """Keep this in place of the same edit; returns it with the next one.

        Raises Conflict: `unknown_draft`, `stale_draft` where another edit came first.
        """
        changed = replace(draft, edit=draft.edit + 1)
        statement = sa.update(t.drafts).where(_is(draft)).values(**_row(changed))
        await self._database.write(lambda c: _once(c, statement, draft))
        return changed

    async def drop(self, draft: Draft) -> None:
        """Raises Conflict: `unknown_draft`, `stale_draft`."""
        statement = sa.delete(t.drafts).where(_is(draft))
        await self._database.write(lambda c: _once(c, statement, draft))


def _get(connection: sa.Connection, id_: str) -> Draft:
    query = sa.select(t.drafts).where(t.drafts.c.id == id_)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise _unknown()
    fields = {name: row[name] for name in Draft.__dataclass_fields__}
    return Draft(**fields | {"texts": orjson.loads(row["texts"])})


def _is(draft: Draft) -> sa.ColumnElement[bool]:
    return sa.and_(t.drafts.c.id == draft.id, t.drafts.c.edit == draft.edit)


def _once(connection: sa.Connection, statement: sa.Update | sa.Delete, draft: Draft) -> None:
    if connection.execute(statement).rowcount:
        return
    known = sa.select(t.drafts.c.id).where(t.drafts.c.id == draft.id)
    if connection.scalar(known) is None:
        raise _unknown()
    raise Conflict("stale_draft", "Somebody has changed the draft meanwhile: read it again")


def _unknown() -> Conflict:
    return Conflict("unknown_draft", "No draft has this id")


def _row(draft: Draft) -> dict[str, Any]:
    fields = {name: getattr(draft, name) for name in Draft.__dataclass_fields__}
    return fields | {"texts": orjson.dumps(dict(draft.texts)), "digest": draft.digest}
