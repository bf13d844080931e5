"""Delivery: one partner's events, sent when they are due, tried again, given up in the end."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

import msgspec
import structlog

from app import metrics
from app.adapters.store.handoffs import Handoffs
from app.core.delivery import AGAIN, TAKEN, Answer, Circuit, Route, backoff_ms, route_of
from app.core.handoff import HANDOFF, STATUS, Handoff, Partner
from app.processes.in_flight import InFlight
from app.wiring.base import system_ms

logger = structlog.get_logger()

_LEAST_PATIENCE_S = 0.05


class Sender(Protocol):
    async def send(self, partner: Partner, event: Handoff, patience_s: float) -> Answer: ...


class Delivery:
    """Killed in the middle it sends again what it had in flight: the same event, the same id."""

    def __init__(
        self,
        partner: Partner,
        log: Handoffs,
        sender: Sender,
        now_ms: Callable[[], int] = system_ms,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._partner = partner
        self._log = log
        self._sender = sender
        self._now_ms = now_ms
        self._chance = chance
        self._circuit = Circuit()
        self._flying = InFlight()

    async def turn(self) -> None:
        """Give up what is too late, send what is due; answers are not waited for.

        Raises Unavailable, also for what was sent before.
        """
        self._flying.land()
        now_ms = self._now_ms()
        for event in await self._log.overdue(self._partner.name, now_ms):
            if event.event_id not in self._flying:
                why = event.problem or "not asked, it was unwell"
                await self._give_up(event, f"not taken in {self._partner.within_s:g} s: {why}")
        room = self._circuit.room(now_ms) - len(self._flying)
        if room <= 0:
            return
        due = await self._log.due(self._partner.name, now_ms, room + len(self._flying))
        for event in [one for one in due if one.event_id not in self._flying][:room]:
            self._flying.start(event.event_id, self._try(event))

    async def work(self, rest_s: float) -> None:
        """A turn, then a rest until something has landed, or for so long."""
        await self.turn()
        await self._flying.rest(rest_s)

    async def landed(self) -> None:
        """Wait until nothing is in flight. Raises Unavailable."""
        await self._flying.landed()

    async def _try(self, event: Handoff) -> None:
        answer = await self._sender.send(self._partner, event, self._patience_s(event))
        self._circuit.note(answer, self._now_ms())
        if answer.verdict == TAKEN:
            await self._taken(event, answer)
        elif answer.verdict == AGAIN:
            await self._again(event, answer)
        else:
            await self._give_up(event, answer.problem, answer.status, event.attempts + 1)

    def _patience_s(self, event: Handoff) -> float:
        if not event.deadline_ms:
            return self._partner.timeout_s
        left_s = (event.deadline_ms - self._now_ms()) / 1000
        return max(_LEAST_PATIENCE_S, min(self._partner.timeout_s, left_s))

    async def _taken(self, event: Handoff, answer: Answer) -> None:
        route = route_of(answer, self._partner) if event.kind == HANDOFF else Route()
        await self._log.delivered(
            event,
            status=answer.status,
            route=msgspec.json.encode(route).decode() if route != Route() else "",
            settled=event.kind == STATUS,  # the delivery log tells enough of those
            changed_ms=self._now_ms(),
        )
        metrics.HANDOFFS.labels(self._partner.name, "delivered").inc()

    async def _again(self, event: Handoff, answer: Answer) -> None:
        now_ms, tries = self._now_ms(), event.attempts + 1
        next_ms = now_ms + backoff_ms(tries, self._chance(), answer.retry_after_s)
        too_late = 0 < event.deadline_ms <= next_ms
        if tries > self._partner.retries or too_late:
            await self._give_up(event, answer.problem, answer.status, tries)
            return
        await self._log.again(
            event,
            status=answer.status,
            problem=answer.problem,
            next_ms=next_ms,
            changed_ms=now_ms,
        )
        metrics.HANDOFFS.labels(self._partner.name, "retried").inc()
        logger.info("handoff_again", partner=self._partner.name, problem=answer.problem)

    async def _give_up(
        self, event: Handoff, problem: str, status: int = 0, attempts: int | None = None
    ) -> None:
        await self._log.failed(
            event,
            problem=problem,
            status=status or event.status,
            attempts=event.attempts if attempts is None else attempts,
            changed_ms=self._now_ms(),
        )
        metrics.HANDOFFS.labels(self._partner.name, "failed").inc()
        logger.warning("handoff_failed", partner=self._partner.name, problem=problem)
