"""Back-tests of drafts: how far they are, what they found, and whether somebody has seen it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa

from app.adapters.store import rule_tables as t
from app.adapters.store.database import Database
from app.adapters.store.seal import gone
from app.adapters.store.unnamed import without
from app.core.errors import Conflict

RUNNING, DONE, FAILED, CANCELLED = "running", "done", "failed", "cancelled"
STATES: Final = (RUNNING, DONE, FAILED, CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """One run of a draft over recorded traffic, against the version that was live then."""

    id: str
    draft_id: str
    draft_digest: str
    live_digest: str
    made_by: str
    made_ms: int
    state: str = RUNNING
    progress: float = 0.0
    report: Mapping[str, Any] | None = None
    seen_by: str = ""
    seen_ms: int = 0


class RuleBacktests:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, backtest: Backtest) -> None:
        row = {name: getattr(backtest, name) for name in Backtest.__dataclass_fields__}
        row["report"] = _encoded(backtest.report)
        await self._database.write(lambda c: c.execute(sa.insert(t.backtests), row))

    async def get(self, id_: str) -> Backtest:
        """Raises Conflict (`unknown_backtest`)."""
        return await self._database.read(lambda c: _get(c, id_))

    async def advance(self, id_: str, progress: float) -> str:
        """Say how far it is; returns its state, which somebody may have changed to cancelled."""

        def work(connection: sa.Connection) -> str:
            mine = sa.and_(t.backtests.c.id == id_, t.backtests.c.state == RUNNING)
            connection.execute(sa.update(t.backtests).where(mine).values(progress=progress))
            return _get(connection, id_).state

        return await self._database.write(work)

    async def end(self, id_: str, state: str, report: Mapping[str, Any] | None = None) -> None:
        """It is done, failed or cancelled; the first such word counts.

        Of mentions of somebody who was erased while it ran no sample is kept.
        """
        mine = sa.and_(t.backtests.c.id == id_, t.backtests.c.state == RUNNING)
        values: dict[str, Any] = {"state": state}
        if state == DONE:
            values["progress"] = 1.0

        def work(connection: sa.Connection) -> None:
            kept = _encoded(_of_who_is_here(connection, report))
            connection.execute(sa.update(t.backtests).where(mine).values(report=kept, **values))

        await self._database.write(work)

    async def interrupted(self) -> None:
        """Whoever ran them has ended without a word: none of them will come to an end."""
        report = _encoded({"problem": "interrupted: the process that ran it has ended"})
        statement = sa.update(t.backtests).where(t.backtests.c.state == RUNNING)
        await self._database.write(
            lambda c: c.execute(statement.values(state=FAILED, report=report))
        )

    async def seen(self, id_: str, by: str, now_ms: int) -> Backtest:
        """Somebody has seen its report; the first one stays.

        Raises Conflict: `unknown_backtest`, `not_done`.
        """

        def work(connection: sa.Connection) -> Backtest:
            if _get(connection, id_).state != DONE:
                raise Conflict("not_done", "The back-test has no report yet")
            first = sa.and_(t.backtests.c.id == id_, t.backtests.c.seen_ms == 0)
            values = {"seen_by": by, "seen_ms": now_ms}
            connection.execute(sa.update(t.backtests).where(first).values(**values))
            return _get(connection, id_)

        return await self._database.write(work)


def _get(connection: sa.Connection, id_: str) -> Backtest:
    query = sa.select(t.backtests).where(t.backtests.c.id == id_)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise Conflict("unknown_backtest", "No back-test has this id")
    return _backtest(row)


def _backtest(row: sa.RowMapping) -> Backtest:
    fields = {name: row[name] for name in Backtest.__dataclass_fields__}
    report = orjson.loads(row["report"]) if row["report"] is not None else None
    return Backtest(**fields | {"report": report})


def _of_who_is_here(
    connection: sa.Connection, report: Mapping[str, Any] | None
) -> Mapping[str, Any] | None:
    if not report or not report.get("samples"):
        return report
    ids = [str(one.get("mention_id")) for one in report["samples"]]
    return without(gone(connection, ids), report)


def _encoded(report: Mapping[str, Any] | None) -> bytes | None:
    return orjson.dumps(dict(report)) if report is not None else None
