"""The door: refusals, the first-reply timer, transfers and the bounce guard."""

from __future__ import annotations

import pytest

from app.adapters.redis_client import Client
from app.adapters.redis_door import RedisDoor
from app.core.errors import Conflict
from tests.adapters.test_door_choice import queue
from tests.adapters.test_door_offers import held, offer
from tests.adapters.test_door_work import facts, field, refusal
from tests.builders import (
    NOON_MS,
    OFFER_MS,
    STICKY_MS,
    admission,
    do,
    hand_to,
    ready,
    set_state,
    supervise,
    task_id,
)

SILENT_MS = 300_000


async def accepted_by(door: RedisDoor, rep: str, *others: str) -> str:
    await ready(door, rep)
    await door.admit([admission()])
    await offer(door)
    await ready(door, *others)
    await do(door, "accept", task_id(), rep)
    return task_id()


async def test_who_missed_an_offer_is_not_asked_again_while_another_can(
    door: RedisDoor, redis: Client
) -> None:
    """A5.1: the same holds for a time-out as for a reject."""
    await ready(door, "ann")
    await door.admit([admission()])
    await offer(door)
    door.now_ms += OFFER_MS
    await door.expire()
    await set_state(door, "ann", "available")
    await ready(door, "bob")
    door.now_ms += 2 * OFFER_MS
    assert await offer(door) == [task_id()]
    assert await held(redis, "bob") == {task_id()}


async def test_who_accepts_and_stays_silent_loses_the_task(door: RedisDoor, redis: Client) -> None:
    """A5.1: the first-reply timer; the deadline stays."""
    await door.configure([queue("service", first_reply_s=300)])
    task = await accepted_by(door, "ann")
    due, begin = await field(redis, "due_ms"), door.now_ms
    door.now_ms = begin + SILENT_MS - 1
    await door.timers()
    assert await field(redis, "state") == "accepted"
    door.now_ms += 1
    await door.timers()
    assert [await field(redis, n) for n in ("state", "queue", "due_ms")] == [
        "queued",
        "service",
        due,
    ]
    last = (await facts(redis, task))[-1]
    assert (last["op"], last["reason"], last["rep"], last["actor"]["role"]) == (
        "transferred",
        "no_first_reply",
        "ann",
        "service",
    )


async def test_a_chain_of_silent_agents_passes_the_task_on_until_somebody_replies(
    door: RedisDoor, redis: Client
) -> None:
    await door.configure([queue("service", first_reply_s=300)])
    task = await accepted_by(door, "ann", "bob")
    door.now_ms += SILENT_MS
    await door.timers()
    assert await offer(door) == [task]
    await do(door, "accept", task, "bob")
    door.now_ms += SILENT_MS
    await door.timers()
    assert await field(redis, "state") == "queued"
    door.now_ms += OFFER_MS
    assert await offer(door) == [task]
    await do(door, "accept", task, "ann")
    await do(door, "reply", task, "ann")
    door.now_ms += 10 * SILENT_MS
    await door.timers()
    assert await field(redis, "state") == "accepted"
    assert [f["rep"] for f in await facts(redis, task) if f["op"] == "transferred"] == [
        "ann",
        "bob",
    ]


async def test_silence_in_after_call_work_takes_nothing_back(
    door: RedisDoor, redis: Client
) -> None:
    await door.configure([queue("service", first_reply_s=30)])
    task = await accepted_by(door, "ann")
    await do(door, "wrap", task, "ann")
    door.now_ms += 31_000
    await door.timers()
    assert await field(redis, "state") == "wrapping"


async def test_a_transfer_to_a_queue_is_an_offer_to_its_reps(
    door: RedisDoor, redis: Client
) -> None:
    task = await accepted_by(door, "bob")
    await do(door, "transfer", task, "bob")
    await ready(door, "ann")
    assert await offer(door) == [task]
    transferred = next(f for f in await facts(redis, task) if f["op"] == "transferred")
    assert (transferred["reason"], transferred["data"]["from_queue"], transferred["queue"]) == (
        "about money",
        "service",
        "billing",
    )


async def test_a_transfer_to_a_colleague_is_offered_to_them_first(
    door: RedisDoor, redis: Client
) -> None:
    """A5.4: handed to a person, who sees who gave it and why."""
    task = await accepted_by(door, "ann", "bob")
    await hand_to(door, task, "ann", "bob")
    assert await offer(door) == [task]
    assert await held(redis, "bob") == {task}
    assert await field(redis, "queue") == "service"
    assert '"by":"ann"' in await field(redis, "handed_on")


async def test_a_colleague_may_decline_and_the_task_goes_to_everybody(
    door: RedisDoor, redis: Client
) -> None:
    task = await accepted_by(door, "ann", "bob")
    await hand_to(door, task, "ann", "bob")
    await offer(door)
    await do(door, "reject", task, "bob")
    assert (await field(redis, "state"), await field(redis, "for_rep")) == ("queued", "")
    door.now_ms += OFFER_MS
    assert await offer(door) == [task]


