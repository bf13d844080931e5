"""The door: what a supervisor may do to a task, and every refusal of it."""

from __future__ import annotations

from typing import Any

import pytest

from app.adapters.redis_client import Client
from app.adapters.redis_door import RedisDoor
from app.core.errors import Conflict
from tests.adapters.test_door_handover import accepted_by
from tests.adapters.test_door_offers import held, offer
from tests.adapters.test_door_work import facts, field
from tests.builders import (
    NOON_MS,
    OFFER_MS,
    admission,
    do,
    ready,
    set_state,
    supervise,
    task_id,
)

DUE_MS = NOON_MS + 1_800_000
COMMANDS = ("assign", "pull_back", "park", "resume", "cancel", "prioritise", "reclock")


def fields_of(name: str) -> dict[str, Any]:
    clocks = {"half_ms": 1, "at_risk_ms": 2, "due_ms": 3, "resolution_due_ms": 0, "policy": "p"}
    return {"assign": {"to_rep": "ann"}, "reclock": clocks}.get(name, {})


async def refused(door: RedisDoor, name: str, task: str = "", **given: Any) -> str:
    with pytest.raises(Conflict) as conflict:
        await supervise(door, name, task or task_id(), **(fields_of(name) | given))
    assert str(conflict.value)
    return conflict.value.code


async def test_a_supervisor_assigns_past_order_skills_and_capacity(
    door: RedisDoor, redis: Client
) -> None:
    """A5.4: and says why; the agent still answers it like any offer."""
    await ready(door, "bob", capacity=1)
    await door.admit([admission("0"), admission(queue="billing", skills=("billing:3",))])
    await offer(door)
    await do(door, "accept", task_id("0"), "bob")
    found = await supervise(door, "assign", task_id(), to_rep="bob")
    assert found["state"] == "offered"
    fact = (await facts(redis, task_id()))[-1]
    assert (fact["op"], fact["rep"], fact["reason"], fact["data"]["override"]) == (
        "offered",
        "bob",
        "the boss says so",
        "assigned",
    )
    assert fact["actor"] == {"type": "user", "id": "sue", "role": "supervisor"}
    assert (await do(door, "accept", task_id(), "bob"))["state"] == "accepted"


async def test_an_assigned_task_that_is_declined_waits_as_before(
    door: RedisDoor, redis: Client
) -> None:
    await ready(door, "bob")
    await door.admit([admission(queue="billing", skills=("billing",))])
    await supervise(door, "assign", task_id(), to_rep="bob")
    await do(door, "reject", task_id(), "bob")
    door.now_ms += OFFER_MS
    assert await offer(door) == []
    assert await field(redis, "state") == "queued"


async def test_assigning_takes_an_offer_back_from_whoever_has_it(
    door: RedisDoor, redis: Client
) -> None:
    await ready(door, "ann", "bob")
    await door.admit([admission()])
    await offer(door)
    await supervise(door, "assign", task_id(), to_rep="bob")
    assert (await held(redis, "ann"), await held(redis, "bob")) == (set(), {task_id()})
    assert [f["op"] for f in (await facts(redis, task_id()))[-2:]] == ["rescinded", "offered"]


async def test_a_parked_task_can_be_assigned(door: RedisDoor, redis: Client) -> None:
    task = await accepted_by(door, "ann", "bob")
    await do(door, "park", task, "ann")
    await supervise(door, "assign", task, to_rep="bob")
    assert await held(redis, "bob") == {task}
    assert not [m for m in await redis.zrange("hs:timers", 0, -1) if m.startswith(b"park|")]


async def test_nothing_is_assigned_to_who_is_unknown_away_or_asked_already(
    door: RedisDoor, redis: Client
) -> None:
    await ready(door, "ann", "bob")
    await set_state(door, "bob", "paused")
    await door.admit([admission("0")])
    await offer(door)
    await door.admit([admission("1")])
    before = await facts(redis)
    for to, code in (("nobody", "unknown_rep"), ("bob", "not_available"), ("ann", "has_offer")):
        assert await refused(door, "assign", task_id("1"), to_rep=to) == code
    assert await refused(door, "assign", task_id("0"), to_rep="ann") == "wrong_state"
    assert await facts(redis) == before


