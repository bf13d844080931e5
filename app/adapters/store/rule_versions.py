"""Versions of the rules in the store: published once, never changed, one of them live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import sqlalchemy as sa

from app.adapters.store import rule_tables as t
from app.adapters.store.database import Database
from app.adapters.store.rule_pointer import lock, move, needed, pointer, version, version_of
from app.core import versions as core
from app.core.errors import Conflict
from app.core.versions import FILES, Actor, Change, Live, Publication, Version

_NEWEST = 500  # versions in one list
_HEADS = [column for column in t.versions.c if column.name != "texts"]


class RuleVersions:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def live(self) -> Live | None:
        """Which version is live; None before the first start."""
        return await self._database.read(pointer)

    async def version(self, number: int) -> Version:
        """Raises Conflict (`unknown_version`)."""
        return await self._database.read(lambda c: version(c, number))

    async def newest(self, limit: int = _NEWEST) -> list[dict[str, Any]]:
        """The versions without their texts, newest first."""
        query = sa.select(*_HEADS).order_by(t.versions.c.number.desc()).limit(limit)
        rows = await self._database.read(lambda c: c.execute(query).mappings().all())
        return [dict(row) for row in rows]

    async def take_in(self, texts: Mapping[str, str], now_ms: int) -> tuple[str, Live]:
        """Make the folder's texts the first version, or the next one where nobody else went on.

        Returns how the folder stood to the live version before (`changed`: taken in now).
        """
        return await self._database.write(lambda c: _take_in(c, texts, now_ms))

    async def publish(self, given: Publication) -> Version:
        """Make these texts the next version, live from now on.

        A draft that is published again is the version that it became. Raises Conflict:
        `nothing_changed`, `live_moved`, `backtest_needed`, `unknown_draft`, `stale_draft`.
        """
        return await self._database.write(lambda c: _publish(c, given))

    async def roll_back(self, number: int, reason: str, by: Actor, now_ms: int) -> Live:
        """Make an older version live again. Raises Conflict (`unknown_version`)."""

        def work(connection: sa.Connection) -> Live:
            lock(connection)
            live, wanted = needed(connection), version(connection, number)
            if live.number == number:
                return live  # a click twice is a click once
            return move(connection, _done(core.ROLLED_BACK, wanted, by, (now_ms, reason)))

        return await self._database.write(work)

    async def exported(self, digest: str) -> None:
        """The folder holds these texts now: they are what was last taken in from there."""
        statement = sa.update(t.live).values(folder_digest=digest)
        await self._database.write(lambda c: c.execute(statement))

    async def untold(self, limit: int = 100) -> list[Change]:
        """What was done of which the ledger does not know yet, oldest first."""
        query = sa.select(t.changes).where(t.changes.c.told.is_(False))
        query = query.order_by(t.changes.c.change).limit(limit)
        rows = await self._database.read(lambda c: c.execute(query).mappings().all())
        return [_change(row) for row in rows]

    async def told(self, numbers: Sequence[int]) -> None:
        statement = sa.update(t.changes).where(t.changes.c.change.in_(numbers)).values(told=True)
        await self._database.write(lambda c: c.execute(statement))


def _take_in(connection: sa.Connection, texts: Mapping[str, str], now_ms: int) -> tuple[str, Live]:
    lock(connection)
    live, digest = pointer(connection), core.digest_of(texts)
    state = core.standing(digest, live) if live else core.CHANGED
    if live and state == core.SAME and live.folder_digest != digest:
        connection.execute(sa.update(t.live).values(folder_digest=digest))
    if not live or state == core.CHANGED:
        given = Publication(
            texts=texts, by=FILES, now_ms=now_ms, based_on=live.number if live else 0,
            from_folder=True,
        )  # fmt: skip
        _add(connection, given)
    return state, needed(connection)


def _publish(connection: sa.Connection, given: Publication) -> Version:
    lock(connection)
    if given.draft_id and (done := _made_of(connection, given.draft_id)):
        return done
    if given.draft_id:
        _refuse_stale(connection, given)
    live = needed(connection)
    if given.digest == live.digest:
        raise Conflict("nothing_changed", f"The live version {live.number} has these texts already")
    if given.based_on != live.number:
        raise Conflict(
            "live_moved",
            f"Made from version {given.based_on}, and {live.number} is live now: compare the two",
        )
    if not given.skip_reason and not _seen(connection, given, live.digest):
        raise Conflict(
            "backtest_needed",
            "Nobody has seen a back-test of these texts against the live version:"
            " look at one, or say why not",
        )
    made = _add(connection, given)
    connection.execute(sa.delete(t.drafts).where(t.drafts.c.id == given.draft_id))
    return made


def _made_of(connection: sa.Connection, draft_id: str) -> Version | None:
    query = sa.select(t.versions).where(t.versions.c.draft_id == draft_id)
    row = connection.execute(query).mappings().first()
    return version_of(row) if row else None


def _refuse_stale(connection: sa.Connection, given: Publication) -> None:
    """What was compiled must be what is published."""
    query = sa.select(t.drafts.c.edit).where(t.drafts.c.id == given.draft_id)
    edit = connection.scalar(query)
    if edit is None:
        raise Conflict("unknown_draft", "No draft has this id")
    if edit != given.edit:
        raise Conflict("stale_draft", "Somebody has changed the draft meanwhile")


def _seen(connection: sa.Connection, given: Publication, live_digest: str) -> bool:
    """Has somebody seen a back-test of exactly these texts against exactly the live ones?"""
    query = sa.select(t.backtests.c.id).where(
        t.backtests.c.draft_digest == given.digest,
        t.backtests.c.live_digest == live_digest,
        t.backtests.c.state == "done",
        t.backtests.c.seen_ms > 0,
    )
    if given.backtest_id:
        query = query.where(t.backtests.c.id == given.backtest_id)
    return connection.scalar(query.limit(1)) is not None


def _add(connection: sa.Connection, given: Publication) -> Version:
    """Insert the next version and make it live."""
    highest = connection.scalar(sa.select(sa.func.max(t.versions.c.number))) or 0
    made = Version(
        number=highest + 1,
        digest=given.digest,
        texts=given.texts,
        made_ms=given.now_ms,
        made_by=given.by.id,
        comment=given.comment,
        based_on=given.based_on,
        backtest_id=given.backtest_id,
        skip_reason=given.skip_reason,
    )
    row = {name: getattr(made, name) for name in Version.__dataclass_fields__}
    row |= {"texts": orjson.dumps(dict(given.texts)), "draft_id": given.draft_id}
    connection.execute(sa.insert(t.versions), row)
    skipped = f"no back-test: {given.skip_reason}" if given.skip_reason else ""
    why = "; ".join(filter(None, (given.comment, skipped)))
    done = _done(core.PUBLISHED, made, given.by, (given.now_ms, why))
    move(connection, done, given.digest if given.from_folder else "")
    return made


def _done(kind: str, of: Version, by: Actor, why: tuple[int, str]) -> Change:
    at_ms, reason = why
    return Change(
        change=0, kind=kind, at_ms=at_ms, number=of.number, digest=of.digest, by=by, reason=reason
    )


def _change(row: sa.RowMapping) -> Change:
    by = Actor(id=row["by"], role=row["role"], type=row["by_type"])
    names = ("change", "kind", "at_ms", "number", "digest", "reason")
    return Change(by=by, **{name: row[name] for name in names})
