"""erase: whoever is to be forgotten goes from the store, from Redis and, by the key, the ledger.

A part of `reconcile`. It does each erasure again until what was on its way when it was asked for
must have arrived, and then forgets who it was.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from app import metrics
from app.adapters.redis_door import RedisDoor
from app.adapters.redis_personal import RedisPersonal
from app.adapters.store.erasures import Erasure, Erasures
from app.adapters.store.journal import Journal
from app.adapters.store.personal import Person
from app.core.errors import Conflict
from app.core.facts import Fact
from app.core.queueing import task_id_of

log = structlog.get_logger()

AGAIN_S = 5.0
SETTLED_MS = 30_000  # from the intake to the history takes a second or two; the promise is 60 s


class Eraser:
    def __init__(
        self,
        erasures: Erasures,
        journal: Journal,
        door: RedisDoor,
        cached: RedisPersonal,
        now_ms: Callable[[], int],
    ) -> None:
        self._erasures = erasures
        self._journal = journal
        self._arrived: set[str] = set()  # erasures before which nothing is on its way any more
        self._door = door
        self._cached = cached
        self._now_ms = now_ms

    async def turn(self) -> None:
        """Work on all that are under way. Raises Unavailable; doing it again is harmless."""
        for erasure in await self._erasures.under_way():
            last = erasure.id in self._arrived
            if await self._has_arrived(erasure):
                self._arrived.add(erasure.id)
            person = await self._erasures.work(erasure)
            await self._forget_in_redis(erasure, person)
            if last:
                await self._door.note([_fact(erasure, self._now_ms())])
                await self._erasures.finish(erasure.id, self._now_ms())
                metrics.ERASED.inc()
                log.info("erased", erasure=erasure.id)

    async def _has_arrived(self, erasure: Erasure) -> bool:
        """Whether all that was accepted before the erasure was asked for is in the ledger.

        `record` may yet be at it: what it writes is erased in the turn after this one.
        """
        rested = self._now_ms() - erasure.asked_ms >= SETTLED_MS
        return rested and not await self._journal.waits_since(erasure.asked_ms)

    async def _forget_in_redis(self, erasure: Erasure, person: Person) -> None:
        actor = {"type": "user", "id": erasure.asked_by, "role": erasure.role}
        task_ids = [task_id_of(mention_id) for mention_id in person.mention_ids]
        for task in await self._cached.tasks(task_ids):
            try:
                await self._door.command(
                    "cancel", task, f"erase:{erasure.id}:{task}", actor=actor, reason="erased"
                )
            except Conflict:
                log.debug("task_had_ended", task=task)
            await self._door.forget(task)
        await self._cached.forget(person.handle_keys, person.mention_ids)


def _fact(erasure: Erasure, now_ms: int) -> Fact:
    """That it was done, by whom and why; not to whom."""
    return Fact(
        op="erased",
        op_id=f"erasure:{erasure.id}",
        now_ms=now_ms,
        reason=erasure.reason,
        actor={"type": "user", "id": erasure.asked_by, "role": erasure.role},
    )
