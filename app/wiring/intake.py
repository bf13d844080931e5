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
from app.core.consent import STOP, HeardStop
from app.core.errors import Unavailable
from app.core.mention import Mention
from app.core.profile import handle_key
from app.core.stop_words import StopWords
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
    """Takes checked mentions in. Raises Unavailable when the journal cannot keep them.

    `words`: what is a STOP. It is heard here, before anything else happens to it.
    """

    def __init__(self, journal: Journal, producer: Producer, words: StopWords) -> None:
        self._journal = journal
        self._producer = producer
        self._words = words

    async def accept(
        self, wires: Sequence[codec.WireMention], beside: Beside | None = None
    ) -> list[dict[str, str]]:
        """Keep these, send them, and name each. What Kafka misses, `reconcile` sends.

        What `beside` writes is kept with them, or neither is.
        """
        now_ms = system_ms()
        intakes, named, stops = [], [], []
        for wire in wires:
            intake, mention = _prepare(wire, now_ms)
            intakes.append(intake)
            named.append(_name(intake, mention))
            if self._words.said(mention.channel, mention.text) == STOP:
                stops.append(_stop(intake, mention))
        await self._journal.add(intakes, beside, stops)
        metrics.INTAKE.inc(len(intakes))
        try:
            await self._producer.send([record_of(intake) for intake in intakes])
        except Unavailable as error:
            log.warning("kept_for_reconcile", mentions=len(intakes), reason=str(error))
        return named


def _prepare(wire: codec.WireMention, now_ms: int) -> tuple[Intake, Mention]:
    intake_id = uuid.uuid4().hex
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    # The identity and the moment of detection are fixed here, so that sending again
    # gives the same mention and the same deadline.
    mention = codec.to_mention(wire, fallback_id=intake_id, now=now)
    wire.id = mention.source_id
    wire.detected_at = wire.detected_at or now
    raw = codec.encode_wire(wire)
    intake = Intake(intake_id=intake_id, mention_id=mention.mention_id, raw=raw, received_ms=now_ms)
    return intake, mention


def _name(intake: Intake, mention: Mention) -> dict[str, str]:
    return {
        "mention_id": mention.mention_id,
        "source_id": mention.source_id,
        "intake_id": intake.intake_id,
    }


def _stop(intake: Intake, mention: Mention) -> HeardStop:
    return HeardStop(
        intake_id=intake.intake_id,
        mention_id=mention.mention_id,
        handle_key=handle_key(mention.channel, mention.author.handle),
        channel=mention.channel,
        at_ms=intake.received_ms,
    )
