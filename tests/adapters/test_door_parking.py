"""The door: parking, after-call work, and urgent work that interrupts."""

from __future__ import annotations

from typing import Any

import pytest

from app.adapters.redis_client import Client
from app.adapters.redis_door import RedisDoor
from tests.adapters.test_door_choice import queue, take, weighing
from tests.adapters.test_door_handover import accepted_by
from tests.adapters.test_door_offers import held, offer
from tests.adapters.test_door_work import facts, field, refusal
from tests.builders import (
    NOON_MS,
    OFFER_MS,
    STICKY_MS,
    admission,
    do,
    ready,
    set_state,
    supervise,
    task_id,
)

MINUTE_MS = 60_000


async def load(redis: Client, rep: str) -> float:
    return float(await redis.hget(f"hs:rep:{rep}", "load"))


async def test_a_parked_task_takes_no_room_and_comes_back_at_its_time(
    door: RedisDoor, redis: Client
) -> None:
    """A5.4: snoozed until later; for the agent who parked it, if they are there."""
    task = await accepted_by(door, "ann", "bob")
    until = door.now_ms + 10 * MINUTE_MS
    await do(door, "park", task, "ann", until_ms=until)
    assert (await field(redis, "state"), await load(redis, "ann")) == ("parked", 0)
    door.now_ms = until - 1
    await door.timers()
    assert await offer(door) == []
    door.now_ms += 1
    await door.timers()
    assert await offer(door) == [task]
    assert await held(redis, "ann") == {task}
    back = [f for f in await facts(redis, task) if f["op"] == "queued"][-1]
    assert (back["from"], back["actor"]["role"]) == ("parked", "service")


async def test_a_parked_task_comes_back_to_everybody_when_its_agent_has_left(
    door: RedisDoor, redis: Client
) -> None:
    task = await accepted_by(door, "ann", "bob")
    await do(door, "park", task, "ann")
    await set_state(door, "ann", "offline")
    door.now_ms += 10 * MINUTE_MS
    await door.timers()
    assert await offer(door) == [task]
    assert await held(redis, "bob") == {task}


async def test_who_parked_a_task_may_take_it_up_again_early(door: RedisDoor) -> None:
    task = await accepted_by(door, "ann", "bob")
    await do(door, "park", task, "ann")
    assert await refusal(door, "resume", "bob") == "not_yours"
    await do(door, "resume", task, "ann")
    assert await offer(door) == [task]
    assert (await do(door, "accept", task, "ann"))["state"] == "accepted"


async def test_a_supervisor_parks_and_resumes_what_waits(door: RedisDoor, redis: Client) -> None:
    await ready(door, "ann")
    await door.admit([admission()])
    await supervise(door, "park", task_id())
    assert await offer(door) == []
    await supervise(door, "resume", task_id())
    assert await offer(door) == [task_id()]


@pytest.mark.parametrize("name", ["park", "resume"])
async def test_only_accepted_work_is_parked_and_only_parked_work_resumed(
    door: RedisDoor, name: str
) -> None:
    await ready(door, "ann")
    await door.admit([admission()])
    await offer(door)
    assert await refusal(door, name, "ann") == "wrong_state"


async def test_nothing_is_parked_until_a_time_that_has_gone_by(door: RedisDoor) -> None:
    task = await accepted_by(door, "ann")
    assert await refusal(door, "park", "ann", task, until_ms=door.now_ms) == "too_late"


async def test_parking_hides_no_breach_the_task_wakes_at_the_mediator(
    door: RedisDoor, redis: Client
) -> None:
    """A4.4: the response clock goes on while a task is parked."""
    task = await accepted_by(door, "ann", "mia")
    await do(door, "park", task, "ann", until_ms=NOON_MS + 100 * MINUTE_MS)
    door.now_ms = NOON_MS + 30 * MINUTE_MS
    await door.thresholds()
    assert [f["op"] for f in (await facts(redis, task))[-4:]] == [
        "at_risk",
        "breached",
        "escalated",
        "queued",
    ]
    assert await offer(door) == [task]
    assert await held(redis, "mia") == {task}
    assert not [m for m in await redis.zrange("hs:timers", 0, -1) if m.startswith(b"park|")]


