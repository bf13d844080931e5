"""keeper: nobody changes a task before Redis and the ledger agree, nor while its clock is wrong.

The ledger is the truth. Whenever Redis has started anew (its door then changes nothing until it
is told that all is well), the two are compared; where they differ, Redis is rebuilt.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import structlog

from app import metrics
from app.adapters.redis_epoch import Standing
from app.core.clockguard import BACK, FORWARD, JUMP_MS, ClockGuard
from app.core.errors import ConfigError, ReadOnly, Unavailable
from app.processes.rebuild import Parts, Rebuild

log = structlog.get_logger()

EMPTY, ANOTHER_LIFE, OLD_COPY = "empty", "another_life", "old_copy"
# The relay marks every batch, so the ledger is ahead of a healthy Redis by one batch at most.
_MOST_UNMARKED = 1_000
_EVICTION_MS = 10_000  # how often Redis is asked whether it may drop keys


def own_ms() -> int:
    """A clock that nobody can set, and that goes on while the machine sleeps."""
    boot = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(boot) // 1_000_000


class Keeper:
    """`anew` is told, before anything is changed there, that Redis may hold another state."""

    def __init__(
        self,
        parts: Parts,
        clock: Callable[[], int] = own_ms,
        anew: Callable[[], None] = lambda: None,
    ) -> None:
        self._parts = parts
        self._anew = anew
        self._rebuild = Rebuild(parts)
        self._guard = ClockGuard()
        self._clock = clock
        self._missing = ["redis"]
        self._welcomed = False
        self._epoch = ""
        self._evicts, self._eviction_ms = False, 0  # and when to ask for it again
        self.believed_ms = 0  # a time of the door later than this is a clock that has jumped
        # Clear while task state may be old or gone: what is late is swept before anything is
        # offered again.
        self.swept = asyncio.Event()
        self.serving = asyncio.Event()  # set while Redis holds what the ledger says

    async def missing(self) -> list[str]:
        """For /readyz: what keeps us from serving."""
        return self._missing + ["noeviction"] * self._evicts

    async def turn(self) -> bool:
        """Look at Redis, and mend it. True where what is due may be swept. Raises Unavailable."""
        try:
            standing = await self._parts.epoch.standing()
            if not standing.confirmed:
                await self._agree()
                standing = await self._parts.epoch.standing()
            if standing.epoch != self._epoch:
                self._begin_anew()  # rebuilt, here or by another process
                self._epoch = standing.epoch
            if not self._welcomed:
                await self._parts.welcome()
                self._welcomed = True
            await self._look_for_eviction()
        except Unavailable:
            self.swept.clear()
            self.serving.clear()
            self._missing = self._missing or ["redis"]
            raise
        self._missing = []
        self.serving.set()
        return await self._clock_is_right(standing)

    def _begin_anew(self) -> None:
        self.swept.clear()
        self.serving.clear()
        self._eviction_ms = 0
        self._anew()

    async def _agree(self) -> None:
        self._begin_anew()
        self._missing, self._welcomed = [], False
        # In this order: should somebody else rebuild it meanwhile, ours is refused.
        known = await self._parts.live.epoch()
        standing, cause = await self._look(known)
        self._missing = ["rebuilding"]
        if cause:
            if not await self._rebuild.run(cause, known):
                raise ReadOnly("another process rebuilds the state")
        elif await self._parts.epoch.confirm(standing.epoch):
            log.info("confirmed", epoch=standing.epoch)
        else:
            raise ReadOnly("another process has found the state wanting")

    async def _look(self, known: str) -> tuple[Standing, str]:
        """How Redis stands, and why it has to be rebuilt; empty where it has not."""
        while True:
            standing = await self._parts.epoch.standing()
            cause = await self._difference(standing, known)
            # Ours or another relay may just have taken out of the outbox what we missed there.
            if not cause or (await self._parts.epoch.standing()).relayed == standing.relayed:
                return standing, cause

    async def _difference(self, standing: Standing, known: str) -> str:
        """Why this Redis does not hold what the ledger says; empty where it does."""
        if standing.relayed > await self._parts.ledger.last_seq():
            self._missing = ["a ledger as new as Redis"]
            raise ReadOnly(
                "the ledger is older than Redis: bring back the newer store, or empty Redis to go"
                " on from this one"
            )
        if standing.condemned:
            return standing.condemned
        if not standing.epoch:
            return EMPTY
        if standing.epoch != known:
            return ANOTHER_LIFE
        return OLD_COPY if await self._ledger_knows_more(standing.relayed) else ""

    async def _ledger_knows_more(self, relayed: int) -> bool:
        """Is there a fact in the ledger that Redis has neither sent nor still to send?"""
        newer = await self._parts.ledger.ids_since(relayed, _MOST_UNMARKED)
        if len(newer) == _MOST_UNMARKED:
            return True
        waiting = await self._parts.outbox.read(_MOST_UNMARKED, block_ms=0) if newer else []
        return bool(set(newer) - {entry.fact["fact_id"] for entry in waiting})

    async def _look_for_eviction(self) -> None:
        """Somebody may have set it since the start, or another server has taken over.

        Nothing is refused for it: as long as there is memory nothing is dropped, and who is
        refused loses for certain what they came to do. So it is told until somebody mends it.
        """
        if self._clock() < self._eviction_ms:
            return
        try:
            await self._parts.epoch.refuse_eviction()
        except ConfigError as error:
            log.error("redis_may_drop_tasks", problems=error.problems)
            self._evicts = True
        else:
            self._evicts = False
        self._eviction_ms = self._clock() + _EVICTION_MS

    async def _clock_is_right(self, standing: Standing) -> bool:
        own = self._clock()
        self.believed_ms = max(standing.time_ms, standing.highest_ms) + JUMP_MS
        jump = self._guard.look(standing.time_ms, standing.highest_ms, own)
        if jump == BACK:
            back_ms = await self._parts.epoch.reset_clock()
            self._guard.forget()
            metrics.CLOCK_JUMPS.labels(BACK).inc()
            log.error("clock_went_back", by_ms=back_ms)
        elif jump == FORWARD:
            metrics.CLOCK_JUMPS.labels(FORWARD).inc()
            log.error("clock_jumped_forward", door_ms=standing.time_ms)
        return not self._guard.frozen(own)
