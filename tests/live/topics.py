"""Topics as a stranger sees them: read from the beginning and written by confluent-kafka."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from confluent_kafka import Consumer, Producer


@dataclass(frozen=True)
class Message:
    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]


def read(
    bootstrap: str, topic: str, enough: Callable[[list[Message]], bool], seconds: float = 15.0
) -> list[Message]:
    """Everything on the topic from its beginning until it is enough; fail where it never is."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"live-{uuid.uuid4().hex}",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "fetch.message.max.bytes": 8_388_608,
            "log_level": 2,
        }
    )
    consumer.subscribe([topic])
    found: list[Message] = []
    deadline = time.monotonic() + seconds
    try:
        while not enough(found):
            if time.monotonic() > deadline:
                pytest.fail(f"waited {seconds:.0f} s for the topic {topic}: {len(found)} messages")
            message = consumer.poll(0.2)
            if message is not None and message.error() is None:
                headers = dict(message.headers() or [])
                found.append(Message(message.key(), message.value(), headers))
    finally:
        consumer.close()
    return found


def write(
    bootstrap: str,
    values: list[bytes | None],
    topic: str = "mentions",
    headers: dict[str, bytes] | None = None,
) -> None:
    """Produce these values in order to one partition's worth of nobody's key."""
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "message.max.bytes": 8_388_608,
            "linger.ms": 5,
            "log_level": 2,
        }
    )
    failed: list[str] = []
    for value in values:
        producer.produce(
            topic,
            value,
            key=None,
            headers=list((headers or {}).items()),
            on_delivery=lambda error, _: failed.append(str(error)) if error else None,
        )
    assert producer.flush(20) == 0
    assert failed == []
