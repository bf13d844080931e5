"""The profile cache follows the store: what changed, in pages; a wiped Redis is filled again."""

from __future__ import annotations

from typing import Final

from app import metrics
from app.adapters.redis_profiles import RedisProfiles
from app.adapters.store.identity_people import PeopleTable
from app.adapters.store.statements import Statements

FOLLOW_S: Final = 0.5  # how soon what was imported is known to triage
_PAGE: Final = 500  # profiles read and cached at a time: this bounds our memory
_BEGINNING: Final = (-1, "")


class ProfileCache:
    """`joined` tells what people who were joined have together, instead of each their own."""

    def __init__(
        self, store: Statements, cache: RedisProfiles, joined: PeopleTable | None = None
    ) -> None:
        self._store = store
        self._cache = cache
        self._joined = joined

    async def turn(self) -> None:
        """Cache all that has changed. Raises Unavailable; doing it again changes nothing."""
        last = await self._store.last_change()
        position, filled = await self._cache.position()
        if position is None or position[0] > last:  # another Redis, or another store
            position, filled = _BEGINNING, False
        while True:
            page = await self._store.changed(position, _PAGE)
            if not page and filled:
                return
            if page:
                position = (page[-1].number, page[-1].customer_id)
            blobs: dict[str, bytes | None] = {
                key: change.body for change in page for key in change.handle_keys
            }
            if self._joined:
                blobs |= await self._joined.joined_blobs(page)
            whole = len(page) < _PAGE
            await self._cache.put(blobs, position, filled=whole)
            metrics.PROFILES_CACHED.inc(len(page))
            metrics.PROFILES_BEHIND.set(max(0, last - position[0]))
            if whole:
                return
