"""The profile cache follows the store, and says when it cannot tell."""

from __future__ import annotations

from app.adapters.redis_client import Client
from app.adapters.redis_profiles import RedisProfiles
from app.adapters.store.database import Database
from app.adapters.store.statements import Statements
from app.core.profile import MISSING, STRANGER
from app.core.profile_fields import Row, statement_of
from app.processes.profile_cache import ProfileCache

NOW_MS = 1_795_000_000_000


def customer(number: int, at_ms: int = 1, **given: object) -> Row:
    pairs = [("customer_id", f"C{number}"), ("handle.x", f"kim{number}"), *given.items()]
    return Row(line=number, statement=statement_of(pairs, "crm", at_ms, NOW_MS))


async def test_before_the_cache_is_filled_a_miss_is_no_stranger(redis: Client) -> None:
    """A2.1: decided without knowing is visible; nobody is called new who may be known."""
    assert (await RedisProfiles(redis).of(["x:kim"])).profiles == [MISSING]


async def test_what_changes_in_the_store_is_in_the_cache_after_a_turn(
    database: Database, redis: Client
) -> None:
    store, cached = Statements(database), RedisProfiles(redis)
    follower = ProfileCache(store, cached)
    await follower.turn()
    assert (await cached.of(["x:kim1"])).profiles == [STRANGER]
    await store.take([customer(1, tier="gold")])
    await follower.turn()
    assert [one.tier for one in (await cached.of(["x:kim1"])).profiles] == ["gold"]
    await store.take([customer(1, at_ms=2, tier="platinum")])
    await follower.turn()
    assert [one.tier for one in (await cached.of(["x:kim1", "x:lee"])).profiles] == ["platinum", ""]


async def test_a_wiped_cache_is_filled_again_in_pages(database: Database, redis: Client) -> None:
    store, cached = Statements(database), RedisProfiles(redis)
    follower = ProfileCache(store, cached)
    await store.take([customer(number, tier="gold") for number in range(1_100)])
    await follower.turn()
    await redis.flushall()
    assert (await cached.of(["x:kim7"])).profiles == [MISSING]
    await follower.turn()
    found = (await cached.of([f"x:kim{number}" for number in range(1_101)])).profiles
    assert [one.tier for one in found] == ["gold"] * 1_100 + [""]
    assert found[-1] == STRANGER


async def test_a_cache_of_another_store_is_filled_from_this_one(
    database: Database, redis: Client
) -> None:
    store, cached = Statements(database), RedisProfiles(redis)
    await cached.put({"x:kim1": b"{}"}, (99, "C9"), filled=True)
    await store.take([customer(1, tier="gold")])
    await ProfileCache(store, cached).turn()
    assert [one.tier for one in (await cached.of(["x:kim1"])).profiles] == ["gold"]


async def test_a_blob_that_nobody_can_read_is_a_miss(redis: Client) -> None:
    cached = RedisProfiles(redis)
    await cached.put({"x:kim": b"{broken"}, (1, "C1"), filled=True)
    assert (await cached.of(["x:kim", "x:lee"])).profiles == [MISSING, STRANGER]
