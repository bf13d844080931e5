"""The error policy of the agents, in one place: nothing is skipped, nothing stops the stream.

Faust acknowledges a batch when the agent's loop body ends, however it ends. So the body must
end only when every delivery has its outcome: it waits while a part is away, it buries what
cannot be processed, and where it is told to stop it finishes first or dies without a word.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from app import flow
from app.core.backlog import Backlog
from app.core.errors import Invalid, Unavailable
from app.ports import Delivery
from app.steps.batch import Batch, Item, Ports
from app.steps.enqueue import enqueue

log = structlog.get_logger()

EXIT_UNFINISHED = 70  # EX_SOFTWARE: the supervisor starts us again, the batch comes again
_STOP_S = 2.0  # how long a batch in work may take to finish when we are told to stop
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.1, 5.0


@dataclass(slots=True)
class Guard:
    """Takes batches through triage. `waiting` is True while a part we need is away.

    `ports` may be others from one batch to the next: a batch keeps those that it began with.

    `in_hand` are the deliveries of the last batch: what a kill at this moment would repeat.
    `backlog` is told of each batch, so that it knows how long the oldest mention has waited.
    """

    ports: Ports
    timer: flow.Timer
    backlog: Backlog | None = None
    waiting: bool = False
    in_hand: Sequence[Delivery] = ()

    async def settle(self, deliveries: Sequence[Delivery]) -> Batch:
        """Return the batch once every delivery has its outcome, however long that takes."""
        self.in_hand = deliveries
        if self.backlog and deliveries:
            oldest_ms = min(delivery.sent_ms for delivery in deliveries)
            self.backlog.took(len(deliveries), oldest_ms, self.ports.now_ms())
        work = asyncio.ensure_future(self._until_settled(deliveries, self.ports))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            done, _ = await asyncio.wait({work}, timeout=_STOP_S)
            if not done or work.exception():
                log.warning("stopped_in_mid_batch", deliveries=len(deliveries))
                os._exit(EXIT_UNFINISHED)
            raise
        except Exception:  # even the burial failed: leaving would acknowledge what has no outcome
            log.exception("batch_without_outcome", deliveries=len(deliveries))
            os._exit(EXIT_UNFINISHED)
        finally:
            if self.backlog:
                self.backlog.settled(self.ports.now_ms())

    async def _until_settled(self, deliveries: Sequence[Delivery], ports: Ports) -> Batch:
        try:
            return await self._patiently(lambda: flow.triage(deliveries, ports, self.timer))
        except Exception:
            if len(deliveries) > 1:
                log.exception("batch_failed", deliveries=len(deliveries))
                return [i for d in deliveries for i in await self._until_settled([d], ports)]
            log.exception("mention_failed", src=deliveries[0].src)
            return await self._patiently(lambda: self._bury(deliveries[0], ports))

    @staticmethod
    async def _bury(delivery: Delivery, ports: Ports) -> Batch:
        problem = Invalid("internal", "input that triage survives", "a failure, see its log")
        item = Item(delivery=delivery, received_ms=ports.now_ms(), problem=problem)
        await enqueue([item], ports)
        return [item]

    async def _patiently(self, attempt: Callable[[], Awaitable[Batch]]) -> Batch:
        wait_s = _FIRST_WAIT_S
        while True:
            try:
                batch = await attempt()
            except Unavailable as error:
                log.warning("waiting", reason=str(error), wait_s=wait_s)
                self.waiting = True
                if self.backlog:
                    self.backlog.away()
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
            else:
                if self.backlog and self.waiting:
                    self.backlog.back(self.ports.now_ms())
                self.waiting = False
                return batch
