"""The hub: tails the feed once for the whole process and wakes the screens it concerns."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.adapters.redis_feed import FeedEvent, RedisFeed

_BLOCK_MS = 1000
# A screen that falls this far behind is told to fetch everything again.
QUEUE_LENGTH = 64

Screen = asyncio.Queue[FeedEvent | None]  # None: you fell behind, resynchronise


class Hub:
    def __init__(self, feed: RedisFeed) -> None:
        self._feed = feed
        self._seen = ""
        self._screens: dict[str, set[Screen]] = defaultdict(set)

    async def turn(self) -> None:
        """Hand out what is new. Raises Unavailable."""
        if not self._seen:
            self._seen = await self._feed.last_id()
        for event in await self._feed.next(self._seen, _BLOCK_MS):
            self._seen = event.id
            for screen in self._screens.get(event.to, ()):
                _put(screen, event)

    @asynccontextmanager
    async def listening(self, *audiences: str) -> AsyncIterator[Screen]:
        """A queue that receives what these audiences must hear."""
        screen: Screen = asyncio.Queue(QUEUE_LENGTH)
        for audience in audiences:
            self._screens[audience].add(screen)
        try:
            yield screen
        finally:
            for audience in audiences:
                self._screens[audience].discard(screen)
                if not self._screens[audience]:
                    del self._screens[audience]


def _put(screen: Screen, event: FeedEvent) -> None:
    try:
        screen.put_nowait(event)
    except asyncio.QueueFull:
        # The backlog is worthless once the screen refetches: drop it, keep the one message.
        with contextlib.suppress(asyncio.QueueEmpty):
            while True:
                screen.get_nowait()
        screen.put_nowait(None)