async def test_who_resumes_at_the_very_breach_is_not_told_that_they_did(
    door: RedisDoor, redis: Client
) -> None:
    """The breach has woken it, for the mediator: nothing of the command is in the ledger."""
    task = await accepted_by(door, "ann", "mia")
    await do(door, "park", task, "ann", until_ms=NOON_MS + 100 * MINUTE_MS)
    door.now_ms = NOON_MS + 30 * MINUTE_MS
    assert await refusal(door, "resume", "ann", task) == "wrong_state"
    last = (await facts(redis, task))[-1]
    assert (last["op"], last["queue"], last["actor"]["role"]) == ("queued", "escalation", "service")


async def test_after_call_work_counts_as_load_and_ends_by_its_own_timer(
    door: RedisDoor, redis: Client
) -> None:
    """A5.4: the timer runs here, not in the browser."""
    await door.configure([queue("service", wrap_up_s=60)])
    await ready(door, "ann", capacity=1)
    await door.admit([admission("1"), admission("2")])
    [task] = await take(door, "ann")
    await do(door, "wrap", task, "ann")
    assert (await load(redis, "ann"), await offer(door)) == (1, [])
    door.now_ms += MINUTE_MS - 1
    await door.timers()
    assert await field(redis, "state", task) == "wrapping"
    door.now_ms += 1
    await door.timers()
    last = (await facts(redis, task))[-1]
    assert (last["op"], last["reason"], last["actor"]["role"]) == (
        "completed",
        "wrap_up_ended",
        "service",
    )
    assert len(await offer(door)) == 1
    assert await redis.ttl(f"hs:ops:{task}") > 0


async def test_who_finishes_the_notes_early_completes_with_a_code(
    door: RedisDoor, redis: Client
) -> None:
    task = await accepted_by(door, "ann")
    await do(door, "wrap", task, "ann")
    await do(door, "complete", task, "ann")
    door.now_ms += 10 * MINUTE_MS
    await door.timers()
    ends = [f["reason"] for f in await facts(redis, task) if f["op"] == "completed"]
    assert ends == ["resolved"]


async def test_what_is_in_after_call_work_is_not_parked_or_answered(door: RedisDoor) -> None:
    task = await accepted_by(door, "ann")
    await do(door, "wrap", task, "ann")
    for name in ("park", "reply", "wrap"):
        assert await refusal(door, name, "ann", task, op_id="again") == "wrong_state"


async def interruptible(door: RedisDoor, *weights: float, capacity: float = 2) -> list[str]:
    """ann, full of work that may be interrupted, the most pressing first."""
    urgent = queue("urgent", preempts=True)
    await door.configure([queue("service", interruptible=True), queue("billing"), urgent])
    await ready(door, "ann", capacity=capacity, queues=("service", "billing", "urgent"))
    given = [weighing(str(i), w, priority=90 - i) for i, w in enumerate(weights)]
    await door.admit(given)
    return await take(door, "ann")


async def urgent_offer(door: RedisDoor, weight: float = 1.0, **given: Any) -> list[str]:
    await door.admit([weighing("u", weight, queue="urgent", **given)])
    assert await offer(door) == []
    return await door.preempt(OFFER_MS)


async def test_urgent_work_puts_nothing_aside_before_it_is_accepted(
    door: RedisDoor, redis: Client
) -> None:
    """A5.1: pre-emption."""
    first, second = await interruptible(door, 1, 1)
    assert await urgent_offer(door) == [task_id("u")]
    assert (await facts(redis, task_id("u")))[-1]["data"]["override"] == "preempts"
    assert {await field(redis, "state", t) for t in (first, second)} == {"accepted"}
    await do(door, "reject", task_id("u"), "ann")
    assert {await field(redis, "state", t) for t in (first, second)} == {"accepted"}


