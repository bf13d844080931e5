"""The one Faust app: at-least-once, raw bytes, no tables, no web server of its own."""

from __future__ import annotations

import asyncio
from typing import Any

import faust
from faust.transport.drivers import aiokafka as driver

from app.adapters.kafka import MAX_BYTES, TOPICS
from app.failpoints import failpoint
from app.settings import Settings


def create(settings: Settings) -> faust.App:
    """Build the app. Why each setting: docs/decisions/0003-faust.md."""
    app = faust.App(
        settings.kafka.group,
        broker=f"kafka://{settings.kafka.bootstrap}",
        datadir=str(settings.data_dir / "faust"),
        autodiscover=False,
        web_enabled=False,
        processing_guarantee="at_least_once",
        topic_allow_declare=False,  # the embedded broker creates topics by itself
        topic_disable_leader=True,
        topic_partitions=settings.kafka.partitions,
        stream_buffer_maxsize=4096,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=MAX_BYTES,
        broker_commit_interval=1.0,  # what is redelivered after a crash is a second of work
        # A killed worker's partitions move after this; a broker allows no less by default.
        broker_session_timeout=6.0,
        broker_heartbeat_interval=2.0,
    )
    # A fetch that waits for data is our idle latency; Faust fixes it at 1.5 s.
    app.transport = _Transport(
        app.conf.broker,
        app,
        asyncio.get_running_loop(),
        fetch_wait_ms=settings.kafka.fetch_wait_ms,
    )
    return app


def mentions(app: faust.App) -> faust.Topic:
    """The topic as raw bytes: what Faust cannot decode it would skip, and lose."""
    return app.topic(
        TOPICS["mentions"], key_serializer="raw", value_serializer="raw", value_type=bytes
    )


def progress(app: faust.App) -> dict[int, tuple[int, int]]:
    """Committed and end offset of each partition that this worker reads and has committed."""
    thread = app.consumer._thread
    client = thread._consumer if thread else None
    found = {}
    for tp, done in dict(app.monitor.tp_committed_offsets).items():
        end = client.highwater(tp) if client and tp in client.assignment() else None
        if end is not None:
            found[tp.partition] = (done, end)
    return found


def committed(app: faust.App) -> dict[str, int]:
    """The committed offset of each partition, as far as this worker knows it."""
    known = app.consumer._committed_offset if app.consumer else {}
    return {str(tp.partition): offset for tp, offset in known.items() if offset is not None}


class _Thread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]
    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = transport.fetch_wait_ms
        return consumer


class _Consumer(driver.Consumer):  # type: ignore[misc]
    def _new_consumer_thread(self) -> Any:
        return _Thread(self, loop=self.loop, beacon=self.beacon)

    async def _commit(self, offsets: Any) -> bool:
        failpoint("before-commit")
        done = bool(await super()._commit(offsets))
        failpoint("after-commit")
        return done

    async def on_partitions_revoked(self, revoked: Any) -> None:
        await super().on_partitions_revoked(revoked)
        if revoked:
            failpoint("in-rebalance")

    async def on_partitions_assigned(self, assigned: Any, generation_id: int = 0) -> None:
        failpoint("in-rebalance")
        await super().on_partitions_assigned(assigned, generation_id)


class _Transport(driver.Transport):  # type: ignore[misc]
    Consumer = _Consumer

    def __init__(self, url: Any, app: faust.App, loop: Any, fetch_wait_ms: int) -> None:
        super().__init__(url, app, loop)
        self.fetch_wait_ms = fetch_wait_ms
