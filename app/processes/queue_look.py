"""How the queues stand, for who asks rules beside triage: known, or empty; never waited for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

from app import metrics
from app.adapters.redis_queue_state import RedisQueueState
from app.core.errors import Unavailable
from app.core.queue_state import NO_QUEUES, QueueValues
from app.ports import QUEUES

Look = Callable[[], Awaitable[QueueValues]]


async def nobody_looks() -> QueueValues:
    return NO_QUEUES


def looking(state: RedisQueueState) -> Look:
    """Rules do not wait for it: where it is not known, those that ask for it do not hold."""

    async def look() -> QueueValues:
        found: QueueValues = NO_QUEUES
        with suppress(Unavailable):
            found = await state.now()
        metrics.DEGRADED.labels(QUEUES).set(found is NO_QUEUES)
        return found

    return look
