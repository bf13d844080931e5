"""Kafka outside Faust: the topics, and a producer whose messages are awaited before we go on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from app.core.errors import Unavailable

TOPICS = {name: name for name in ("mentions", "facts", "responses", "handoffs", "dead")}

# Carries the name of a delivery that was journalled, however often it is sent.
SRC_HEADER = "handshake-src"
# When it was accepted, ms: times ahead of this are clamped alike whenever it is sent again.
INTAKE_HEADER = "handshake-intake-ms"

MAX_BYTES = 8_388_608  # 8 MB: larger than any mention, so that a dead letter fits with headers
_TIMEOUT_MS = 10_000
# A producer that died at a reset connection never answers for what it had in hand.
_GIVE_UP_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One message to send."""

    topic: str
    value: bytes | None
    key: bytes | None = None
    headers: dict[str, bytes] = field(default_factory=dict)


class Producer:
    """Sends and waits for the acknowledgement of all replicas."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._producer: AIOKafkaProducer | None = None
        self._opening = asyncio.Lock()

    async def send(self, records: Sequence[Record]) -> None:
        """Send these in order; returns once all are acknowledged. Raises Unavailable."""
        try:
            async with asyncio.timeout(_GIVE_UP_S):
                producer = await self._open()
                sent = [
                    await producer.send(
                        record.topic,
                        value=record.value,
                        key=record.key,
                        headers=list(record.headers.items()),
                    )
                    for record in records
                ]
                await asyncio.gather(*sent)
        except (KafkaError, OSError) as error:
            # A producer whose broker went away may never recover: the next call makes a new one.
            await self.close()
            raise Unavailable(f"Kafka does not answer: {error!r}") from error

    async def _open(self) -> AIOKafkaProducer:
        async with self._opening:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._bootstrap,
                    acks="all",
                    linger_ms=1,
                    max_request_size=MAX_BYTES,
                    request_timeout_ms=_TIMEOUT_MS,
                )
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer

    async def close(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await _stop(producer)


async def _stop(producer: AIOKafkaProducer) -> None:
    try:
        await asyncio.wait_for(producer.stop(), timeout=2.0)
    except (TimeoutError, KafkaError, OSError):
        return  # the broker is gone; there is nobody to say goodbye to


def headers_of(pairs: Iterable[tuple[str, bytes]] | dict[str, bytes] | None) -> dict[str, bytes]:
    """A message's headers as a dict, whichever form the client gives them in."""
    return dict(pairs or {})
