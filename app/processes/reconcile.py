"""reconcile: every accepted mention has an outcome, or is sent again; erases. Knows no Faust."""

from __future__ import annotations

import asyncio

import structlog

from app import metrics
from app.adapters.kafka import Producer
from app.adapters.redis_personal import RedisPersonal
from app.adapters.store.erasures import Erasures
from app.adapters.store.journal import Intake, Journal
from app.processes import service
from app.processes.erase import AGAIN_S, Eraser
from app.settings import Settings
from app.wiring.base import Base, base, system_ms
from app.wiring.intake import record_of

log = structlog.get_logger()


async def main(settings: Settings) -> None:
    parts = await base(settings)
    producer = Producer(settings.kafka.bootstrap)
    reconciler = Reconciler(parts, Journal(parts.database), producer)

    cached = RedisPersonal(parts.redis)
    erasures = Erasures(parts.database, parts.config.permission.words)
    journal = Journal(parts.database)
    eraser = Eraser(erasures, journal, parts.door, cached, system_ms)

    async with service.health(service.always_ready):
        try:
            await asyncio.gather(
                service.patiently("reconcile", reconciler.turn, settings.reconcile.every_s),
                service.patiently("erase", eraser.turn, AGAIN_S),
            )
        finally:
            await producer.close()
            await parts.close()


class Reconciler:
    def __init__(self, parts: Base, journal: Journal, producer: Producer) -> None:
        self._settings = parts.settings
        self._journal = journal
        self._producer = producer

    async def turn(self) -> None:
        """Tick off what has its outcome, send again what has none. Raises Unavailable."""
        while await self._journal.settle():
            pass
        before_ms = self._before_ms()  # fixed for the turn: what it sends is not lost again
        while lost := await self._journal.without_outcome(before_ms):
            await self._send_again(lost)

    def _before_ms(self) -> int:
        """Old enough to worry, or sent to an embedded broker that has since been replaced."""
        worry_ms = system_ms() - round(self._settings.reconcile.after_s * 1000)
        return max(worry_ms, self._settings.kafka.embedded_since_ms)

    async def _send_again(self, lost: list[Intake]) -> None:
        await self._producer.send([record_of(intake) for intake in lost])
        await self._journal.mark_sent([intake.intake_id for intake in lost], system_ms())
        metrics.RECONCILED.inc(len(lost))
        log.info("sent_again", mentions=len(lost))
