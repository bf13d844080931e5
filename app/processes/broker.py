"""broker: the embedded Kafka, librdkafka's mock cluster. Memory only: it forgets at exit."""

from __future__ import annotations

import asyncio

from confluent_kafka import Producer

from app.adapters.kafka import TOPICS
from app.settings import Settings


async def main(_settings: Settings) -> None:
    """Serve until told to stop; the address is the first line on standard output."""
    host = Producer(
        {
            "bootstrap.servers": "replaced by the mock cluster",
            "test.mock.num.brokers": 1,
            "log_level": 3,
        }
    )
    for topic in TOPICS.values():
        metadata = host.list_topics(topic, timeout=10)  # asking for a topic creates it
    address = ",".join(f"{b.host}:{b.port}" for b in metadata.brokers.values())
    print(address, flush=True)  # noqa: T201 (this is how `up` learns the address)
    await asyncio.Event().wait()
