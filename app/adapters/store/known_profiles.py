"""Profiles from the store, for who asks now and then; triage asks the cache in Redis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
import sqlalchemy as sa

from app.adapters.store.database import Database
from app.adapters.store.pasts import Pasts
from app.adapters.store.tables import handles, history, profiles
from app.core.profile import STRANGER, Profile
from app.core.queue_state import NO_QUEUES
from app.ports import QUEUES, Known


class KnownProfiles:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, keys: Sequence[str]) -> Known:
        """Profile and past of each of these handle keys; of the queues the store knows nothing.

        Raises Unavailable.
        """
        profiles = await self._database.read(lambda c: [_profile(c, key) for key in keys])
        pasts = await Pasts(self._database).of(keys, since_ms=0)
        return Known(
            profiles=profiles,
            pasts=[pasts[key] for key in keys],
            queues=NO_QUEUES,
            missing=(QUEUES,),
        )


def _profile(connection: sa.Connection, key: str) -> Profile:
    whose = sa.select(profiles.c.body).join(
        handles, handles.c.customer_id == profiles.c.customer_id
    )
    body = connection.scalar(whose.where(handles.c.handle_key == key))
    profile = msgspec.json.decode(body, type=Profile) if body else STRANGER
    own: Any = connection.execute(
        sa.select(history.c.by, history.c.at_ms)
        .where(history.c.handle_key == key, history.c.kind == "replied")
        .order_by(history.c.at_ms.desc())
        .limit(1)
    ).first()
    return replace(profile, last_rep=own.by, last_reply_ms=own.at_ms) if own else profile
