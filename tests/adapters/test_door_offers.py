"""The door: who is offered what, when, and what happens when nobody answers."""

from __future__ import annotations

import pytest

from app.adapters.redis_client import Client
from app.adapters.redis_door import RedisDoor
from app.core.errors import Conflict
from tests.builders import NOON, OFFER_MS, actor_of, admission, do, ready, set_state, task_id


async def held(redis: Client, rep: str) -> set[str]:
    return {task.decode() for task in await redis.smembers(f"hs:rep:{rep}:tasks")}


async def state_of(redis: Client, rep: str) -> tuple[str, str]:
    found = await redis.hmget(f"hs:rep:{rep}", "state", "reason")
    return found[0].decode(), found[1].decode()


async def offer(door: RedisDoor) -> list[str]:
    return await door.offer(OFFER_MS)


async def test_a_task_is_pushed_to_a_free_rep(door: RedisDoor, redis: Client) -> None:
    """A5.5: nobody picks from a list, the task comes to the person."""
    await ready(door, "ann")
    await door.admit([admission()])
    assert await offer(door) == [task_id()]
    assert await held(redis, "ann") == {task_id()}


async def test_nobody_is_offered_a_second_task_while_one_is_open(door: RedisDoor) -> None:
    await ready(door, "ann")
    await door.admit([admission("1"), admission("2")])
    assert len(await offer(door)) == 1
    assert await offer(door) == []


async def test_nobody_is_offered_more_than_their_capacity(door: RedisDoor, redis: Client) -> None:
    await ready(door, "ann", capacity=2)
    await door.admit([admission(str(i)) for i in range(5)])
    for _ in range(2):
        [task] = await offer(door)
        await do(door, "accept", task, "ann")
    assert await offer(door) == []
    assert len(await held(redis, "ann")) == 2


async def test_room_that_becomes_free_is_used(door: RedisDoor) -> None:
    await ready(door, "ann", capacity=1)
    await door.admit([admission("1"), admission("2")])
    [task] = await offer(door)
    await do(door, "accept", task, "ann")
    await do(door, "complete", task, "ann")
    assert len(await offer(door)) == 1


@pytest.mark.parametrize("skills", [("billing",), ("en", "billing")])
async def test_a_task_goes_only_to_who_has_every_skill(
    door: RedisDoor, redis: Client, skills: tuple[str, ...]
) -> None:
    await ready(door, "bob", "ann")
    await door.admit([admission(skills=skills)])
    await offer(door)
    assert (await held(redis, "bob"), await held(redis, "ann")) == (set(), {task_id()})


async def test_a_skill_is_a_whole_word(door: RedisDoor) -> None:
    await ready(door, "ann", skills=("en-us", "billing2"))
    await door.admit([admission(skills=("en",)), admission("2", skills=("billing",))])
    assert await offer(door) == []


async def test_a_queue_that_somebody_does_not_serve_is_not_offered_to_them(
    door: RedisDoor,
) -> None:
    await ready(door, "bob")
    await door.admit([admission(queue="billing", skills=())])
    assert await offer(door) == []


async def test_the_most_pressing_task_goes_first_across_queues_and_lanes(door: RedisDoor) -> None:
    await ready(door, "ann", capacity=9)
    given = [
        ("low", {"priority": 10}),
        ("skilled", {"priority": 60, "skills": ("billing",)}),
        ("money", {"priority": 80, "queue": "billing"}),
        ("short", {"priority": 30, "window_s": 60.0}),
        ("plain", {"priority": 50}),
    ]
    await door.admit([admission(id_, **fields) for id_, fields in given])
    order = []
    for _ in given:
        [task] = await offer(door)
        await do(door, "accept", task, "ann")
        order.append(task)
    assert order == [task_id(id_) for id_ in ("short", "money", "skilled", "plain", "low")]


async def test_equal_tasks_are_offered_in_the_same_order_every_time(door: RedisDoor) -> None:
    await ready(door, "ann", capacity=9)
    await door.admit([admission(str(i), skills=("en",) * (i % 2)) for i in range(4)])
    order = []
    for _ in range(4):
        [task] = await offer(door)
        await do(door, "accept", task, "ann")
        order.append(task)
    assert order == sorted(order)


async def test_whoever_has_been_idle_longest_is_offered_first(
    door: RedisDoor, redis: Client
) -> None:
    await ready(door, "bob", "ann")
    await door.admit([admission("1")])
    await offer(door)
    await do(door, "accept", task_id("1"), "bob")
    door.now_ms += 10
    await door.admit([admission("2")])
    await offer(door)
    assert await held(redis, "ann") == {task_id("2")}


async def test_an_expired_offer_goes_to_the_next_rep(door: RedisDoor, redis: Client) -> None:
    await ready(door, "ann", "bob")
    await door.admit([admission()])
    await offer(door)
    door.now_ms += OFFER_MS
    assert await door.expire() == [task_id()]
    assert await held(redis, "ann") == set()
    assert await offer(door) == [task_id()]
    assert await held(redis, "bob") == {task_id()}


