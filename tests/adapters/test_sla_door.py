"""The clocks of the door and the fold of the ledger: they agree, and a new policy reaches both."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from app.adapters.redis_client import Client
from app.adapters.redis_door import RedisDoor
from app.adapters.store.database import Database
from app.adapters.store.ledger import Ledger
from app.core.errors import Conflict
from app.core.sla_fold import BREACHED, MET, PAUSED, reading
from tests.adapters.sla_house import HOUR_MS, MENTION, NOON_HOUR, STANDARD, TASK, House, slas
from tests.builders import NOON_MS, do, ready, task_id


@pytest.fixture
async def house(door: RedisDoor, redis: Client, database: Database) -> House:
    made = House(door, redis, Ledger(database))
    await ready(door, "ann", "mia")
    return made


async def test_the_queued_fact_tells_everything_about_the_clocks(house: House) -> None:
    await house.hear()
    [queued] = [fact for fact in await house.facts() if fact["op"] == "queued"]
    now = house.door.now_ms
    assert queued["deadline_ms"] == now + 600_000
    told = {name: queued["data"][name] for name in ("half_ms", "at_risk_ms", "clock", "policy")}
    assert told == {
        "half_ms": now + 300_000,
        "at_risk_ms": now + 480_000,
        "clock": "first_response",
        "policy": "standard@v1-0.8",
    }
    assert queued["data"]["resolution_due_ms"] == now + HOUR_MS


@pytest.mark.parametrize("seed", range(30))
async def test_the_fold_of_the_ledger_agrees_with_the_door(house: House, seed: int) -> None:
    """A5.1: whatever is done to a task, in whatever order, at whatever time."""
    rng = Random(seed)
    await house.hear()
    for _ in range(rng.randint(3, 14)):
        house.door.now_ms += rng.choice(
            (0, 1_000, 60_000, 299_999, 300_000, rng.randint(1, 900_000))
        )
        await house.sweep()
        await house.door.offer(20_000)
        await _do_something(
            house, rng.choice(("accept", "accept", "reply", "ask", "resume", "end"))
        )
    await house.sweep()
    facts, now = await house.facts(), house.door.now_ms
    breached = {f["data"].get("clock", "response") for f in facts if f["op"] == "breached"}
    found = await house.clocks()
    assert found.resolution
    assert (reading(found.response, now).state == BREACHED) == ("response" in breached)
    assert (reading(found.resolution, now).state == BREACHED) == ("resolution" in breached)
    replies = [f for f in facts if f["op"] == "replied" and f["data"]["first"]]
    if replies:
        assert (replies[0]["data"]["sla"] == "met") == (reading(found.response, now).state == MET)
    if not found.resolution.stopped_ms and "resolution" not in breached:
        assert reading(found.resolution, now).state != PAUSED or await house.live("left_ms") != "0"
        if found.resolution.due_ms:
            assert int(await house.live("resolution_ms")) == found.resolution.due_ms


async def _do_something(house: House, what: str) -> None:
    try:
        rep = await house.live("rep") or "ann"
        if what == "accept":
            await do(house.door, "accept", TASK, rep)
        elif what == "reply":
            await do(house.door, "reply", TASK, rep)
        elif what == "ask":
            await house.ask_customer()
        elif what == "resume":
            await do(house.door, "resume", TASK, await house.live("for_rep") or "ann", kept_ms=0)
        else:
            await do(house.door, "complete", TASK, rep, code="no_answer_needed")
    except Conflict:
        pass  # not possible in this state


async def test_a_changed_policy_sets_the_clocks_of_open_tasks_again(house: House) -> None:
    """Door, ledger and fold then say the same; a second look changes nothing."""
    await house.hear()
    started = house.door.now_ms
    await house.relay()
    longer = slas(replace(STANDARD, first_response_s=1200, resolution_s=7200), "v2")
    assert await house.reclock(longer).turn() == 0
    assert await house.live_ms() == tuple(
        started + at for at in (600_000, 960_000, 1_200_000, 7_200_000)
    )
    assert await house.live("policy") == "standard@v2-0.8"
    before = len(await house.facts())
    assert await house.reclock(longer).turn() == 0
    assert len(await house.facts()) == before
    house.door.now_ms = started + 600_000
    assert await house.door.thresholds() == {"halfway": [TASK], "at_risk": [], "breached": []}


async def test_a_shorter_policy_breaches_at_once_what_is_late_under_it(house: House) -> None:
    await house.hear()
    await house.relay()
    house.door.now_ms += 300_000
    await house.sweep()
    shorter = slas(replace(STANDARD, first_response_s=60), "v2")
    await house.relay()
    await house.reclock(shorter).turn()
    assert (await house.door.thresholds())["breached"] == [TASK]


async def test_no_paused_time_is_lost_when_the_policy_changes(house: House) -> None:
    """10 minutes worked, 2 hours waited for the customer: of the new 2 hours 1:50 are left."""
    await house.hear()
    started = house.door.now_ms
    await house.accept()
    await do(house.door, "reply", TASK, "ann")
    house.door.now_ms = started + 600_000
    await house.ask_customer()
    house.door.now_ms += 2 * HOUR_MS
    await do(house.door, "resume", TASK, "ann", kept_ms=0)
    assert int(await house.live("resolution_ms")) == started + HOUR_MS + 2 * HOUR_MS
    await house.relay()
    longer = slas(replace(STANDARD, resolution_s=7200), "v2")
    assert await house.reclock(longer).turn() == 0
    assert int(await house.live("resolution_ms")) == started + 4 * HOUR_MS
    assert (await house.resolution(longer)).due_ms == started + 4 * HOUR_MS


async def test_a_pause_over_closed_hours_is_corrected_after_the_customer_has_answered(
    house: House,
) -> None:
    """Of the hour from 11:06:40, asked at 11:10, 56:40 are left: until 11:56:40 tomorrow."""
    house.slas = slas(replace(STANDARD, calendar=NOON_HOUR))
    await house.hear()
    await house.accept()
    await do(house.door, "reply", TASK, "ann")
    reclock, started = house.reclock(house.slas), house.door.now_ms
    assert await reclock.turn() == 0
    house.door.now_ms = NOON_MS + 200_000
    await house.ask_customer(minutes=60 * 72)
    house.door.now_ms += 9 * HOUR_MS  # closed since 12, and until tomorrow
    await do(house.door, "resume", TASK, "ann", kept_ms=0)
    right = started + 24 * HOUR_MS + 50 * 60_000
    assert (await house.resolution()).due_ms == right
    assert int(await house.live("resolution_ms")) != right
    await house.relay()
    assert await reclock.turn() == 0
    assert int(await house.live("resolution_ms")) == right


@pytest.mark.parametrize("before_s", [0, 3600, 7200])
async def test_a_policy_that_changes_during_a_pause_counts_when_it_ends(
    house: House, before_s: int
) -> None:
    """10 minutes worked before it: 80 of the new 90 minutes are left when the customer answers."""
    house.slas = slas(replace(STANDARD, resolution_s=before_s))
    await house.hear()
    await house.accept()
    await do(house.door, "reply", TASK, "ann")
    house.door.now_ms += 600_000
    await house.ask_customer()
    await house.relay()
    new = slas(replace(STANDARD, resolution_s=5400), "v2")
    reclock = house.reclock(new)
    assert await reclock.turn() == 0
    assert reclock.looked.is_set()
    house.door.now_ms += 5 * HOUR_MS
    await house.sweep()
    assert not [fact for fact in await house.facts() if fact["op"] == "breached"]
    await do(house.door, "resume", TASK, "ann", kept_ms=0)
    await house.relay()
    assert await reclock.turn() == 0
    assert int(await house.live("resolution_ms")) == house.door.now_ms + 80 * 60_000
    house.door.now_ms += 80 * 60_000
    await house.sweep()
    [breach] = [fact for fact in await house.facts() if fact["op"] == "breached"]
    assert breach["data"]["clock"] == "resolution"


async def test_a_task_of_which_the_ledger_does_not_know_all_is_set_later(house: House) -> None:
    """Never from half of its facts: the door refuses a version that it has left behind."""
    await house.hear()
    await house.relay()
    await house.accept()  # this the ledger does not know yet
    reclock = house.reclock(slas(version="v2"))
    assert await reclock.turn() == 1
    assert await house.live("policy") == "standard@v1-0.8"
    await house.relay()
    assert await reclock.turn() == 0
    assert await house.live("policy") == "standard@v2-0.8"


async def test_a_task_queued_by_a_worker_with_the_old_policy_is_found_later(house: House) -> None:
    reclock = house.reclock(slas(version="v2"))
    assert await reclock.turn() == 0
    await house.hear()
    await house.relay()
    assert await reclock.turn() == 0
    assert await house.live("policy") == "standard@v2-0.8"


async def test_a_closed_task_keeps_what_it_was_measured_by(house: House) -> None:
    await house.hear()
    await house.accept()
    await do(house.door, "complete", TASK, "ann", code="no_answer_needed")
    await house.relay()
    assert await house.reclock(slas(version="v2")).turn() == 0
    assert await house.live("policy") == "standard@v1-0.8"


async def test_a_follow_up_is_recognised_by_what_redis_and_the_ledger_remember(
    house: House,
) -> None:
    await house.hear("1")
    await house.relay()
    await house.redis.delete(f"hs:seen:{MENTION}")
    await house.hear("2", in_reply_to="1")
    await house.hear("3", in_reply_to="1", handle="@somebody")
    clocks = [await house.redis.hget(f"hs:task:{task_id(n)}", "clock") for n in ("1", "2", "3")]
    assert clocks == [b"first_response", b"next_response", b"first_response"]
