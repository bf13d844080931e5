"""The door: who loses their desk, tasks that nobody can take, and the resolution clock."""

from __future__ import annotations

from typing import Any

from app.adapters.redis_client import Client
from app.adapters.redis_door import RedisDoor
from tests.adapters.test_door_choice import queue, weighing
from tests.adapters.test_door_handover import accepted_by
from tests.adapters.test_door_offers import offer, state_of
from tests.adapters.test_door_work import facts, field
from tests.builders import NOON_MS, admission, do, ready, set_state, task_id

GRACE_MS, GONE_MS = 15_000, 120_000
SWEEP_MS = 1_000


async def sweep(door: RedisDoor, seconds: int, *there: str) -> list[str]:
    """The door's round once a second for so long, with these desks open."""
    released = []
    for _ in range(seconds):
        door.now_ms += SWEEP_MS
        await door.present(there)
        released += await door.absent(GRACE_MS, GONE_MS)
    return released


async def test_who_loses_the_desk_goes_offline_after_a_grace(
    door: RedisDoor, redis: Client
) -> None:
    """A5.1: a reload of the page is no departure."""
    await ready(door, "ann")
    await door.present(["ann"])
    await sweep(door, 14)
    assert await state_of(redis, "ann") == ("available", "")
    await sweep(door, 1)
    assert await state_of(redis, "ann") == ("offline", "disconnected")


async def test_who_stays_away_loses_what_was_accepted(door: RedisDoor, redis: Client) -> None:
    """A5.1: no customer waits behind a closed laptop."""
    task = await accepted_by(door, "ann", "bob")
    await door.present(["ann"])
    assert await sweep(door, 15 + 119, "bob") == []
    assert await sweep(door, 1, "bob") == [task]
    fact = (await facts(redis, task))[-1]
    assert (fact["op"], fact["reason"], fact["actor"]["role"]) == (
        "transferred",
        "agent_gone",
        "service",
    )
    assert await offer(door) == [task]


async def test_who_comes_back_in_time_keeps_everything(door: RedisDoor, redis: Client) -> None:
    task = await accepted_by(door, "ann")
    await door.present(["ann"])
    await sweep(door, 100)
    assert await sweep(door, 200, "ann") == []
    assert await field(redis, "rep") == "ann"
    assert task


async def test_nobody_is_held_absent_for_our_own_outage(door: RedisDoor, redis: Client) -> None:
    """A5.1: while we were away ourselves nobody could tell us that they are here."""
    await accepted_by(door, "ann")
    await sweep(door, 1, "ann")
    door.now_ms += 3_600_000
    assert await door.absent(GRACE_MS, GONE_MS) == []
    assert await state_of(redis, "ann") == ("available", "")
    await sweep(door, 14)
    assert await state_of(redis, "ann") == ("available", "")
    await sweep(door, 1)
    assert await state_of(redis, "ann") == ("offline", "disconnected")


async def test_nobodys_work_is_released_for_our_own_outage(door: RedisDoor, redis: Client) -> None:
    await accepted_by(door, "ann")
    await sweep(door, 1, "ann")
    await sweep(door, 20)
    door.now_ms += 3_600_000
    assert await door.absent(GRACE_MS, GONE_MS) == []
    assert await sweep(door, 10, "ann") == []
    assert await field(redis, "state") == "accepted"


async def test_who_works_without_a_desk_is_never_missed(door: RedisDoor, redis: Client) -> None:
    """Who only ever used the API has no desk to lose."""
    await accepted_by(door, "ann", "bob")
    assert await sweep(door, 600, "bob") == []
    assert await state_of(redis, "ann") == ("available", "")
    assert await field(redis, "state") == "accepted"


async def test_who_comes_back_on_a_break_is_not_gone(door: RedisDoor, redis: Client) -> None:
    await accepted_by(door, "ann")
    await set_state(door, "ann", "offline")
    await set_state(door, "ann", "paused")
    assert await sweep(door, 200) == []
    assert await field(redis, "rep") == "ann"


async def test_after_call_work_of_who_is_gone_ends_by_itself(
    door: RedisDoor, redis: Client
) -> None:
    await door.configure([queue("service", wrap_up_s=3600)])
    task = await accepted_by(door, "ann")
    await do(door, "wrap", task, "ann")
    await set_state(door, "ann", "offline")
    assert await sweep(door, 130) == []
    assert await field(redis, "state") == "wrapping"


