"""One way to connect to Redis, and the refusal of settings that would lose tasks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeAlias

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    MaxConnectionsError,
    RedisError,
    ResponseError,
    TimeoutError,
)
from redis.exceptions import ConnectionError as RedisConnectionError

from app.core.errors import ConfigError, ReadOnly, Unanswered

# What uvloop says, as a RuntimeError, where we write to a connection that was reset just before.
# Taken for a fault of our own it would make a good mention a dead letter.
CLOSED_LINE = "the handler is closed"

# Redis answered no, or we have no connection to send on: nothing was done, for certain.
_REFUSED = (
    ResponseError,
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    MaxConnectionsError,
)
_NOT_CONNECTED = " connecting to "  # in what redis-py says where no connection came about

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
    """Turn every failure to reach or use Redis (away, full, busy, a replica) into `ReadOnly`.

    Never into success: who asked is told 503, and may ask again with the same operation id.
    `Unanswered` where what was sent may have been done all the same.
    """
    try:
        yield
    except _REFUSED as error:
        raise ReadOnly(f"Redis refused: {error}") from error
    except (RedisConnectionError, TimeoutError) as error:
        kind = ReadOnly if _NOT_CONNECTED in str(error) else Unanswered
        raise kind(f"Redis does not answer: {error}") from error
    except (RedisError, OSError) as error:
        raise Unanswered(f"Redis does not answer: {error}") from error
    except RuntimeError as error:
        if CLOSED_LINE not in str(error):
            raise
        raise Unanswered(f"Redis does not answer: {error}") from error


def _must_wait(error: ResponseError) -> bool:
    """Is this an answer that will be another one later (loading its file, a script that runs)?"""
    return str(error).startswith(("LOADING", "BUSY", "MASTERDOWN"))


async def refuse_eviction(client: Client) -> None:
    """Raise ConfigError where Redis may drop keys: under memory pressure tasks would vanish."""
    try:
        with away_is_unavailable():
            found: dict[str, Any] = await client.config_get("maxmemory-policy")
    except ReadOnly as error:
        if isinstance(error.__cause__, ResponseError) and not _must_wait(error.__cause__):
            return  # a managed Redis hides its settings; the operator's guide says what to set
        raise
    policy = found.get("maxmemory-policy", "noeviction")
    if policy != "noeviction":
        raise ConfigError([f"redis: maxmemory-policy: expected noeviction, got {policy!r}"])