async def test_accepting_urgent_work_puts_the_least_pressing_aside_and_no_more(
    door: RedisDoor, redis: Client
) -> None:
    first, second = await interruptible(door, 1, 1)
    await urgent_offer(door)
    await do(door, "accept", task_id("u"), "ann")
    assert [await field(redis, "state", t) for t in (first, second)] == ["accepted", "parked"]
    assert await load(redis, "ann") == 2
    parked = (await facts(redis, second))[-1]
    assert (parked["reason"], parked["data"]["for_rep"], parked["actor"]["role"]) == (
        "pre-empted",
        "ann",
        "service",
    )


async def test_as_much_is_put_aside_as_heavy_urgent_work_needs(
    door: RedisDoor, redis: Client
) -> None:
    tasks = await interruptible(door, 0.5, 0.5, 0.5, 0.5)
    await urgent_offer(door, 1.0)
    await do(door, "accept", task_id("u"), "ann")
    assert [await field(redis, "state", t) for t in tasks] == ["accepted"] * 2 + ["parked"] * 2


@pytest.mark.parametrize("end", ["complete", "transfer", "park", "cancel", "pull_back"])
async def test_what_was_put_aside_comes_back_to_its_agent_when_the_urgent_work_ends(
    door: RedisDoor, redis: Client, end: str
) -> None:
    [other] = await interruptible(door, 2)
    await urgent_offer(door)
    await do(door, "accept", task_id("u"), "ann")
    assert await field(redis, "state", other) == "parked"
    if end in ("cancel", "pull_back"):
        await supervise(door, end, task_id("u"))
    else:
        await do(door, end, task_id("u"), "ann")
    assert await field(redis, "state", other) == "queued"
    assert await field(redis, "for_rep", other) == "ann"
    assert not await redis.exists(f"hs:pushed:{task_id('u')}")
    assert other in await offer(door)


async def test_what_was_put_aside_comes_back_at_the_latest_after_half_an_hour(
    door: RedisDoor, redis: Client
) -> None:
    [other] = await interruptible(door, 2)
    await urgent_offer(door)
    await do(door, "accept", task_id("u"), "ann")
    door.now_ms += 30 * MINUTE_MS
    await door.timers()
    assert await field(redis, "state", other) == "queued"
    await do(door, "complete", task_id("u"), "ann")
    assert [f["op"] for f in await facts(redis, other)].count("queued") == 2


async def test_work_of_a_queue_that_may_not_be_interrupted_stays(
    door: RedisDoor, redis: Client
) -> None:
    await interruptible(door)
    await door.admit([weighing("b", 2, queue="billing")])
    await take(door, "ann")
    assert await urgent_offer(door) == []


async def test_nobody_is_interrupted_while_somebody_is_ready(
    door: RedisDoor, redis: Client
) -> None:
    await interruptible(door, 2)
    await ready(door, "bob", queues=("urgent",))
    await door.admit([weighing("u", 1, queue="urgent")])
    assert await door.preempt(OFFER_MS) == []
    assert await offer(door) == [task_id("u")]
    assert await held(redis, "bob") == {task_id("u")}


async def test_other_work_than_urgent_interrupts_nobody(door: RedisDoor) -> None:
    await interruptible(door, 2)
    await door.admit([weighing("b", 1, queue="billing", priority=100)])
    assert await door.preempt(OFFER_MS) == []


async def test_what_a_supervisor_assigns_beyond_capacity_interrupts_nothing(
    door: RedisDoor, redis: Client
) -> None:
    [other] = await interruptible(door, 2)
    await door.admit([weighing("b", 1, queue="billing")])
    await supervise(door, "assign", task_id("b"), to_rep="ann")
    await do(door, "accept", task_id("b"), "ann")
    assert await field(redis, "state", other) == "accepted"


async def test_sticky_time_of_what_was_put_aside_ends(door: RedisDoor, redis: Client) -> None:
    [other] = await interruptible(door, 2)
    await urgent_offer(door)
    await do(door, "accept", task_id("u"), "ann")
    await do(door, "complete", task_id("u"), "ann")
    await set_state(door, "ann", "paused")
    await ready(door, "bob")
    door.now_ms += STICKY_MS
    assert await offer(door) == [other]
