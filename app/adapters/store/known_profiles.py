"""Profiles from the store, for who asks now and then; triage asks the cache in Redis."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import sqlalchemy as sa

from app.adapters.profile_blob import unpacked
from app.adapters.store.database import Database
from app.adapters.store.statements import chunks
from app.adapters.store.tables import handles, history, profiles
from app.core.profile import STRANGER, Profile


class KnownProfiles:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, keys: Sequence[str]) -> list[Profile]:
        """The profiles under these handle keys, in order. Raises Unavailable."""
        return await self._database.read(lambda c: _of(c, keys))

    async def known(self, keys: Collection[str]) -> dict[str, Profile]:
        """Those of these handle keys that are known, without who answered them last."""
        return await self._database.read(lambda c: _known(c, keys))


def _of(connection: sa.Connection, keys: Sequence[str]) -> list[Profile]:
    found = _known(connection, set(keys))
    return [_owned(connection, key, found.get(key, STRANGER)) for key in keys]


def _known(connection: sa.Connection, keys: Collection[str]) -> dict[str, Profile]:
    whose = sa.select(handles.c.handle_key, profiles.c.body).join(
        profiles, handles.c.customer_id == profiles.c.customer_id
    )
    found: dict[str, Profile] = {}
    for chunk in chunks(keys):
        rows = connection.execute(whose.where(handles.c.handle_key.in_(chunk)))
        found |= {key: unpacked(body) for key, body in rows}
    return found


def _owned(connection: sa.Connection, key: str, profile: Profile) -> Profile:
    own = connection.execute(
        sa.select(history.c.by, history.c.at_ms)
        .where(history.c.handle_key == key, history.c.kind == "replied")
        .order_by(history.c.at_ms.desc())
        .limit(1)
    ).first()
    return replace(profile, last_rep=own.by, last_reply_ms=own.at_ms) if own else profile
