"""The Redis of the system's packages, started apart from Handshake for the live tests."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from app.processes.tcp_ports import free_port
from tests.live.running import absent, wait_for


@contextmanager
def running_redis(folder: Path) -> Iterator[str]:
    """Start `redis-server` on a free port, yield its URL, and end it."""
    binary, port = shutil.which("redis-server"), free_port()
    if not binary:
        absent("no redis-server on the PATH (apt-get install redis-server)")
    argv = [str(binary), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    argv += ["--appendonly", "yes", "--save", "", "--daemonize", "no", "--loglevel", "warning"]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as server:
        try:
            with redis.Redis(port=port) as client:
                wait_for("redis-server", lambda: _answers(client), 20)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.kill()


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


@pytest.fixture(scope="session")
def system_redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One server for the whole session."""
    with running_redis(tmp_path_factory.mktemp("system-redis")) as url:
        yield url
