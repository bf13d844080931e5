"""The same flow on real parts: Apache Kafka, the system's Redis, PostgreSQL as the record.

The worker, the broker and every connection to the store are killed in between.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.live import topics
from tests.live.kafka_node import kafka_node, kill_broker, start_again
from tests.live.postgres_node import end_connections, new_database, postgres_url
from tests.live.redis_node import system_redis_url
from tests.live.running import Handshake, absent, mention, running, wait_for
from tests.live.test_nothing_lost import Sender, check, progress
from tools.kafka.errors import KafkaToolError
from tools.kafka.jars import ensure_jars
from tools.kafka.java import find_java

__all__ = ["kafka_node", "postgres_url", "system_redis_url"]

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

EMERGENCY = "There is smoke coming out of the engine and nobody answers the emergency number!"


@pytest.fixture(scope="module")
def _possible() -> None:
    try:
        find_java()
        ensure_jars()
    except KafkaToolError as error:
        absent(f"no real Kafka: {error}")


@pytest.fixture(scope="module")
def store_url(postgres_url: str) -> str:
    """An empty database of this module's own."""
    return new_database(postgres_url, "real_kafka")


@pytest.fixture(scope="module")
def one(
    _possible: None,
    kafka_node: str,
    system_redis_url: str,
    store_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Handshake]:
    parts = ("--kafka", kafka_node, "--redis", system_redis_url, "--store", store_url)
    with running(tmp_path_factory.mktemp("real"), *parts) as instance:
        yield instance


def test_the_flow(one: Handshake, kafka_node: str, system_redis_url: str, store_url: str) -> None:
    assert one.run["kafka"]["bootstrap"] == kafka_node
    assert (one.run["redis"], one.run["store"]) == (system_redis_url, store_url)
    assert (one.run["pids"]["broker"], one.run["pids"]["redis"]) == (0, 0)
    assert not (one.data_dir / "handshake.db").exists()
    [named] = one.post([mention(EMERGENCY)])
    direct = mention(EMERGENCY)
    topics.write(kafka_node, [json.dumps(direct).encode(), b"no mention", None])
    wait_for("queued", lambda: "queued" in one.ops(named["mention_id"]), 20)
    wait_for("dead letters", lambda: len(one.facts("op = 'dead'")) == 2)
    wait_for("the other", lambda: [f for f in one.facts("op='queued'")
                                   if f["source_id"] == direct["id"]])  # fmt: skip
    for _ in range(2):
        one.state("ben", "available")
        card = wait_for("an offer", lambda: one.desk("ben")["offer"])
        for command, given in (
            ("accept", {}), ("reply", {"text": "Leave it."}), ("complete", {"code": "resolved"}),
        ):  # fmt: skip
            assert one.command("ben", card["task_id"], command, **given).status_code == 200
    one.state("ben", "offline")
    wait_for("completed", lambda: len(one.facts("op = 'completed'")) == 2)
    wanted = {fact["fact_id"] for fact in one.facts()}
    topics.read(
        kafka_node, "facts",
        lambda found: wanted <= {json.loads(m.value or b"{}")["fact_id"] for m in found},
    )  # fmt: skip


def test_killing_the_worker_in_mid_batch(one: Handshake) -> None:
    sender = Sender(one, 800, pause_s=0.2)
    sender.start()
    before = progress(one)
    wait_for("work in hand", lambda: progress(one) > before + 40, 60)
    one.back("worker", one.kill("worker"))
    check(one, sender.sent(), 90)


def test_ending_every_connection_to_the_store(one: Handshake, store_url: str) -> None:
    """What was under way is done again on a new connection: nothing lost, nothing twice."""
    sender = Sender(one, 400, pause_s=0.3)
    sender.start()
    for _ in range(3):
        before = progress(one)
        wait_for("work in hand", lambda b=before: progress(one) > b + 40, 60)
        assert end_connections(store_url) > 0
    check(one, sender.sent(), 90)


def test_killing_the_broker(one: Handshake, kafka_node: str) -> None:
    """Accepted while Kafka is away: kept in the journal, sent when it is back."""
    sender = Sender(one, 300, pause_s=0.2)
    sender.start()
    wait_for("mentions under way", lambda: len(sender.accepted) > 60, 60)
    kill_broker(kafka_node)
    start_again(kafka_node)
    check(one, sender.sent(), 150)
