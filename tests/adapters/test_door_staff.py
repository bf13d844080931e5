"""Who is no longer on the staff: no further offers, and what they held waits for others."""

from __future__ import annotations

from typing import Any

import pytest

from app.adapters.redis_client import Client
from app.adapters.redis_door import RedisDoor
from app.adapters.redis_floor import RedisFloor
from app.adapters.store.database import Database
from app.core.errors import Conflict
from tests.adapters.centre import Centre
from tests.adapters.test_door_handover import accepted_by, held
from tests.adapters.test_door_offers import offer
from tests.adapters.test_door_work import facts, field
from tests.builders import (
    CATALOGUE,
    OFFER_MS,
    admission,
    do,
    hand_to,
    ready,
    set_state,
    supervise,
    task_id,
)

ANN, BOB = CATALOGUE.reps["ann"], CATALOGUE.reps["bob"]


async def test_who_leaves_the_staff_gives_back_what_they_held(
    door: RedisDoor, redis: Client
) -> None:
    """The offer, what was accepted and what was wrapped up: each with its fact and its reason."""
    first = await accepted_by(door, "ann")
    await door.admit([admission("2")])
    assert await offer(door) == [task_id("2")]
    await do(door, "accept", task_id("2"), "ann")
    await do(door, "wrap", task_id("2"), "ann")
    await door.admit([admission("3")])
    assert await offer(door) == [task_id("3")]
    assert await door.staff([BOB]) == ["ann"]
    assert await held(redis, "ann") == set()
    said = await facts(redis)
    left = {f["task_id"]: f for f in said if f.get("task_id") and f["reason"].endswith("left")}
    assert {left[t]["op"] for t in (first, task_id("2"))} == {"transferred"}
    assert {left[t]["reason"] for t in (first, task_id("2"))} == {"agent_left"}
    rescinded = left[task_id("3")]
    assert (rescinded["op"], rescinded["reason"]) == ("rescinded", "the agent has left")
    assert {f["actor"]["role"] for f in left.values()} == {"service"}
    rep = said[-1]["data"]["rep"]
    assert (rep["name"], rep["state"], rep["left"]) == ("ann", "offline", True)
    await ready(door, "bob")
    assert len(await offer(door)) == 1


async def test_who_has_left_is_offered_assigned_and_handed_nothing(
    door: RedisDoor, redis: Client
) -> None:
    task = await accepted_by(door, "bob", "ann")
    await door.staff([BOB])
    with pytest.raises(Conflict, match="Nobody here takes tasks as ann"):
        await set_state(door, "ann", "available")
    for refused in (hand_to(door, task, "bob", "ann"), _assign(door, "ann")):
        with pytest.raises(Conflict, match="Nobody here takes tasks as ann"):
            await refused
    await door.present(["ann"])
    assert await redis.zscore("hs:present", "ann") is None
    assert await redis.zscore("hs:ready", "ann") is None
    assert await RedisFloor(redis, CATALOGUE).rep("ann") is None
    assert [rep["name"] for rep in await RedisFloor(redis, CATALOGUE).reps()] == ["bob"]


async def _assign(door: RedisDoor, to_rep: str) -> Any:
    await door.admit([admission("9")])
    return await supervise(door, "assign", task_id("9"), to_rep=to_rep, expires_ms=OFFER_MS)


async def test_what_they_had_parked_comes_back_for_everybody(
    door: RedisDoor, redis: Client
) -> None:
    task = await accepted_by(door, "ann")
    await do(door, "park", task, "ann", until_ms=door.now_ms + 60_000, reason="later")
    await door.staff([BOB])
    await ready(door, "bob")
    door.now_ms += 60_000
    await door.timers()
    assert await field(redis, "for_rep") == ""
    assert await offer(door) == [task]


async def test_the_same_staff_again_changes_nothing(door: RedisDoor, redis: Client) -> None:
    await accepted_by(door, "ann", "bob")
    before = len(await facts(redis))
    staff = [ANN, BOB]
    await door.staff(staff)
    changed = len(await facts(redis))  # the catalogue's capacity is another than `ready` gives
    assert await door.staff(staff) == []
    assert len(await facts(redis)) == changed
    assert changed - before <= len(staff)


async def test_who_comes_back_to_the_staff_begins_offline_and_no_fact_id_is_used_twice(
    door: RedisDoor, redis: Client
) -> None:
    await accepted_by(door, "ann")
    await door.staff([])
    await door.staff([ANN])
    assert await redis.hget("hs:rep:ann", "state") == b"offline"
    await ready(door, "ann")
    ids = [fact["fact_id"] for fact in await facts(redis)]
    assert len(ids) == len(set(ids))
    door.now_ms += OFFER_MS  # like anybody who has lost a task
    assert await offer(door) == [task_id()]


async def test_a_rebuild_does_not_bring_back_who_has_left(
    door: RedisDoor, redis: Client, database: Database
) -> None:
    centre = Centre(door, redis, database)
    await centre.open()
    await accepted_by(door, "ann")
    await door.staff([BOB])
    await centre.relayed()
    before = await centre.reps(), await redis.hgetall("hs:rep:ann")
    await centre.wiped()
    assert await centre.keeper.turn()
    assert (await centre.reps(), await redis.hgetall("hs:rep:ann")) == before
    assert list(before[0]) == ["bob"]


async def test_who_was_lost_with_their_facts_gives_back_what_the_ledger_says_they_hold(
    door: RedisDoor, redis: Client, database: Database
) -> None:
    """A ledger of an early version tells of tasks, and not of those who hold them."""
    centre = Centre(door, redis, database)
    await centre.open()
    task = await accepted_by(door, "ann")
    entries = [e.fact for e in await centre.outbox.read(500, 0)]
    await centre.ledger.append([fact for fact in entries if fact["op"] != "configured"])
    await centre.wiped()
    assert await centre.keeper.turn()
    assert await door.staff([BOB]) == ["ann"]
    assert (await centre.tasks())[task]["state"] == "queued"
