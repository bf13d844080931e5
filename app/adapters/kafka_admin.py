"""Topics on a real Kafka: made before anybody reads them."""

from __future__ import annotations

import asyncio

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from app.adapters.kafka import MAX_BYTES, TOPICS
from app.core.errors import Unavailable

_TIMEOUT_S = 15.0


async def create_topics(bootstrap: str, partitions: int) -> None:
    """Create the five topics that are missing. Raises Unavailable.

    They must be there before the worker starts: a consumer that subscribes to a topic
    that does not exist learns of it minutes later.
    """
    await asyncio.to_thread(_create, bootstrap, partitions)


def _create(bootstrap: str, partitions: int) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
    try:
        known = admin.list_topics(timeout=_TIMEOUT_S).topics
        missing = [
            NewTopic(name, partitions, config={"max.message.bytes": str(MAX_BYTES)})
            for name in TOPICS.values()
            if name not in known
        ]
        for created in (admin.create_topics(missing) if missing else {}).values():
            created.result(_TIMEOUT_S)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise Unavailable(f"Kafka at {bootstrap} does not answer: {error}") from error
