"""Presence: which agents have their desk open here. The door lets go of those who are gone."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from app.adapters.redis_door import RedisDoor
from app.core.errors import Unavailable
from app.web.hub import Hub

BEAT_S = 5.0  # a third of the standard grace: one beat may be lost
_STEP_S = 0.25  # so soon after Redis was lost we try again


class Presence:
    """The beat is also the probe: where it is refused, nobody can change a task."""

    def __init__(self, door: RedisDoor, hub: Hub) -> None:
        self._door = door
        self._hub = hub
        self._here: Counter[str] = Counter()

    async def turn(self) -> None:
        """Say who is here, and wait for the next beat. Raises Unavailable."""
        try:
            await self._door.present(sorted(self._here))
        except Unavailable:
            self._hub.block("tasks")
            raise
        self._hub.unblock("tasks")
        rest = BEAT_S
        while rest > 0:
            await asyncio.sleep(_STEP_S)
            # While another part is away we look often, but never without a pause.
            rest = 0.0 if self._hub.read_only else rest - _STEP_S

    @contextmanager
    def at_the_desk(self, rep: str) -> Iterator[None]:
        """One more window shows this rep's desk. Closing it says nothing: a reload is short."""
        self._here[rep] += 1
        try:
            yield
        finally:
            self._here[rep] -= 1
            if not self._here[rep]:
                del self._here[rep]

    async def came(self, rep: str) -> None:
        """Say so at once; the next beat says it again if Redis is away."""
        with contextlib.suppress(Unavailable):
            await self._door.present([rep])
