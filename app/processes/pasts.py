"""pasts: keep in Redis what each handle has said lately, so that rules can ask for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import structlog

from app.adapters.redis_pasts import Place, RedisPasts
from app.adapters.store.pasts import Pasts
from app.core.past import KEPT_MS
from app.wiring.base import system_ms

log = structlog.get_logger()


_NOWHERE: Place = (-1, -1)


class KeepPasts:
    """Follows `record`: what it has written of a handle is told again in Redis.

    Redis says up to which fact it was told. Where that is not what we left there (it was wiped, or
    we ended between the store and Redis), all pasts are made again from the store; so they are
    where somebody else has written the history (`history rebuild`).
    """

    def __init__(
        self, store: Pasts, cache: RedisPasts, now_ms: Callable[[], int] = system_ms
    ) -> None:
        self._store = store
        self._cache = cache
        self._now_ms = now_ms
        self._owed: set[str] = set()
        self._at = self._there = _NOWHERE  # how far the store is, and Redis should be

    async def stand(self, position: int) -> None:
        """So far the store is before we fold anything. Raises Unavailable."""
        at = position, await self._store.made()
        if self._at == _NOWHERE:
            self._there = at
        elif self._at != at:
            self._there = _NOWHERE  # somebody else has written: nothing that Redis has is sure
        self._at = at

    async def follow(self, position: int, handle_keys: Iterable[str]) -> None:
        """We have brought the store so far, and these have changed.

        Raises Unavailable; `mend` makes up.
        """
        self._owed.update(handle_keys)
        self._at = position, self._at[1]
        await self.mend()

    async def mend(self) -> None:
        """Tell Redis what it lacks, all of it where it is not as we left it. Raises Unavailable."""
        since_ms, there = self._now_ms() - KEPT_MS, await self._cache.position()
        if there != self._there:
            await self._make_again(since_ms)
            await self._cache.put({}, self._at)
        elif there != self._at:
            await self._cache.put(await self._store.of(self._owed, since_ms), self._at)
        self._there = self._at
        self._owed.clear()

    async def _make_again(self, since_ms: int) -> None:
        count = 0
        async for pasts in self._store.every(since_ms):
            await self._cache.put(pasts)
            count += len(pasts)
        log.info("pasts_made_again", handles=count)