async def causes(door: RedisDoor, redis: Client, seconds: int) -> list[str]:
    door.now_ms += seconds * 1000
    await door.timers()
    return [f["reason"] for f in await facts(redis) if f["op"] == "unroutable"]


async def test_a_task_that_nobody_has_the_skills_for_is_told_once(
    door: RedisDoor, redis: Client
) -> None:
    """A4.6: unroutable, with its cause."""
    await ready(door, "ann", "bob")
    begin = door.now_ms
    await door.admit([admission(skills=("klingon",))])
    door.now_ms = begin + 1999
    assert await causes(door, redis, 0) == []
    door.now_ms = begin + 2000
    for _ in range(5):
        assert await causes(door, redis, 0) == ["nobody_has_skills"]
        door.now_ms += 30_000


async def test_each_new_cause_is_told(door: RedisDoor, redis: Client) -> None:
    await ready(door, "bob")
    await set_state(door, "bob", "offline")
    await door.admit([admission()])
    assert await causes(door, redis, 2) == ["nobody_is_here"]
    await set_state(door, "bob", "paused")
    assert await causes(door, redis, 30) == ["nobody_is_here", "everybody_is_paused"]


async def test_a_task_too_heavy_for_everybody_is_unroutable(door: RedisDoor, redis: Client) -> None:
    await ready(door, "ann", capacity=1)
    await door.admit([weighing("1", 2)])
    assert await causes(door, redis, 2) == ["nobody_has_skills"]


async def test_a_task_that_somebody_busy_can_take_is_not_unroutable(
    door: RedisDoor, redis: Client
) -> None:
    await accepted_by(door, "ann")
    await ready(door, "ann", capacity=1)
    await door.admit([admission("2")])
    assert await causes(door, redis, 100) == []


def resolving(**given: Any) -> Any:
    return admission(new={"resolution_due_ms": NOON_MS + 600_000, **given})


async def test_a_resolution_that_takes_too_long_is_told_and_escalated(
    door: RedisDoor, redis: Client
) -> None:
    """A4.4: the second clock runs until the end, answered or not."""
    await ready(door, "ann")
    await door.admit([resolving()])
    await offer(door)
    await do(door, "accept", task_id(), "ann")
    await do(door, "reply", task_id(), "ann")
    door.now_ms = NOON_MS + 600_000 - 1
    await door.timers()
    assert (await facts(redis, task_id()))[-1]["op"] == "replied"
    door.now_ms += 1
    await door.timers()
    breached, escalated = (await facts(redis, task_id()))[-2:]
    assert (breached["op"], breached["data"]["clock"]) == ("breached", "resolution")
    assert (escalated["op"], escalated["reason"]) == ("escalated", "resolution breached")
    assert await field(redis, "sla") == "met"


async def test_the_resolution_clock_stands_still_while_the_customer_is_asked(
    door: RedisDoor, redis: Client
) -> None:
    """A4.5: pause and resume are explicit."""
    await ready(door, "ann")
    await door.admit([resolving()])
    await offer(door)
    await do(door, "accept", task_id(), "ann")
    door.now_ms = NOON_MS + 500_000
    until = door.now_ms + 3_600_000
    await do(door, "park", task_id(), "ann", waits_for="customer", until_ms=until)
    assert (await facts(redis, task_id()))[-1]["data"]["left_ms"] == 100_000
    door.now_ms += 1_000_000
    await door.timers()
    await do(door, "resume", task_id(), "ann")
    back = (await facts(redis, task_id()))[-1]
    assert back["data"]["resolution_due_ms"] == door.now_ms + 100_000


async def test_silence_and_a_late_resolution_in_one_sweep_are_told_once_each(
    door: RedisDoor, redis: Client
) -> None:
    """Two timers of one task in one sweep: the first settles what the second is about."""
    await door.configure([queue("service", first_reply_s=300)])
    await ready(door, "ann")
    await door.admit([resolving()])
    await offer(door)
    await do(door, "accept", task_id(), "ann")
    door.now_ms = NOON_MS + 700_000
    await door.timers()
    found = await facts(redis, task_id())
    assert [f["op"] for f in found][-3:] == ["breached", "escalated", "transferred"]
    assert len({f["fact_id"] for f in found}) == len(found)
