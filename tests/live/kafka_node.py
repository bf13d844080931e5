"""A real Kafka of its own for the live tests, which may be killed and started again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tools.kafka.node import KafkaNode

_nodes: dict[str, KafkaNode] = {}  # by bootstrap address, which a restart keeps


@contextmanager
def running_kafka(folder: Path) -> Iterator[str]:
    """Start a broker on a free port, yield its bootstrap address, and kill it at the end."""
    node = KafkaNode(folder)
    node.start()
    bootstrap = node.bootstrap
    _nodes[bootstrap] = node
    try:
        yield bootstrap
    finally:
        del _nodes[bootstrap]
        node.kill()  # its data is thrown away anyhow, and a clean stop takes longer


@pytest.fixture(scope="session")
def kafka_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One broker for the whole session, as its bootstrap address."""
    with running_kafka(tmp_path_factory.mktemp("kafka")) as bootstrap:
        yield bootstrap


def kill_broker(bootstrap: str) -> None:
    """End the broker with SIGKILL, as a crash would."""
    _nodes[bootstrap].kill()


def start_again(bootstrap: str) -> None:
    """Start a killed broker on the same data and port, and wait until it answers."""
    _nodes[bootstrap].start(int(bootstrap.rpartition(":")[2]))
