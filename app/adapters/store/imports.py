"""Imports: how far each is, the rows that it refused, and mappings kept for the next file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, Final

import orjson
import sqlalchemy as sa

from app.adapters.store import known_tables as t
from app.adapters.store.database import Database
from app.core.errors import Conflict
from app.core.imported import CANCELLED, DONE, RUNNING, UPLOADED, Form, Import
from app.core.taking import Rejected

MOST_REJECTS: Final = 100_000  # of one run; beyond them rows are counted only
_SHOWN: Final = 50
_PAGE: Final = 1_000


class Imports:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, run: Import) -> None:
        await self._database.write(lambda c: self.add_now(c, run))

    def add_now(self, connection: sa.Connection, run: Import) -> None:
        connection.execute(sa.insert(t.runs), _row(run))

    async def get(self, id_: str) -> Import:
        """Raises Conflict (`unknown_import`)."""
        return await self._database.read(lambda c: get_now(c, id_))

    async def newest(self) -> list[Import]:
        query = sa.select(t.runs).order_by(t.runs.c.made_ms.desc()).limit(_SHOWN)
        rows = await self._database.read(lambda c: c.execute(query).mappings().all())
        return [_import(row) for row in rows]

    async def running(self) -> list[Import]:
        """Those that somebody works on, or worked on when they were cut off."""
        query = sa.select(t.runs).where(t.runs.c.state == RUNNING).order_by(t.runs.c.made_ms)
        rows = await self._database.read(lambda c: c.execute(query).mappings().all())
        return [_import(row) for row in rows]

    async def begin(self, id_: str, form: Form, dry: bool) -> Import:
        """Run it from now on, with this form; once dry, it may begin again in earnest.

        Raises Conflict: `unknown_import`, `import_running`, `import_done`.
        """

        def work(connection: sa.Connection) -> Import:
            found = get_now(connection, id_)
            if found.state == RUNNING:
                raise Conflict("import_running", "This import is running")
            if not found.path or (found.state == DONE and not found.dry):
                told = "This import has ended and its file is not kept: upload the file"
                raise Conflict("import_done", told)
            if not found.dry and found.rows_done:
                pass  # it failed or was cancelled half-way: it goes on where it was
            else:
                connection.execute(sa.delete(t.rejects).where(t.rejects.c.run == id_))
                _set(connection, id_, rows_done=0, bytes_done=0, counts=orjson.dumps({}))
            packed = orjson.dumps(asdict(form))
            _set(connection, id_, state=RUNNING, form=packed, dry=dry, problem="", ended_ms=0)
            return get_now(connection, id_)

        return await self._database.write(work)

    def advance_now(
        self, connection: sa.Connection, run: Import, rejected: Sequence[Rejected]
    ) -> str:
        """Say how far it is, how it is read and which rows it refused; returns its state, which
        others may have changed to cancelled."""
        if rejected and run.counts.get("rejected", 0) <= MOST_REJECTS:
            rows = [
                {**asdict(one), "run": run.id, "raw": one.raw.encode("utf-8", "surrogateescape")}
                for one in rejected
            ]
            connection.execute(self._database.insert_new(t.rejects), rows)
        moved = {"rows_done": run.rows_done, "bytes_done": run.bytes_done}
        told = {"counts": orjson.dumps(run.counts), "form": orjson.dumps(asdict(run.form))}
        _set(connection, run.id, **told, **moved)
        return get_now(connection, run.id).state

    async def end(self, id_: str, state: str, now_ms: int, problem: str = "") -> None:
        """It is done, failed or cancelled; the first such word counts."""
        await self._database.write(lambda c: self.end_now(c, id_, state, now_ms, problem))

    def end_now(
        self, connection: sa.Connection, id_: str, state: str, now_ms: int, problem: str = ""
    ) -> None:
        mine = sa.and_(t.runs.c.id == id_, t.runs.c.state.in_((RUNNING, UPLOADED)))
        values = {"state": state, "problem": problem, "ended_ms": now_ms}
        connection.execute(sa.update(t.runs).where(mine).values(**values))

    async def cancel(self, id_: str, now_ms: int) -> Import:
        """Raises Conflict (`unknown_import`); one that has ended stays as it is."""
        await self.get(id_)
        await self.end(id_, CANCELLED, now_ms)
        return await self.get(id_)

    def forget_file_now(self, connection: sa.Connection, id_: str) -> None:
        """The file is no longer kept: it cannot begin again."""
        _set(connection, id_, path="")

    async def rejects(self, id_: str, after_line: int = -1) -> list[Rejected]:
        """The next rejected rows after that line, by line."""
        query = (
            sa.select(t.rejects)
            .where(t.rejects.c.run == id_, t.rejects.c.line > after_line)
            .order_by(t.rejects.c.line)
            .limit(_PAGE)
        )
        rows = await self._database.read(lambda c: c.execute(query).all())
        return [
            Rejected(
                line=r.line, code=r.code, reason=r.reason, raw=r.raw.decode("utf-8", "replace")
            )
            for r in rows
        ]

    async def keep_mapping(
        self, name: str, mapping: Mapping[str, str], by: str, now_ms: int
    ) -> None:
        row = {"name": name, "body": orjson.dumps(mapping), "changed_by": by, "changed_ms": now_ms}
        statement = self._database.upsert(t.mappings, "body", "changed_by", "changed_ms")
        await self._database.write(lambda c: c.execute(statement, row))

    async def mappings(self) -> dict[str, dict[str, str]]:
        query = sa.select(t.mappings.c.name, t.mappings.c.body).order_by(t.mappings.c.name)
        rows = await self._database.read(lambda c: c.execute(query).all())
        return {name: orjson.loads(body) for name, body in rows}


def get_now(connection: sa.Connection, id_: str) -> Import:
    """Raises Conflict (`unknown_import`)."""
    row = connection.execute(sa.select(t.runs).where(t.runs.c.id == id_)).mappings().first()
    if row is None:
        raise Conflict("unknown_import", "No import has this id")
    return _import(row)


def _set(connection: sa.Connection, id_: str, **values: Any) -> None:
    connection.execute(sa.update(t.runs).where(t.runs.c.id == id_).values(**values))


def _row(run: Import) -> dict[str, Any]:
    row = {field.name: getattr(run, field.name) for field in fields(Import)}
    return row | {"form": orjson.dumps(asdict(run.form)), "counts": orjson.dumps(run.counts)}


def _import(row: sa.RowMapping) -> Import:
    found = {field.name: row[field.name] for field in fields(Import)}
    form, counts = Form(**orjson.loads(row["form"])), orjson.loads(row["counts"])
    return Import(**found | {"form": form, "counts": counts})
