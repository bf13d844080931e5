"""The door: levels, weights, saving room, a customer's own agent, relaxation and overflow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.adapters.redis_client import Client
from app.adapters.redis_door import RedisDoor
from app.core.catalogue import Overflow, Queue, Relaxation
from tests.adapters.test_door_offers import held, offer
from tests.adapters.test_door_work import facts, field
from tests.builders import (
    NOON,
    OFFER_MS,
    STICKY_MS,
    admission,
    do,
    ready,
    set_state,
    task_id,
)


def queue(name: str, **given: Any) -> Queue:
    return Queue(name=name, title=name.title(), window_s=1800, **given)


def weighing(id_: str, weight: float, channel: str = "x", **given: Any) -> Any:
    return admission(id_, channel=channel, new={"weight": weight, "channel": channel}, **given)


def kept(id_: str, rep: str, **given: Any) -> Any:
    return admission(id_, new={"for_rep": rep, "sticky_ms": STICKY_MS}, **given)


async def take(door: RedisDoor, rep: str) -> list[str]:
    """Let the rep accept one offer after another; returns the tasks in order."""
    taken = []
    while found := await offer(door):
        taken += found
        await do(door, "accept", found[0], rep)
    return taken


@pytest.mark.parametrize(
    ("has", "wanted", "may"),
    [
        ("billing:2", "billing:2", True),
        ("billing:3", "billing:2", True),
        ("billing:1", "billing:2", False),
        ("billing", "billing:2", False),
        ("billing", "billing:1", True),
        ("billing:10", "billing:9", True),
        ("billing:2", "billing", True),
        ("en:3", "billing:2", False),
    ],
)
async def test_a_skill_is_asked_for_at_a_level_and_above(
    door: RedisDoor, has: str, wanted: str, may: bool
) -> None:
    """A5.1: routing by skills and their levels."""
    await ready(door, "ann", skills=(has,))
    await door.admit([admission(skills=(wanted,))])
    assert await offer(door) == ([task_id()] if may else [])


async def test_heavier_channels_take_more_of_the_capacity(door: RedisDoor, redis: Client) -> None:
    """A5.1: three chats of half a unit and one mention fill 2.5 units; a call does not fit."""
    await ready(door, "ann", capacity=2.5)
    chats = [weighing(f"chat{i}", 0.5, priority=90) for i in range(3)]
    await door.admit([*chats, weighing("m", 1, priority=80), weighing("call", 2, priority=10)])
    assert len(await take(door, "ann")) == 4
    assert float(await redis.hget("hs:rep:ann", "load")) == 2.5


async def test_tenths_of_a_unit_add_up_without_a_remainder(door: RedisDoor, redis: Client) -> None:
    await ready(door, "ann", capacity=1)
    await door.admit([weighing(str(i), 0.1) for i in range(11)])
    taken = await take(door, "ann")
    assert len(taken) == 10
    for task in taken:
        await do(door, "complete", task, "ann")
    assert float(await redis.hget("hs:rep:ann", "load")) == 0


async def test_nobody_holds_more_of_a_channel_than_their_limit(door: RedisDoor) -> None:
    """A5.1: capacity for each channel."""
    await ready(door, "ann", capacity=9, channels=(("phone", 1),))
    calls = [weighing(f"call{i}", 1, "phone", priority=90) for i in range(2)]
    await door.admit([*calls, admission("1"), admission("2")])
    taken = await take(door, "ann")
    assert len(taken) == 3
    assert len({task_id(f"call{i}", "phone") for i in range(2)} & set(taken)) == 1


async def test_a_full_channel_does_not_keep_its_agent_from_other_work(door: RedisDoor) -> None:
    await ready(door, "ann", capacity=9, channels=(("phone", 1),))
    await door.admit([weighing(f"call{i}", 1, "phone") for i in range(2)])
    await take(door, "ann")
    door.now_ms += 1_000_000  # the second call presses by now
    await door.admit([admission("later", detected_at=NOON + timedelta(seconds=1000))])
    assert await offer(door) == [task_id("later")]


async def test_room_is_saved_for_heavy_work_that_presses(door: RedisDoor) -> None:
    """A5.1: light work cannot keep a heavy task waiting for ever."""
    await ready(door, "ann", capacity=2)
    await door.admit([weighing("light", 1, priority=90)])
    [light] = await take(door, "ann")
    await door.admit([weighing("heavy", 2, priority=80)])
    door.now_ms += 400_000  # beyond the order key of the heavy one: 20 % of its window
    later = NOON + timedelta(seconds=400)
    await door.admit([weighing("later", 1, priority=50, detected_at=later)])
    assert await offer(door) == []
    await do(door, "complete", light, "ann")
    assert await offer(door) == [task_id("heavy")]


async def test_no_room_is_saved_before_a_heavy_task_presses(door: RedisDoor) -> None:
    await ready(door, "ann", capacity=2)
    await door.admit([weighing("light", 1, priority=90)])
    await take(door, "ann")
    await door.admit([weighing("heavy", 2, priority=80), weighing("other", 1, priority=50)])
    assert await offer(door) == [task_id("other")]


async def test_no_room_is_saved_for_what_a_rep_can_never_hold(door: RedisDoor) -> None:
    await ready(door, "ann", capacity=1)
    await door.admit([weighing("giant", 2, priority=100)])
    door.now_ms += 1
    await door.admit([admission("other", priority=0)])
    assert await offer(door) == [task_id("other")]


async def test_a_customers_own_agent_is_asked_first(door: RedisDoor, redis: Client) -> None:
    """A5.1: who knows the customer, even if somebody else has been idle for longer."""
    await ready(door, "bob", "ann")
    await door.admit([kept("1", "ann")])
    assert await offer(door) == [task_id()]
    assert await held(redis, "ann") == {task_id()}
    [queued] = [f for f in await facts(redis, task_id()) if f["op"] == "queued"]
    assert queued["data"]["for_rep"] == "ann"
    assert queued["data"]["for_until_ms"] == door.now_ms + STICKY_MS


async def test_a_task_waits_for_its_own_busy_agent_and_no_longer_than_told(
    door: RedisDoor, redis: Client
) -> None:
    await ready(door, "ann", capacity=1)
    await door.admit([admission("0")])
    await take(door, "ann")
    await ready(door, "bob")
    begin = door.now_ms
    await door.admit([kept("1", "ann")])
    door.now_ms = begin + STICKY_MS - 1
    await door.timers()
    assert await offer(door) == []
    door.now_ms += 1
    await door.timers()
    assert await offer(door) == [task_id()]
    assert await held(redis, "bob") == {task_id()}


@pytest.mark.parametrize("state", ["paused", "offline"])
async def test_nobody_waits_for_an_agent_who_is_not_available(
    door: RedisDoor, redis: Client, state: str
) -> None:
    await ready(door, "ann", "bob")
    await set_state(door, "ann", state)
    await door.admit([kept("1", "ann")])
    assert await offer(door) == [task_id()]
    assert await held(redis, "bob") == {task_id()}


async def test_a_kept_task_is_free_at_once_when_its_own_agent_leaves(
    door: RedisDoor, redis: Client
) -> None:
    await ready(door, "ann", capacity=1)
    await door.admit([admission("0")])
    await take(door, "ann")
    await ready(door, "bob")
    await door.admit([kept("1", "ann")])
    assert await offer(door) == []
    await set_state(door, "ann", "paused")
    assert await offer(door) == [task_id()]
    assert not await redis.exists("hs:lanes:@ann")


async def test_a_task_that_its_own_agent_declines_is_for_everybody(
    door: RedisDoor, redis: Client
) -> None:
    await ready(door, "ann", "bob")
    await door.admit([kept("1", "ann")])
    await offer(door)
    await do(door, "reject", task_id(), "ann")
    assert await offer(door) == [task_id()]
    assert await held(redis, "bob") == {task_id()}


async def test_a_skill_is_dropped_when_the_queue_says_so(door: RedisDoor, redis: Client) -> None:
    """A5.1: relaxation after so long in the queue, and not a millisecond before."""
    await door.configure([queue("service", relax=(Relaxation(after_s=60, drop=("billing",)),))])
    await ready(door, "bob")
    begin = door.now_ms
    await door.admit([admission(skills=("billing:2", "en"))])
    door.now_ms = begin + 59_999
    await door.timers()
    assert await offer(door) == []
    door.now_ms += 1
    await door.timers()
    assert await offer(door) == [task_id()]
    assert await field(redis, "skills") == "billing:2,en"
    offered = (await facts(redis, task_id()))[-1]
    assert offered["data"]["skills"] == "en"


async def test_skills_are_dropped_step_by_step(door: RedisDoor) -> None:
    steps = (Relaxation(after_s=60, drop=("billing",)), Relaxation(after_s=120, drop=("en",)))
    await door.configure([queue("service", relax=steps)])
    await ready(door, "bob", skills=())
    begin = door.now_ms
    await door.admit([admission(skills=("billing", "en"))])
    for seconds, expected in ((60, []), (120, [task_id()])):
        door.now_ms = begin + seconds * 1000
        await door.timers()
        assert await offer(door) == expected


async def test_a_task_that_comes_back_stays_as_relaxed_as_it_was(door: RedisDoor) -> None:
    await door.configure([queue("service", relax=(Relaxation(after_s=60, drop=("billing",)),))])
    await ready(door, "bob")
    await door.admit([admission(skills=("billing",))])
    door.now_ms += 60_000
    await door.timers()
    await offer(door)
    await set_state(door, "bob", "paused")
    await set_state(door, "bob", "available")
    assert await offer(door) == [task_id()]


async def test_the_next_queue_helps_out_when_it_takes_too_long(
    door: RedisDoor, redis: Client
) -> None:
    """A5.1: overflow. The task stays in its queue, on its clock."""
    await door.configure([queue("billing", overflow=Overflow(after_s=120, to="service"))])
    await ready(door, "bob")
    begin = door.now_ms
    await door.admit([admission(queue="billing", skills=("en",))])
    door.now_ms = begin + 119_999
    await door.timers()
    assert await offer(door) == []
    door.now_ms += 1
    await door.timers()
    assert await offer(door) == [task_id()]
    assert await field(redis, "queue") == "billing"
    assert (await facts(redis, task_id()))[-1]["data"]["overflow"] == "service"


async def test_overflow_asks_for_the_same_skills(door: RedisDoor) -> None:
    await door.configure([queue("billing", overflow=Overflow(after_s=1, to="service"))])
    await ready(door, "bob")
    await door.admit([admission(queue="billing", skills=("billing",))])
    door.now_ms += 1000
    await door.timers()
    assert await offer(door) == []


async def test_who_is_full_is_no_longer_ready(door: RedisDoor, redis: Client) -> None:
    await ready(door, "ann", capacity=1)
    await door.admit([admission()])
    await offer(door)
    await do(door, "accept", task_id(), "ann")
    assert await redis.zrange("hs:ready", 0, -1) == []
    await do(door, "complete", task_id(), "ann")
    assert await redis.zrange("hs:ready", 0, -1) == [b"ann"]


async def test_weights_that_are_no_exact_numbers_still_fit(door: RedisDoor, redis: Client) -> None:
    """1.1 - 1 is a little more than 0.1: the urgent task was offered and refused for ever."""
    queues = queue("urgent", preempts=True), queue("sales", interruptible=True), queue("service")
    await door.configure(queues)
    await ready(door, "ann", queues=("urgent", "sales", "service"), capacity=1)
    await door.admit([weighing("0", 0.9), weighing("1", 0.1, queue="sales")])
    await take(door, "ann")
    await door.admit([weighing("2", 0.1, queue="urgent")])
    assert await door.preempt(OFFER_MS) == [task_id("2")]
    await do(door, "accept", task_id("2"), "ann")
    assert await held(redis, "ann") == {task_id("0"), task_id("2")}