async def test_nobody_elses_work_is_assigned_before_it_is_pulled_back(door: RedisDoor) -> None:
    task = await accepted_by(door, "ann", "bob")
    assert await refused(door, "assign", task, to_rep="bob") == "wrong_state"
    await do(door, "wrap", task, "ann")
    assert await refused(door, "assign", task, to_rep="bob") == "wrong_state"


@pytest.mark.parametrize("state", ["offered", "accepted", "wrapping"])
async def test_a_supervisor_pulls_a_task_back_from_whoever_has_it(
    door: RedisDoor, redis: Client, state: str
) -> None:
    """A5.4: it goes to somebody else on the same clock."""
    await ready(door, "ann")
    await door.admit([admission()])
    await offer(door)
    await ready(door, "bob")
    if state != "offered":
        await do(door, "accept", task_id(), "ann")
    if state == "wrapping":
        await do(door, "wrap", task_id(), "ann")
    assert (await supervise(door, "pull_back", task_id()))["state"] == "queued"
    assert await field(redis, "due_ms") == str(DUE_MS)
    assert (await facts(redis, task_id()))[-1]["reason"] == "the boss says so"
    assert await offer(door) == [task_id()]
    assert await held(redis, "bob") == {task_id()}


async def test_what_is_pulled_back_may_go_to_another_queue(door: RedisDoor, redis: Client) -> None:
    task = await accepted_by(door, "ann")
    await supervise(door, "pull_back", task, queue="billing", skills="billing")
    assert (await field(redis, "queue"), await field(redis, "skills")) == ("billing", "billing")


async def test_an_offer_is_taken_back_and_not_moved(door: RedisDoor, redis: Client) -> None:
    await ready(door, "ann")
    await door.admit([admission()])
    await offer(door)
    assert await refused(door, "pull_back", queue="billing", skills="billing") == "wrong_state"
    assert await held(redis, "ann") == {task_id()}


@pytest.mark.parametrize("parked", [False, True])
async def test_nothing_is_pulled_back_from_nobody(door: RedisDoor, parked: bool) -> None:
    await door.admit([admission()])
    if parked:
        await supervise(door, "park", task_id())
    assert await refused(door, "pull_back") == "wrong_state"


@pytest.mark.parametrize("state", ["queued", "offered", "accepted", "wrapping", "parked"])
async def test_any_open_task_is_cancelled_with_a_reason_and_leaves_nothing(
    door: RedisDoor, redis: Client, state: str
) -> None:
    await ready(door, "ann")
    await door.admit([admission()])
    if state != "queued":
        await offer(door)
    if state in ("accepted", "wrapping", "parked"):
        await do(door, "accept", task_id(), "ann")
    if state == "wrapping":
        await do(door, "wrap", task_id(), "ann")
    if state == "parked":
        await do(door, "park", task_id(), "ann")
    assert await field(redis, "state") == state
    await supervise(door, "cancel", task_id())
    assert (await facts(redis, task_id()))[-1]["reason"] == "the boss says so"
    for key in ("offers", "sla", "timers", "rep:ann:tasks", "open:service", "lanes"):
        assert not await redis.exists(f"hs:{key}"), key
    assert await redis.hget("hs:rep:ann", "offer") == b""
    assert float(await redis.hget("hs:rep:ann", "load") or 0) == 0


async def test_a_cancelled_task_that_was_late_was_breached_first(
    door: RedisDoor, redis: Client
) -> None:
    """A4.4: nobody hides a breach by closing."""
    await door.admit([admission()])
    door.now_ms = DUE_MS
    await supervise(door, "cancel", task_id())
    assert [f["op"] for f in await facts(redis, task_id())][-3:] == [
        "breached",
        "escalated",
        "cancelled",
    ]


async def test_a_supervisors_priority_changes_the_order_and_not_the_deadline(
    door: RedisDoor, redis: Client
) -> None:
    """A5.1: the key is the same as if it had come with that priority."""
    await ready(door, "ann")
    await door.admit([admission("1", priority=10), admission("2", priority=50)])
    await supervise(door, "prioritise", task_id("1"), priority=90)
    fact = (await facts(redis, task_id("1")))[-1]
    assert (fact["priority"], fact["data"]["from_priority"], fact["deadline_ms"]) == (
        90,
        10,
        DUE_MS,
    )
    assert fact["data"]["order_ms"] == DUE_MS - 1_800_000 * 0.9
    assert await offer(door) == [task_id("1")]