async def test_a_colleague_without_room_is_waited_for_no_longer_than_told(
    door: RedisDoor, redis: Client
) -> None:
    await ready(door, "bob", capacity=1)
    await door.admit([admission("0")])
    await offer(door)
    await do(door, "accept", task_id("0"), "bob")
    task = await accepted_by(door, "ann")
    await hand_to(door, task, "ann", "bob")
    assert await offer(door) == []
    door.now_ms += STICKY_MS
    await door.timers()
    assert await offer(door) == [task]
    assert await held(redis, "ann") == {task}


@pytest.mark.parametrize(
    ("to", "code"),
    [("mia", "cannot_take"), ("bob", "not_available"), ("nobody", "unknown_rep")],
)
async def test_a_transfer_to_somebody_who_cannot_is_refused_at_once(
    door: RedisDoor, redis: Client, to: str, code: str
) -> None:
    task = await accepted_by(door, "ann", "mia", "bob")
    await set_state(door, "bob", "paused")
    before = await facts(redis)
    with pytest.raises(Conflict) as refused:
        await hand_to(door, task, "ann", to)
    assert refused.value.code == code
    assert await facts(redis) == before


async def bounced(door: RedisDoor) -> str:
    """Handed from queue to queue three times by ann, who serves both."""
    task = await accepted_by(door, "ann")
    for i, name in enumerate(("billing", "service", "billing")):
        await do(door, "transfer", task, "ann", queue=name, skills="")
        if i < 2:
            door.now_ms += OFFER_MS
            await offer(door)
            await do(door, "accept", task, "ann")
    return task


async def test_the_third_hand_off_makes_the_mediator_the_owner(
    door: RedisDoor, redis: Client
) -> None:
    """A4.4, A5.4: no ping-pong between queues."""
    task = await bounced(door)
    assert [await field(redis, n) for n in ("queue", "skills", "level", "order_ms")] == [
        "escalation",
        "mediator",
        "1",
        str(NOON_MS),
    ]
    assert [(f["op"], f["reason"]) for f in (await facts(redis, task))[-2:]] == [
        ("transferred", "about money"),
        ("escalated", "third hand-off"),
    ]
    await ready(door, "mia")
    assert await offer(door) == [task]
    assert await held(redis, "mia") == {task}


async def test_a_bounced_task_stays_with_the_mediators(door: RedisDoor, redis: Client) -> None:
    task = await bounced(door)
    await ready(door, "mia")
    await offer(door)
    await do(door, "accept", task, "mia")
    assert await refusal(door, "transfer", "mia", queue="service", skills="") == "bounced"
    with pytest.raises(Conflict, match="third hand-off"):
        await supervise(door, "pull_back", task, queue="service", skills="")
    await do(door, "transfer", task, "mia", queue="escalation", skills="mediator")
    assert await field(redis, "queue") == "escalation"


async def test_two_hand_offs_are_none_of_the_mediators_business(
    door: RedisDoor, redis: Client
) -> None:
    task = await accepted_by(door, "ann")
    await do(door, "transfer", task, "ann", queue="billing", skills="")
    door.now_ms += OFFER_MS
    await offer(door)
    await do(door, "accept", task, "ann")
    await do(door, "transfer", task, "ann", queue="service", skills="")
    assert (await field(redis, "queue"), await field(redis, "level")) == ("service", "0")


async def test_handing_on_within_a_queue_is_not_counted_as_a_hand_off(
    door: RedisDoor, redis: Client
) -> None:
    task = await accepted_by(door, "ann", "bob")
    for giver, taker in (("ann", "bob"), ("bob", "ann")) * 2:
        await hand_to(door, task, giver, taker)
        door.now_ms += OFFER_MS
        await offer(door)
        await do(door, "accept", task, taker)
    assert await field(redis, "hops") == "0"


async def test_a_hand_off_after_the_deadline_is_late_and_says_so(
    door: RedisDoor, redis: Client
) -> None:
    """A4.4: whoever hands on does not hide a breach."""
    task = await accepted_by(door, "ann")
    door.now_ms = NOON_MS + 1_800_000
    await supervise(door, "pull_back", task)
    ops = [f["op"] for f in await facts(redis, task)]
    assert ops[-4:] == ["at_risk", "breached", "escalated", "transferred"]


async def test_who_hands_a_task_on_is_not_the_next_to_be_asked(
    door: RedisDoor, redis: Client
) -> None:
    """A4.6: within the same queue too, however long the giver has been idle."""
    task = await accepted_by(door, "ann")
    await ready(door, "bob")
    await do(door, "transfer", task, "ann", queue="service", skills="", reason="my shift ends")
    assert await offer(door) == [task]
    assert await held(redis, "bob") == {task}


async def test_a_late_task_counts_where_it_is_and_no_longer_where_it_was(
    door: RedisDoor, redis: Client
) -> None:
    task = await accepted_by(door, "ann")
    door.now_ms = int(await field(redis, "due_ms"))
    await door.thresholds()
    await do(door, "transfer", task, "ann", queue="billing", skills="billing", reason="money")
    assert await redis.smembers("hs:sla:service:breached") == set()
    assert await redis.smembers("hs:sla:billing:breached") == {task.encode()}
