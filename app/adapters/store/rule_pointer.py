"""The one pointer to the live version, and the list of everything that was done to the rules.

Everything here runs inside a transaction of who calls it. What moves something writes a row of
`rule_changes` with it: from there `watch` makes the fact, so that none is missing, whatever is
away meanwhile.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import sqlalchemy as sa

from app.adapters.store import rule_tables as t
from app.core import versions as core
from app.core.errors import Conflict
from app.core.versions import Actor, Change, Live, Version

_POINTER = sa.select(t.live, t.versions.c.digest).join_from(
    t.live, t.versions, t.live.c.number == t.versions.c.number
)


def pointer(connection: sa.Connection) -> Live | None:
    """Which version is live; None before the first start."""
    row = connection.execute(_POINTER).mappings().first()
    return Live(**{name: row[name] for name in Live.__dataclass_fields__}) if row else None


def needed(connection: sa.Connection) -> Live:
    """The pointer. Raises Conflict (`no_version`) before the first start."""
    live = pointer(connection)
    if live is None:
        raise Conflict("no_version", "The rules have no version yet: start Handshake once")
    return live


def version(connection: sa.Connection, number: int) -> Version:
    """Raises Conflict (`unknown_version`)."""
    query = sa.select(t.versions).where(t.versions.c.number == number)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise Conflict("unknown_version", f"The rules have no version {number}")
    return version_of(row)


def version_of(row: sa.RowMapping) -> Version:
    fields = {name: row[name] for name in Version.__dataclass_fields__}
    return Version(**fields | {"texts": orjson.loads(row["texts"])})


def lock(connection: sa.Connection) -> None:
    """One change at a time: SQLite has one writer anyhow."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("LOCK TABLE rule_live IN SHARE ROW EXCLUSIVE MODE"))


def note(connection: sa.Connection, done: Change) -> Change:
    """Write down that this was done; returns it with its number."""
    row: dict[str, Any] = {
        name: getattr(done, name) for name in ("kind", "at_ms", "number", "digest", "reason")
    }
    row |= {"by_type": done.by.type, "by": done.by.id, "role": done.by.role, "told": False}
    made = connection.execute(sa.insert(t.changes), row).inserted_primary_key
    return replace(done, change=int(made[0]) if made else 0)


def move(connection: sa.Connection, done: Change, folder_digest: str = "") -> Live:
    """Point at the version that `done` names, and write that down.

    A draft that runs in shadow ends where its texts are the live ones now.
    """
    done = note(connection, done)
    row: dict[str, Any] = {
        "number": done.number,
        "change": done.change,
        "changed_ms": done.at_ms,
        "changed_by": done.by.id,
        "reason": done.reason,
    }
    if folder_digest:
        row["folder_digest"] = folder_digest
    if pointer(connection):
        connection.execute(sa.update(t.live), row)
    else:
        connection.execute(sa.insert(t.live), row | {"one": 1, "shadow": 0})
    live = needed(connection)
    run = t.shadows.c.run == live.shadow
    if connection.scalar(sa.select(t.shadows.c.digest).where(run)) == live.digest:
        end_shadow(connection, f"live as version {live.number}", done.by, done.at_ms)
    return needed(connection)


def end_shadow(connection: sa.Connection, why: str, by: Actor, now_ms: int) -> None:
    """Nothing runs in shadow from now on; nothing happens where nothing did."""
    live = needed(connection)
    if not live.shadow:
        return
    run = t.shadows.c.run == live.shadow
    digest = connection.scalar(sa.select(t.shadows.c.digest).where(run))
    done = Change(
        change=0,
        kind=core.SHADOW_ENDED,
        at_ms=now_ms,
        number=live.number,
        digest=str(digest),
        by=by,
        reason=why,
    )
    note(connection, done)
    ended = {"ended_ms": now_ms, "ended_why": why}
    connection.execute(sa.update(t.shadows).where(run).values(**ended))
    connection.execute(sa.update(t.live).values(shadow=0))
