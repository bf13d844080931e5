"""rebuild: a Redis that was wiped, restored from an old copy or replaced gets its state back."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from app import codec, metrics
from app.adapters.redis_epoch import RedisEpoch, Reopening
from app.adapters.redis_outbox import RedisOutbox
from app.adapters.store.known_profiles import KnownProfiles
from app.adapters.store.ledger import Ledger
from app.adapters.store.live import Live
from app.core import rebuild as folds
from app.core.errors import Overtaken
from app.core.profile import STRANGER, Profile
from app.processes.relay import Relay

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a rebuild works with.

    `prepare` tells a Redis what must be known before any task, `welcome` what it should know
    once it serves.
    """

    epoch: RedisEpoch
    outbox: RedisOutbox
    ledger: Ledger
    live: Live
    profiles: KnownProfiles
    relay: Relay
    now_ms: Callable[[], int]
    prepare: Callable[[], Awaitable[None]]
    welcome: Callable[[], Awaitable[None]]


@dataclass(slots=True)
class _Counts:
    open: int = 0
    closed: int = 0
    facts: int = 0
    gaps: int = 0
    accepted_ms: dict[str, int] = field(default_factory=dict)


class Rebuild:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._token = uuid.uuid4().hex  # of this process: after a failure it goes on at once

    async def run(self, cause: str, after: str) -> bool:
        """Put everything back; False where another process does it or serves. Raises Unavailable.

        `after` is the ledger's epoch, read before Redis was found wanting.
        """
        parts, token = self._parts, self._token
        if not await parts.epoch.lease(token, cause):
            return False
        began, name = time.monotonic(), uuid.uuid4().hex[:12]
        log.warning("rebuilding", cause=cause)
        await self._drain()
        # From here on the ledger takes no fact of the old life any more: what is read is whole.
        await parts.live.begin_epoch(name, parts.now_ms(), after)
        await parts.epoch.clear(token)
        await parts.prepare()
        seq = await parts.ledger.last_seq()
        counts = await self._restore()
        took_s = round(time.monotonic() - began, 3)
        told = {
            "cause": cause, "seconds": took_s, "open": counts.open, "closed": counts.closed,
            "facts": counts.facts, "gaps": counts.gaps,
        }  # fmt: skip
        state = Reopening(epoch=name, seq=seq, rebuilt=told, accepted_ms=counts.accepted_ms)
        rescinded = await parts.epoch.reopen(token, state)
        _measure(cause, took_s, counts.gaps)
        log.warning("rebuilt", epoch=name, rescinded=rescinded, **told)
        return True

    async def _drain(self) -> None:
        """Bring what an old copy has still to tell into the ledger, which may know it already."""
        try:
            while await self._parts.relay.move(block_ms=0):
                pass
        except Overtaken as error:
            # Of a life that the ledger has left behind: nobody was told that it was kept.
            log.warning("outbox_given_up", reason=str(error))

    async def _restore(self) -> _Counts:
        """Reps first, for tasks are counted as theirs."""
        parts, counts = self._parts, _Counts()
        await parts.epoch.restore_repeats(self._token, await parts.live.repeats())
        reps = [folds.fold_rep(fact) for fact in await parts.live.reps()]
        await parts.epoch.restore_reps(self._token, reps)
        pages = parts.live.tasks()
        reading = asyncio.ensure_future(anext(pages, None))
        try:
            while (page := await reading) is not None:
                # The store reads on while Redis writes.
                reading = asyncio.ensure_future(anext(pages, None))
                known = await parts.profiles.known({folds.handle_of(facts) for facts in page})
                tasks = [t for facts in page if (t := _task(facts, known, counts))]
                await parts.epoch.restore_tasks(self._token, tasks)
        finally:
            reading.cancel()
        return counts


def _task(
    facts: Sequence[dict[str, Any]], profiles: dict[str, Profile], counts: _Counts
) -> folds.Task | None:
    counts.facts += len(facts)
    task = folds.fold(facts)
    if task is None:
        return None
    profile = profiles.get(folds.handle_of(facts), STRANGER)
    task.fields["card"] = codec.dumps(folds.card(facts, profile)).decode()
    counts.gaps += task.gaps
    for rep, at_ms in task.accepted.items():
        counts.accepted_ms[rep] = max(at_ms, counts.accepted_ms.get(rep, 0))
    counts.open += task.open
    counts.closed += not task.open
    return task


def _measure(cause: str, took_s: float, gaps: int) -> None:
    metrics.REBUILDS.labels(cause).inc()
    metrics.REBUILD_SECONDS.set(took_s)
    metrics.REBUILD_GAPS.inc(gaps)
    metrics.EPOCH_BEGUN.set(time.time())
