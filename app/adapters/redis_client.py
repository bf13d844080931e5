"""One way to connect to Redis, and the refusal of settings that would lose tasks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeAlias

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError, TimeoutError

from app.core.errors import ConfigError, Unavailable

# redis-py annotates for sync, async, bytes and text at once; each adapter says what it gets.
Client: TypeAlias = Any


def connect(url: str, timeout_s: float = 5.0) -> Client:
    """Return a client that does not repeat commands by itself: repeats are ours, with an op id."""
    return Redis.from_url(
        url,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        health_check_interval=15,
        retry=Retry(NoBackoff(), 0),
    )


@asynccontextmanager
async def connected(url: str, timeout_s: float = 5.0) -> AsyncIterator[Client]:
    client = connect(url, timeout_s)
    try:
        yield client
    finally:
        await client.aclose()


@contextmanager
def away_is_unavailable() -> Iterator[None]:
    """Turn every failure to reach or use Redis into `Unavailable`."""
    try:
        yield
    except (RedisConnectionError, TimeoutError, OSError) as error:
        raise Unavailable(f"Redis does not answer: {error}") from error
    except RedisError as error:
        raise Unavailable(f"Redis refused: {error}") from error


async def refuse_eviction(client: Client) -> None:
    """Raise ConfigError where Redis may drop keys: under memory pressure tasks would vanish."""
    try:
        found: dict[str, Any] = await client.config_get("maxmemory-policy")
    except ResponseError:
        return  # a managed Redis hides its settings; the operator's guide says what to set
    policy = found.get("maxmemory-policy", "noeviction")
    if policy != "noeviction":
        raise ConfigError([f"redis: maxmemory-policy: expected noeviction, got {policy!r}"])
