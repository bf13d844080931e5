"""The server's clock jumps: nobody is late for that, and time does not stand still for hours."""

from __future__ import annotations

import pytest

from app.adapters.redis_client import Client
from app.adapters.redis_door import RedisDoor
from app.adapters.store.database import Database
from tests.adapters.centre import Centre
from tests.builders import OFFER_MS, admission, ready, task_id

HOUR_MS = 3_600_000


@pytest.fixture
async def centre(door: RedisDoor, redis: Client, database: Database) -> Centre:
    centre = Centre(door, redis, database)
    await centre.open()
    await ready(door, "ann")
    await door.admit([admission()])
    await door.offer(OFFER_MS)
    assert await centre.keeper.turn()
    return centre


async def test_after_a_jump_forward_nothing_expires_for_half_a_minute(centre: Centre) -> None:
    centre.door.now_ms += HOUR_MS
    centre.apart_ms += HOUR_MS
    assert not await centre.keeper.turn()
    centre.door.now_ms += 29_000
    assert not await centre.keeper.turn()
    centre.door.now_ms += 1_000
    assert await centre.keeper.turn()


async def test_a_watch_that_was_frozen_goes_on_at_once(centre: Centre) -> None:
    centre.door.now_ms += HOUR_MS
    assert await centre.keeper.turn()


async def test_a_clock_that_went_back_is_gone_by_again_and_open_offers_end(centre: Centre) -> None:
    due = await centre.redis.hget(f"hs:task:{task_id()}", "due_ms")
    centre.door.now_ms -= HOUR_MS
    centre.apart_ms -= HOUR_MS
    assert await centre.keeper.turn()
    assert await centre.redis.get("hs:clock") == str(centre.door.now_ms).encode()
    fields = await centre.redis.hgetall(f"hs:task:{task_id()}")
    assert (fields[b"state"], fields[b"due_ms"]) == (b"queued", due)
    await centre.relayed()
    told = await centre.ledger.since(0)
    assert [(f["op"], f["reason"]) for f in told[-2:]] == [
        ("rescinded", "the clock went back"),
        ("degraded", "the clock went back"),
    ]
    centre.door.now_ms += 200
    assert await centre.keeper.turn()
    assert await centre.door.offer(OFFER_MS) == [task_id()]


async def test_a_small_step_back_is_bridged_by_the_highest_time(centre: Centre) -> None:
    highest = await centre.redis.get("hs:clock")
    centre.door.now_ms -= 20_000
    assert await centre.keeper.turn()
    await centre.door.expire()
    assert await centre.redis.get("hs:clock") == highest
    assert await centre.redis.zcard("hs:offers") == 1
