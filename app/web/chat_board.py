"""Which conversations are open on a page here; looks in the store for all of them at once."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from app.adapters.store.chats import Chats, Mark
from app.core.chat import Pace
from app.web.problems import Problem

# Open streams hold connections. Whoever finds no room reads the conversation now and then instead.
MOST = 500
MOST_OF_CHAT = 8  # windows of one browser
MOST_OF_ADDRESS = 100  # an office behind one address

Changed = asyncio.Event


class ChatBoard:
    """What is sent may be written by another process: the store says what has changed."""

    def __init__(self, chats: Chats) -> None:
        self.pace = Pace()
        self.chats = chats
        self._pages: dict[str, set[Changed]] = defaultdict(set)
        self._networks: dict[str, int] = defaultdict(int)
        self._marks: dict[str, Mark] = {}

    def check_room(self, chat: str, network: str) -> None:
        """Raises Problem 503 where so many pages are open that one more has to wait."""
        full = sum(self._networks.values()) >= MOST
        mine = len(self._pages.get(chat, ())) >= MOST_OF_CHAT
        if full or mine or self._networks.get(network, 0) >= MOST_OF_ADDRESS:
            raise Problem(503, "too_many_pages", "Too many pages are open; this one asks again.")

    @contextmanager
    def listening(self, chat: str, network: str) -> Iterator[Changed]:
        """An event that is set whenever this conversation has changed."""
        changed = Changed()
        self._pages[chat].add(changed)
        self._networks[network] += 1
        try:
            yield changed
        finally:
            self._forget(chat, network, changed)

    def _forget(self, chat: str, network: str, changed: Changed) -> None:
        self._pages[chat].discard(changed)
        if not self._pages[chat]:
            del self._pages[chat]
            self._marks.pop(chat, None)
        self._networks[network] -= 1
        if not self._networks[network]:
            del self._networks[network]

    async def turn(self) -> None:
        """Wake the pages whose conversation has changed. Raises Unavailable."""
        if not self._pages:
            return
        found = await self.chats.marks(list(self._pages))
        for chat, pages in self._pages.items():
            mark = found.get(chat, ())  # nothing, too, where it was erased
            if mark != self._marks.get(chat):
                self._marks[chat] = mark
                for changed in pages:
                    changed.set()
