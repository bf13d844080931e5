"""Intake: a mention is kept in the journal first, then sent to the topic."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

import structlog

from app import codec, metrics
from app.adapters.kafka import INTAKE_HEADER, SRC_HEADER, TOPICS, Producer, Record
from app.adapters.store.database import Beside
from app.adapters.store.journal import Intake, Journal
from app.core.errors import Unavailable
from app.wiring.base import system_ms

log = structlog.get_logger()


def record_of(intake: Intake) -> Record:
    """The message of a journalled mention; the header names this delivery for ever."""
    return Record(
        topic=TOPICS["mentions"],
        key=intake.mention_id.encode(),
        value=intake.raw,
        headers={
            SRC_HEADER: intake.src.encode(),
            INTAKE_HEADER: str(intake.received_ms).encode(),
        },
    )


class Gate:
    """Takes checked mentions in. Raises Unavailable when the journal cannot keep them."""

    def __init__(self, journal: Journal, producer: Producer) -> None:
        self._journal = journal
        self._producer = producer

    async def accept(
        self, wires: Sequence[codec.WireMention], beside: Beside | None = None
    ) -> list[dict[str, str]]:
        """Keep these, send them, and name each. What Kafka misses, `reconcile` sends.

        What `beside` writes is kept with them, or neither is.
        """
        now_ms = system_ms()
        intakes, named = [], []
        for wire in wires:
            intake, name = _prepare(wire, now_ms)
            intakes.append(intake)
            named.append(name)
        await self._journal.add(intakes, beside)
        metrics.INTAKE.inc(len(intakes))
        try:
            await self._producer.send([record_of(intake) for intake in intakes])
        except Unavailable as error:
            log.warning("kept_for_reconcile", mentions=len(intakes), reason=str(error))
        return named


def _prepare(wire: codec.WireMention, now_ms: int) -> tuple[Intake, dict[str, str]]:
    intake_id = uuid.uuid4().hex
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    # The identity and the moment of detection are fixed here, so that sending again
    # gives the same mention and the same deadline.
    mention = codec.to_mention(wire, fallback_id=intake_id, now=now)
    wire.id = mention.source_id
    wire.detected_at = wire.detected_at or now
    raw = codec.encode_wire(wire)
    intake = Intake(intake_id=intake_id, mention_id=mention.mention_id, raw=raw, received_ms=now_ms)
    name = {
        "mention_id": mention.mention_id,
        "source_id": mention.source_id,
        "intake_id": intake_id,
    }
    return intake, name