async def test_an_escalated_task_keeps_the_smallest_key_whatever_its_priority(
    door: RedisDoor, redis: Client
) -> None:
    await door.admit([admission()])
    door.now_ms = DUE_MS
    await door.thresholds()
    await supervise(door, "prioritise", task_id(), priority=0)
    assert await field(redis, "order_ms") == str(NOON_MS)


def clocks(window_ms: int, resolution_ms: int = 0) -> dict[str, Any]:
    return {
        "half_ms": NOON_MS + window_ms // 2,
        "at_risk_ms": NOON_MS + window_ms * 4 // 5,
        "due_ms": NOON_MS + window_ms,
        "resolution_due_ms": resolution_ms and NOON_MS + resolution_ms,
        "policy": "gold@2",
    }


async def test_a_new_policy_moves_the_deadline_and_says_so(door: RedisDoor, redis: Client) -> None:
    """A4.5: the one way in which a deadline moves."""
    await door.admit([admission()])
    await supervise(door, "reclock", task_id(), **clocks(600_000))
    fact = (await facts(redis, task_id()))[-1]
    assert (fact["op"], fact["reason"], fact["deadline_ms"]) == (
        "prioritised",
        "policy",
        NOON_MS + 600_000,
    )
    assert fact["data"]["from_deadline_ms"] == DUE_MS
    assert fact["data"]["order_ms"] == NOON_MS + 300_000
    door.now_ms = NOON_MS + 300_000
    assert (await door.thresholds())["halfway"] == [task_id()]
    door.now_ms = NOON_MS + 600_000
    assert (await door.thresholds())["breached"] == [task_id()]


async def test_what_a_new_policy_finds_told_stays_told(door: RedisDoor, redis: Client) -> None:
    await door.admit([admission()])
    door.now_ms = NOON_MS + 1_440_000
    await door.thresholds()
    await supervise(door, "reclock", task_id(), **clocks(7_200_000))
    door.now_ms = NOON_MS + 7_199_999
    assert await door.thresholds() == {"halfway": [], "at_risk": [], "breached": []}
    door.now_ms += 1
    assert await door.thresholds() == {"halfway": [], "at_risk": [], "breached": [task_id()]}


async def test_a_resolution_that_was_breached_is_not_breached_again_by_a_new_policy(
    door: RedisDoor, redis: Client
) -> None:
    await door.admit([admission(new={"resolution_due_ms": NOON_MS + 60_000})])
    door.now_ms = NOON_MS + 60_000
    await door.timers()
    await supervise(door, "reclock", task_id(), **clocks(1_800_000, 120_000))
    door.now_ms = NOON_MS + 120_000
    await door.timers()
    assert [f["op"] for f in await facts(redis, task_id())].count("breached") == 1


async def test_a_resolution_that_a_new_policy_makes_late_is_told_at_once(
    door: RedisDoor, redis: Client
) -> None:
    """The task had no such clock before: without a timer of its own it would never be late."""
    await door.admit([admission()])
    door.now_ms = NOON_MS + 60_000
    await supervise(door, "reclock", task_id(), **clocks(1_800_000, 30_000))
    await door.timers()
    assert [f["op"] for f in await facts(redis, task_id())][-2:] == ["breached", "escalated"]


@pytest.mark.parametrize("name", COMMANDS)
async def test_nothing_can_be_done_to_a_task_after_its_end_by_anybody(
    door: RedisDoor, redis: Client, name: str
) -> None:
    task = await accepted_by(door, "ann")
    await do(door, "complete", task, "ann")
    before = await redis.hgetall(f"hs:task:{task}")
    assert await refused(door, name, task) == "wrong_state"
    assert await redis.hgetall(f"hs:task:{task}") == before


@pytest.mark.parametrize("name", COMMANDS)
async def test_nothing_can_be_done_to_a_task_that_is_not_there(door: RedisDoor, name: str) -> None:
    assert await refused(door, name, "nothing") == "unknown_task"
