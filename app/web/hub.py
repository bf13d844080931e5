"""The hub: tails the feed once for the whole process and wakes the screens it concerns."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.adapters.redis_feed import FeedEvent, RedisFeed
from app.core.errors import ReadOnly, Unavailable

_BLOCK_MS = 500  # so often, at least, we look whether the tasks still stand
# A screen that falls this far behind is told to fetch everything again.
QUEUE_LENGTH = 64

AWAY = "away"  # tasks can be neither read nor changed until further notice
FLIGHTS = "flights"  # some flight has changed
Screen = asyncio.Queue[FeedEvent | str | None]  # None: you missed something, resynchronise


class Hub:
    def __init__(self, feed: RedisFeed) -> None:
        self._feed = feed
        self._seen = ""
        self._epoch = ""
        self._blocked: set[str] = set()
        self._screens: dict[str, set[Screen]] = defaultdict(set)

    async def turn(self) -> None:
        """Hand out what is new, and whether there is anything at all. Raises Unavailable."""
        try:
            await self._agree_on_the_past()
            events = await self._feed.next(self._seen, _BLOCK_MS)
        except Unavailable:
            self._seen = ""  # what comes back may count its events anew
            self.block("feed")
            raise
        for event in events:
            self._seen = event.id
            for screen in self._screens.get(event.to, ()):
                _put(screen, event)

    async def _agree_on_the_past(self) -> None:
        """Begin at the feed's end; begin again where other tasks stand there than before."""
        epoch = await self._feed.epoch()
        if not epoch:
            raise ReadOnly("the tasks are being rebuilt")
        if self._seen and epoch == self._epoch:
            return
        other = self._epoch not in ("", epoch)
        self._seen, self._epoch = await self._feed.last_id(), epoch
        if not self.unblock("feed") and other:
            self._tell_all(None)

    @property
    def read_only(self) -> bool:
        return bool(self._blocked)

    def block(self, why: str) -> None:
        """From here on tasks cannot be changed: say so on every screen, once."""
        first = not self._blocked
        self._blocked.add(why)
        if first:
            self._tell_all(AWAY)

    def unblock(self, why: str) -> bool:
        """This reason is gone; with the last one every screen is told to read all of it again."""
        last = self._blocked == {why}
        self._blocked.discard(why)
        if last:
            self._tell_all(None)
        return last

    def _tell_all(self, what: str | None) -> None:
        for screen in {screen for screens in self._screens.values() for screen in screens}:
            _put(screen, what)

    def tell(self, audience: str, what: str) -> None:
        """Wake the screens of this audience."""
        for screen in self._screens.get(audience, ()):
            _put(screen, what)

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


def _put(screen: Screen, event: FeedEvent | str | None) -> None:
    try:
        screen.put_nowait(event)
    except asyncio.QueueFull:
        # The backlog is worthless once the screen refetches: drop it, keep the one message.
        with contextlib.suppress(asyncio.QueueEmpty):
            while True:
                screen.get_nowait()
        screen.put_nowait(None)
