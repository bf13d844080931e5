"""The relay: each fact into the ledger first, then on the topic, then out of the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from app import metrics
from app.adapters.kafka import TOPICS, Producer, Record
from app.adapters.redis_outbox import RedisOutbox
from app.adapters.store.ledger import Ledger
from app.core.outcomes import measure

_BATCH = 500
_BLOCK_MS = 500


class Relay:
    """Moves facts; whatever it is killed in the middle of is done again without effect."""

    def __init__(self, outbox: RedisOutbox, ledger: Ledger, producer: Producer) -> None:
        self._outbox = outbox
        self._ledger = ledger
        self._producer = producer

    async def move(self, block_ms: int = _BLOCK_MS) -> int:
        """Move one batch, waiting up to half a second for one. Raises Unavailable.

        The ledger refuses facts of a life of Redis that has ended: a relay that was frozen in the
        middle of a batch cannot bring them after a rebuild that knew nothing of them.
        """
        entries = await self._outbox.read(_BATCH, block_ms)
        metrics.OUTBOX.set(await self._outbox.length())
        if not entries:
            return 0
        facts = [entry.fact for entry in entries]
        seq = await self._ledger.append(facts, entries[0].epoch)
        await self._producer.send([_record(fact) for fact in facts])
        await self._outbox.remove(entries, seq)
        _count(facts)
        return len(facts)


def _record(fact: dict[str, Any]) -> Record:
    key = fact.get("task_id") or fact.get("mention_id") or fact["op_id"]
    return Record(topic=TOPICS["facts"], key=str(key).encode(), value=orjson.dumps(fact))


def _count(facts: Sequence[dict[str, Any]]) -> None:
    for fact in facts:
        metrics.RELAYED.labels(fact["op"]).inc()
        queue, figures = fact.get("queue", ""), measure(fact)
        if figures.offer:
            metrics.OFFERS.labels(figures.offer).inc()
        if figures.to_offer_s is not None:
            metrics.TO_OFFER_SECONDS.observe(figures.to_offer_s)
        if figures.response_s is not None:
            metrics.TO_RESPONSE_SECONDS.labels(queue).observe(figures.response_s)
        if figures.sla:
            metrics.SLA_OUTCOMES.labels(queue, figures.sla).inc()
        if figures.resolution:
            metrics.RESOLUTIONS.labels(queue, figures.resolution).inc()