async def test_an_offer_stands_until_its_last_millisecond(door: RedisDoor) -> None:
    await ready(door, "ann")
    await door.admit([admission()])
    await offer(door)
    door.now_ms += OFFER_MS - 1
    assert not await door.expire()
    door.now_ms += 1
    assert await door.expire() == [task_id()]


async def test_a_missed_offer_pauses_the_rep_visibly(door: RedisDoor, redis: Client) -> None:
    await ready(door, "ann")
    await door.admit([admission("1"), admission("2")])
    await offer(door)
    door.now_ms += OFFER_MS
    await door.expire()
    assert await state_of(redis, "ann") == ("paused", "missed an offer")
    assert await offer(door) == []


async def test_a_paused_rep_comes_back_and_is_offered_again(door: RedisDoor) -> None:
    await ready(door, "ann")
    await door.admit([admission()])
    await offer(door)
    door.now_ms += OFFER_MS
    await door.expire()
    await set_state(door, "ann", "available")
    door.now_ms += OFFER_MS
    assert await offer(door) == [task_id()]


async def test_a_refused_task_is_not_offered_to_the_same_rep_while_another_can(
    door: RedisDoor, redis: Client
) -> None:
    await ready(door, "ann", "bob")
    await door.admit([admission()])
    await offer(door)
    await do(door, "reject", task_id(), "ann")
    door.now_ms += 2 * OFFER_MS
    await offer(door)
    assert (await held(redis, "ann"), await held(redis, "bob")) == (set(), {task_id()})


async def test_a_lone_rep_is_offered_a_refused_task_again_after_a_pause(door: RedisDoor) -> None:
    await ready(door, "ann")
    await door.admit([admission()])
    await offer(door)
    await do(door, "reject", task_id(), "ann")
    assert await offer(door) == []
    door.now_ms += OFFER_MS
    assert await offer(door) == [task_id()]


async def test_a_refused_task_does_not_hide_the_next_one(door: RedisDoor) -> None:
    await ready(door, "ann")
    await door.admit([admission(str(i), priority=90 - i) for i in range(20)])
    for i in range(19):
        assert await offer(door) == [task_id(str(i))]
        await do(door, "reject", task_id(str(i)), "ann")
    assert await offer(door) == [task_id("19")]


async def test_a_colleague_without_room_does_not_keep_a_refused_task_waiting(
    door: RedisDoor, redis: Client
) -> None:
    """A5.1: while the other is full for long, the free one is asked again before the deadline."""
    await ready(door, "bob", capacity=1)
    await door.admit([admission("1")])
    await offer(door)
    await do(door, "accept", task_id("1"), "bob")
    await ready(door, "ann")
    await door.admit([admission("2")])
    await offer(door)
    await do(door, "reject", task_id("2"), "ann")
    door.now_ms += 2 * OFFER_MS
    assert await offer(door) == [task_id("2")]


@pytest.mark.parametrize("state", ["paused", "offline"])
async def test_who_leaves_gives_the_offer_back_and_keeps_the_accepted(
    door: RedisDoor, redis: Client, state: str
) -> None:
    await ready(door, "ann")
    await door.admit([admission("1"), admission("2")])
    [first] = await offer(door)
    await do(door, "accept", first, "ann")
    [second] = await offer(door)
    await set_state(door, "ann", state)
    assert await held(redis, "ann") == {first}
    assert (await redis.hget(f"hs:task:{second}", "state")) == b"queued"
    await ready(door, "bob")
    assert await offer(door) == [second]


async def test_who_gave_an_offer_back_by_leaving_has_not_refused_it(door: RedisDoor) -> None:
    await ready(door, "ann")
    await door.admit([admission()])
    await offer(door)
    await set_state(door, "ann", "paused")
    await set_state(door, "ann", "available")
    assert await offer(door) == [task_id()]


async def test_an_offer_that_was_taken_back_cannot_be_accepted(door: RedisDoor) -> None:
    await ready(door, "ann")
    await door.admit([admission()])
    await offer(door)
    await set_state(door, "ann", "paused")
    with pytest.raises(Conflict) as refused:
        await do(door, "accept", task_id(), "ann")
    assert refused.value.code == "not_yours"


async def test_a_stranger_cannot_be_available(door: RedisDoor) -> None:
    with pytest.raises(Conflict) as refused:
        await door.set_state("nobody", "available", "", actor_of("nobody"))
    assert refused.value.code == "unknown_rep"


async def test_enrolling_again_changes_the_skills_and_not_the_state(
    door: RedisDoor, redis: Client
) -> None:
    await ready(door, "ann")
    await door.admit([admission()])
    await offer(door)
    await ready(door, "ann", capacity=7)
    assert await state_of(redis, "ann") == ("available", "")
    assert await redis.hmget("hs:rep:ann", "capacity", "offer") == [b"7", task_id().encode()]


async def test_a_task_returns_to_its_place_in_the_order(door: RedisDoor) -> None:
    """A rejected task is as old as it was: nothing younger overtakes it."""
    await ready(door, "ann", "bob")
    await door.admit([admission("old")])
    await offer(door)
    later = admission("new", detected_at=NOON.replace(minute=NOON.minute + 1))
    await door.admit([later])
    await do(door, "reject", task_id("old"), "ann")
    await set_state(door, "ann", "offline")
    assert await offer(door) == [task_id("old")]
