"""The door: the SLA clock, escalation, and admission."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.adapters.redis_client import Client
from app.adapters.redis_door import RedisDoor
from app.ports import Seen
from tests.adapters.test_door_handover import accepted_by
from tests.adapters.test_door_work import facts, field
from tests.builders import NOON, NOON_MS, OFFER_MS, admission, do, ready, set_state, task_id

AT_RISK_MS, DUE_MS = 1_440_000, 1_800_000


async def ops(redis: Client) -> list[str]:
    return [fact["op"] for fact in await facts(redis, task_id())]


async def test_a_task_is_at_risk_then_breached_then_escalated(
    door: RedisDoor, redis: Client
) -> None:
    """A4.4: what is late goes to the mediator."""
    await door.admit([admission()])
    door.now_ms = NOON_MS + AT_RISK_MS - 1
    assert not (await door.thresholds())["at_risk"]
    door.now_ms += 1
    assert (await door.thresholds())["at_risk"] == [task_id()]
    door.now_ms = NOON_MS + DUE_MS - 1
    assert not (await door.thresholds())["breached"]
    door.now_ms += 1
    assert (await door.thresholds())["breached"] == [task_id()]
    assert await ops(redis) == ["queued", "at_risk", "breached", "escalated"]


async def test_each_threshold_is_crossed_once(door: RedisDoor, redis: Client) -> None:
    await door.admit([admission()])
    for _ in range(4):
        door.now_ms += DUE_MS
        await door.thresholds()
    assert await ops(redis) == ["queued", "at_risk", "breached", "escalated"]


async def test_a_breached_task_waits_for_the_mediator_alone(door: RedisDoor, redis: Client) -> None:
    """A4.4: escalation through a mediator."""
    await ready(door, "ann", "mia")
    await set_state(door, "ann", "paused")
    await door.admit([admission()])
    door.now_ms += DUE_MS
    await door.thresholds()
    await set_state(door, "ann", "available")
    assert await door.offer(OFFER_MS) == [task_id()]
    assert await redis.smembers("hs:rep:mia:tasks") == {task_id().encode()}
    assert [await field(redis, n) for n in ("queue", "skills", "level")] == [
        "escalation",
        "mediator",
        "1",
    ]


async def test_a_breached_task_comes_before_any_newer_escalation(door: RedisDoor) -> None:
    await door.admit([admission("old", priority=0)])
    door.now_ms += DUE_MS
    await door.thresholds()
    new = NOON + timedelta(milliseconds=1)
    await door.admit(
        [admission("new", queue="escalation", skills=("mediator",), priority=100, detected_at=new)]
    )
    await ready(door, "mia")
    assert await door.offer(OFFER_MS) == [task_id("old")]


async def test_a_late_born_task_crosses_all_thresholds_at_once_in_order(
    door: RedisDoor, redis: Client
) -> None:
    await door.admit([admission(detected_at=NOON - timedelta(hours=5))])
    crossed = await door.thresholds()
    assert (crossed["at_risk"], crossed["breached"]) == ([task_id()], [task_id()])
    assert await ops(redis) == ["queued", "at_risk", "breached", "escalated"]


async def test_a_task_breached_in_an_offer_may_still_be_accepted(
    door: RedisDoor, redis: Client
) -> None:
    await ready(door, "ann")
    await door.admit([admission()])
    door.now_ms = NOON_MS + DUE_MS - 5
    await door.thresholds()
    await door.offer(OFFER_MS)
    door.now_ms = NOON_MS + DUE_MS
    await door.thresholds()
    assert await field(redis, "queue") == "escalation"
    assert (await do(door, "accept", task_id(), "ann"))["state"] == "accepted"


async def test_a_task_breached_in_an_offer_goes_to_the_mediator_when_refused(
    door: RedisDoor, redis: Client
) -> None:
    await ready(door, "ann", "bob")
    await door.admit([admission()])
    door.now_ms = NOON_MS + DUE_MS - 5
    await door.thresholds()
    await door.offer(OFFER_MS)
    door.now_ms = NOON_MS + DUE_MS
    await door.thresholds()
    await do(door, "reject", task_id(), "ann")
    assert await door.offer(OFFER_MS) == []
    assert await redis.zrange("hs:lane:escalation|mediator||1||", 0, -1) == [task_id().encode()]
    assert await redis.smembers("hs:lanes:service") == set()


async def test_a_task_breached_in_work_stays_with_its_owner(door: RedisDoor, redis: Client) -> None:
    await ready(door, "ann")
    await door.admit([admission()])
    await door.offer(OFFER_MS)
    await do(door, "accept", task_id(), "ann")
    door.now_ms = NOON_MS + DUE_MS
    await door.thresholds()
    assert [await field(redis, n) for n in ("state", "rep", "queue", "sla")] == [
        "accepted",
        "ann",
        "service",
        "breached",
    ]
    await do(door, "reply", task_id(), "ann")
    assert await field(redis, "sla") == "breached"
    await do(door, "complete", task_id(), "ann")
    assert not await redis.exists("hs:sla:service:breached")


async def test_the_figures_of_a_queue_follow_a_task_that_moves(
    door: RedisDoor, redis: Client
) -> None:
    await ready(door, "ann")
    await door.admit([admission()])
    door.now_ms = NOON_MS + AT_RISK_MS
    await door.thresholds()
    await door.offer(OFFER_MS)
    await do(door, "accept", task_id(), "ann")
    await do(door, "transfer", task_id(), "ann")
    assert not await redis.exists("hs:sla:service:at_risk")
    assert await redis.smembers("hs:sla:billing:at_risk") == {task_id().encode()}


async def test_the_clock_never_goes_backwards(door: RedisDoor, redis: Client) -> None:
    await ready(door, "ann")
    await door.admit([admission()])
    door.now_ms = NOON_MS + 50_000
    await door.offer(OFFER_MS)
    door.now_ms = NOON_MS
    await do(door, "accept", task_id(), "ann")
    times = [fact["now_ms"] for fact in await facts(redis, task_id())]
    assert times == sorted(times)
    assert times[-1] == NOON_MS + 50_000


async def test_an_offer_does_not_expire_before_its_time_when_the_clock_is_set_back(
    door: RedisDoor,
) -> None:
    await ready(door, "ann")
    await door.admit([admission()])
    await door.offer(OFFER_MS)
    door.now_ms -= 1_000_000
    assert not await door.expire()


async def test_a_mention_is_admitted_once_whatever_comes_again(
    door: RedisDoor, redis: Client
) -> None:
    again = admission(src="src-2")
    edit = admission(src="src-3", text="Other words")
    found = await door.admit([admission(), admission(), again, edit, edit])
    assert found == ["task", "replayed", "duplicate", "edited", "replayed"]
    assert [f["op"] for f in await facts(redis)] == [
        "received",
        "decided",
        "queued",
        "duplicate",
        "edited",
    ]


async def test_a_closed_mention_makes_no_task(door: RedisDoor, redis: Client) -> None:
    assert await door.admit([admission(queue="")]) == ["closed"]
    assert not await redis.exists(f"hs:task:{task_id()}")


async def test_what_the_store_remembers_counts_where_redis_forgot(door: RedisDoor) -> None:
    said = admission().mention
    known = Seen(src="src-0", content_hash=said.content_hash, last_src="src-0")
    assert await door.admit([admission(known=known)]) == ["duplicate"]
    assert await door.admit([admission("2", text="New", known=known)]) == ["edited"]


async def test_an_edit_changes_the_card_and_neither_deadline_nor_owner(
    door: RedisDoor, redis: Client
) -> None:
    await ready(door, "ann")
    await door.admit([admission()])
    await door.offer(OFFER_MS)
    await do(door, "accept", task_id(), "ann")
    before = await redis.hgetall(f"hs:task:{task_id()}")
    await door.admit([admission(src="src-2", text="Other words", window_s=60.0)])
    after = await redis.hgetall(f"hs:task:{task_id()}")
    assert b"Other words" in after.pop(b"card")
    before.pop(b"card")
    assert after == before


async def test_an_edit_of_a_completed_task_opens_nothing(door: RedisDoor, redis: Client) -> None:
    await ready(door, "ann")
    await door.admit([admission()])
    await door.offer(OFFER_MS)
    await do(door, "accept", task_id(), "ann")
    await do(door, "complete", task_id(), "ann")
    assert await door.admit([admission(src="src-2", text="And another thing")]) == ["edited"]
    assert await field(redis, "state") == "completed"
    assert not await redis.exists("hs:open:service")


@pytest.mark.parametrize("odd", ["a|b", "a b\nc", "mentions/0/7@1"])
async def test_any_source_name_is_recognised_when_it_comes_again(door: RedisDoor, odd: str) -> None:
    assert await door.admit([admission(src=odd), admission(src=odd)]) == ["task", "replayed"]


async def test_nothing_falls_due_at_a_time_that_its_caller_does_not_believe(
    door: RedisDoor, redis: Client
) -> None:
    """A clock that jumps between a look at it and the sweep makes nobody late."""
    await ready(door, "ann")
    await door.admit([admission()])
    await door.offer(OFFER_MS)
    believed_ms = door.now_ms + 30_000
    door.now_ms += 2 * 3600 * 1000
    assert not await door.expire(believed_ms)
    assert await door.thresholds(believed_ms) == {}
    assert await door.timers(believed_ms) == 0
    assert await door.absent(15_000, 120_000, believed_ms) == []
    assert await redis.hget(f"hs:task:{task_id()}", "state") == b"offered"
    assert await door.expire(door.now_ms) == [task_id()]


async def test_a_reply_in_the_moment_of_the_deadline_is_late_before_any_sweep(
    door: RedisDoor, redis: Client
) -> None:
    """A5.1: no silent miss: the breach stands in the ledger before the reply does."""
    await accepted_by(door, "ann")
    door.now_ms = NOON_MS + DUE_MS
    await do(door, "reply", task_id(), "ann")
    found = [fact["op"] for fact in await facts(redis, task_id())]
    assert found.index("breached") < found.index("replied")
    assert await redis.hget(f"hs:task:{task_id()}", "sla") == b"breached"


async def test_a_task_that_needs_no_answer_stops_its_clock_when_it_ends(
    door: RedisDoor, redis: Client
) -> None:
    """A5.1: "no answer needed" is met, not forgotten."""
    await accepted_by(door, "ann")
    await do(door, "complete", task_id(), "ann", code="no_answer_needed")
    assert (await facts(redis, task_id()))[-1]["data"]["sla"] == "met"
