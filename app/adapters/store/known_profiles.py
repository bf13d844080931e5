"""Profiles from the store, for who asks now and then; triage asks the cache in Redis."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import sqlalchemy as sa

from app.adapters.profile_blob import unpacked
from app.adapters.store.database import Database
from app.adapters.store.identity_people import joined_profiles
from app.adapters.store.pasts import Pasts
from app.adapters.store.statements import chunks
from app.adapters.store.tables import handles, history, profiles
from app.core.known import DEFAULT_ORDER, Order
from app.core.profile import STRANGER, Profile
from app.core.queue_state import NO_QUEUES
from app.ports import QUEUES, Known


class KnownProfiles:
    """`order` says which of several sources' statements a joined profile shows."""

    def __init__(self, database: Database, order: Order = DEFAULT_ORDER) -> None:
        self._database = database
        self._order = order

    async def of(self, keys: Sequence[str]) -> Known:
        """Profile and past of each of these handle keys; of the queues the store knows nothing.

        Raises Unavailable.
        """
        profiles = await self._database.read(lambda c: _of(c, keys, self._order))
        pasts = await Pasts(self._database).of(keys, since_ms=0)
        return Known(
            profiles=profiles,
            pasts=[pasts[key] for key in keys],
            queues=NO_QUEUES,
            missing=(QUEUES,),
        )

    async def known(self, keys: Collection[str]) -> dict[str, Profile]:
        """Those of these handle keys that are known, without who answered them last."""
        return await self._database.read(lambda c: _known(c, keys, self._order))


def _of(connection: sa.Connection, keys: Sequence[str], order: Order) -> list[Profile]:
    found = _known(connection, set(keys), order)
    return [_owned(connection, key, found.get(key, STRANGER)) for key in keys]


def _known(connection: sa.Connection, keys: Collection[str], order: Order) -> dict[str, Profile]:
    whose = sa.select(handles.c.handle_key, profiles.c.body).join(
        profiles, handles.c.customer_id == profiles.c.customer_id
    )
    found: dict[str, Profile | None] = {}
    for chunk in chunks(keys):
        rows = connection.execute(whose.where(handles.c.handle_key.in_(chunk)))
        found |= {key: unpacked(body) for key, body in rows}
    together = joined_profiles(connection, keys, order)
    return {key: profile for key, profile in (found | together).items() if profile}


def _owned(connection: sa.Connection, key: str, profile: Profile) -> Profile:
    own = connection.execute(
        sa.select(history.c.by, history.c.at_ms)
        .where(history.c.handle_key == key, history.c.kind == "replied")
        .order_by(history.c.at_ms.desc())
        .limit(1)
    ).first()
    return replace(profile, last_rep=own.by, last_reply_ms=own.at_ms) if own else profile
