"""Rebuild: what the ledger tells is put back as it was; nobody is told "done" meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from app.adapters.redis_client import Client
from app.adapters.redis_door import RedisDoor
from app.adapters.store.database import Database
from app.adapters.store.migrate import migrate
from app.core.errors import Overtaken, ReadOnly
from tests.adapters.centre import Centre
from tests.builders import NOON_MS, OFFER_MS, admission, do, ready, set_state, task_id


@pytest.fixture
async def centre(door: RedisDoor, redis: Client, database: Database) -> Centre:
    centre = Centre(door, redis, database)
    await centre.open()
    return centre


async def a_busy_hour(centre: Centre) -> None:
    """Tasks in every state; the last offer is open."""
    door = centre.door
    await ready(door, "ann", "bob")
    for number in range(8):
        await door.admit([admission(str(number), skills=("en",), priority=number)])
    for _ in range(3):
        for id_ in await door.offer(OFFER_MS):
            card = await centre.redis.hgetall(f"hs:task:{id_}")
            await do(door, "accept", id_, card[b"rep"].decode())
        door.now_ms += 1000
    held = sorted(await centre.redis.smembers("hs:rep:ann:tasks"))
    first, second, third = (task.decode() for task in held)
    await do(door, "reply", first, "ann")
    await do(door, "complete", first, "ann", op_id="ann:complete:1")
    await do(door, "wrap", second, "ann")
    await do(door, "park", third, "ann", until_ms=door.now_ms + 600_000, reason="waits for parts")
    door.now_ms += 5
    await door.offer(OFFER_MS)


async def facts_of(centre: Centre, task: str) -> list[dict[str, Any]]:
    await centre.relayed()
    return [f for f in await centre.ledger.since(0, limit=10_000) if f.get("task_id") == task]


async def test_a_wiped_redis_is_put_back_as_it_was(centre: Centre) -> None:
    """I17: tasks, timers, lanes, thresholds and reps; only open offers are rescinded."""
    await a_busy_hour(centre)
    await set_state(centre.door, "ann", "paused")  # takes the one open offer back
    await set_state(centre.door, "bob", "paused")
    await centre.relayed()
    before = await centre.tasks(), await centre.sets(), await centre.reps(), await centre.digest()
    assert len(before[0]) == 8
    await centre.wiped()
    assert await centre.keeper.turn()
    assert await centre.tasks() == before[0]
    assert await centre.sets() == before[1]
    assert await centre.reps() == before[2]
    assert await centre.digest() == before[3]


async def test_offers_of_the_old_life_are_rescinded_and_the_chain_goes_on(centre: Centre) -> None:
    await a_busy_hour(centre)
    offered = [id_.decode() for id_ in await centre.redis.zrange("hs:offers", 0, -1)]
    assert offered
    await centre.relayed()
    await centre.wiped()
    await centre.keeper.turn()
    assert await centre.redis.zcard("hs:offers") == 0
    for id_ in offered:
        facts = await facts_of(centre, id_)
        assert [f["version"] for f in facts] == list(range(1, len(facts) + 1))
        assert (facts[-1]["op"], facts[-1]["reason"]) == ("rescinded", "rebuilt")
        assert facts[-1]["epoch"] != facts[-2]["epoch"]


async def test_accepted_tasks_stay_with_their_owner_who_can_go_on(centre: Centre) -> None:
    await a_busy_hour(centre)
    await centre.relayed()
    [mine, *_] = [t for t, f in (await centre.tasks()).items() if f["state"] == "accepted"]
    await centre.wiped()
    await centre.keeper.turn()
    owner = (await centre.tasks())[mine]["rep"]
    await do(centre.door, "reply", mine, owner)
    done = await do(centre.door, "complete", mine, owner)
    facts = await facts_of(centre, mine)
    assert [f["version"] for f in facts] == list(range(1, done["version"] + 1))


async def test_a_command_repeated_after_the_rebuild_gets_its_first_answer(centre: Centre) -> None:
    """I14: also for a task that is closed."""
    await a_busy_hour(centre)
    await centre.relayed()
    [closed] = [t for t, f in (await centre.tasks()).items() if f["state"] == "completed"]
    before = await centre.ops_of(closed)
    facts = len(await facts_of(centre, closed))
    await centre.wiped()
    await centre.keeper.turn()
    assert await centre.ops_of(closed) == before
    again = await do(centre.door, "complete", closed, "ann", op_id="ann:complete:1")
    assert again == before["ann:complete:1"]["r"]
    assert len(await facts_of(centre, closed)) == facts


async def test_until_the_rebuild_is_done_every_change_is_refused(centre: Centre) -> None:
    """A wiped Redis gives no false answer, not even "there is no such task"."""
    await a_busy_hour(centre)
    await centre.relayed()
    await centre.wiped()
    for refused in (
        do(centre.door, "accept", task_id("1"), "ann"),
        centre.door.admit([admission("new")]),
        centre.door.offer(OFFER_MS),
        centre.door.thresholds(),
        set_state(centre.door, "ann", "available"),
    ):
        with pytest.raises(ReadOnly):
            await refused
    assert await centre.outbox.length() == 0
    await centre.keeper.turn()
    await centre.door.offer(OFFER_MS)


async def test_a_restart_of_the_server_is_confirmed_without_a_rebuild(centre: Centre) -> None:
    """Also when facts are in the ledger that the relay has not removed from the outbox yet."""
    await a_busy_hour(centre)
    entries = await centre.outbox.read(500, 0)
    await centre.ledger.append([e.fact for e in entries], entries[0].epoch)
    epoch, before = await centre.redis.get("hs:epoch"), await centre.digest()
    await centre.forgotten()
    await centre.door.open()
    with pytest.raises(ReadOnly):
        await centre.door.offer(OFFER_MS)
    assert await centre.keeper.turn()
    assert (await centre.redis.get("hs:epoch"), await centre.digest()) == (epoch, before)
    await centre.relayed()
    assert await centre.outbox.length() == 0


async def copy_of(redis: Client) -> dict[bytes, bytes]:
    return {key: await redis.dump(key) for key in await redis.keys("*")}


async def restore_copy(centre: Centre, copy: dict[bytes, bytes]) -> None:
    await centre.wiped()
    for key, value in copy.items():
        await centre.redis.restore(key, 0, value)
    await centre.door.open()


async def test_an_old_copy_changes_nothing_and_is_rebuilt(centre: Centre) -> None:
    """Its outbox tells again what the ledger knows; what it lacks comes from the ledger."""
    await ready(centre.door, "ann", "bob")
    for number in range(4):
        await centre.door.admit([admission(str(number))])
    await centre.relayed()
    await centre.door.offer(OFFER_MS)  # these facts are in the copy's outbox
    old = await copy_of(centre.redis)
    tasks = await centre.tasks()
    accepted, other = (t for name in ("ann", "bob") for t in tasks if tasks[t]["rep"] == name)
    await do(centre.door, "accept", accepted, "ann")
    for number in range(4, 6):
        await centre.door.admit([admission(str(number))])
    await centre.relayed()
    before = await centre.tasks()
    await restore_copy(centre, old)
    with pytest.raises(ReadOnly):  # the old copy believes that this is still offered
        await do(centre.door, "accept", accepted, "ann", op_id="once more")
    await centre.keeper.turn()
    after = await centre.tasks()
    assert after.keys() == before.keys()
    assert after[accepted] == before[accepted]
    facts = await facts_of(centre, other)
    assert [f["op"] for f in facts] == ["queued", "offered", "rescinded"]


async def test_a_redis_of_another_life_is_rebuilt(centre: Centre) -> None:
    await a_busy_hour(centre)
    await centre.relayed()
    old = await copy_of(centre.redis)
    await centre.wiped()
    await centre.keeper.turn()
    await centre.relayed()
    before, seq = await centre.digest(), await centre.ledger.last_seq()
    await restore_copy(centre, old)
    await centre.keeper.turn()
    assert await centre.digest() == before
    told = (await centre.ledger.since(seq))[-1:] or (await facts_in_outbox(centre))[-1:]
    assert told[0]["data"]["rebuilt"]["cause"] == "another_life"


async def facts_in_outbox(centre: Centre) -> list[dict[str, Any]]:
    return [entry.fact for entry in await centre.outbox.read(500, 0)]


async def test_a_relay_that_was_frozen_cannot_bring_facts_of_the_old_life(centre: Centre) -> None:
    """I18: they were lost with Redis; brought later they would fork what was rebuilt."""
    await ready(centre.door, "ann")
    await centre.door.admit([admission()])
    stale = await centre.outbox.read(500, 0)
    await centre.wiped()
    await centre.keeper.turn()
    with pytest.raises(Overtaken):
        await centre.ledger.append([e.fact for e in stale], stale[0].epoch)
    with pytest.raises(ReadOnly):
        await centre.outbox.remove(stale, 5)
    await centre.relayed()
    facts = await centre.ledger.since(0)
    last = facts[-1]["epoch"]
    first = next(n for n, f in enumerate(facts) if f.get("epoch") == last)
    assert {f.get("epoch", last) for f in facts[first:]} == {last}


async def test_of_two_keepers_one_rebuilds_and_a_late_one_is_refused(centre: Centre) -> None:
    await a_busy_hour(centre)
    await centre.relayed()
    await centre.wiped()
    await centre.epoch.lease("somebody else", "empty")
    with pytest.raises(ReadOnly):
        await centre.keeper.turn()
    await centre.redis.delete("hs:lease:rebuild")  # it has run out
    await centre.keeper.turn()
    before = await centre.digest()
    for late in (centre.epoch.clear("somebody else"),
                 centre.epoch.restore_tasks("somebody else", [])):  # fmt: skip
        try:
            await late
        except ReadOnly:
            continue
    assert await centre.digest() == before


async def test_an_older_ledger_than_redis_stops_everybody(centre: Centre) -> None:
    """The store was restored from a backup: rebuilding from it would lose live tasks."""
    await a_busy_hour(centre)
    await centre.relayed()
    await centre.redis.set("hs:relayed", 10_000)
    await centre.forgotten()
    await centre.door.open()
    with pytest.raises(ReadOnly, match="older than Redis"):
        await centre.keeper.turn()
    assert await centre.keeper.missing() == ["a ledger as new as Redis"]
    assert len(await centre.tasks()) == 8


async def test_the_ledger_tells_of_the_rebuild(centre: Centre) -> None:
    await a_busy_hour(centre)
    await centre.relayed()
    await centre.wiped()
    await centre.keeper.turn()
    await centre.relayed()
    told = [f for f in await centre.ledger.since(0) if f["reason"] == "rebuilt"]
    rebuilt = next(f["data"]["rebuilt"] for f in reversed(told) if f["op"] == "configured")
    assert (rebuilt["cause"], rebuilt["open"], rebuilt["closed"]) == ("empty", 7, 1)
    assert rebuilt["gaps"] == 0


async def test_profiles_and_sessions_outlive_a_rebuild(centre: Centre) -> None:
    await centre.redis.set("hs:profile:x:kim", "{}")
    await centre.redis.set("hs:session:abc", "ann")
    await centre.redis.mset({"hs:past:x:kim": "[]", "hs:pasts": 7})
    await centre.redis.set("hs:epoch", "foreign")
    await centre.forgotten()
    await centre.keeper.turn()
    assert await centre.redis.get("hs:profile:x:kim") == b"{}"
    assert await centre.redis.get("hs:session:abc") == b"ann"
    assert await centre.redis.mget("hs:past:x:kim", "hs:pasts") == [b"[]", b"7"]


async def test_open_tasks_of_version_0_1_are_put_back_when_it_is_replaced(
    centre: Centre,
) -> None:
    """Its Redis has another epoch than the ledger knows, and its facts list no fields."""
    await ready(centre.door, "ann")
    await centre.door.admit([admission(), admission("2")])
    await centre.door.offer(OFFER_MS)
    entries = await centre.outbox.read(500, 0)
    old = [{n: v for n, v in e.fact.items() if n != "fields"} for e in entries]
    await centre.ledger.append(old)
    await centre.wiped()
    await centre.redis.set("hs:epoch", "of 0.1")
    await centre.keeper.turn()
    tasks = await centre.tasks()
    assert {task["state"] for task in tasks.values()} == {"queued"}
    assert {task["due_ms"] for task in tasks.values()} == {str(NOON_MS + 1_800_000)}
    assert len(await centre.door.offer(OFFER_MS)) == 1


def test_the_migration_finds_the_open_tasks_and_reps_of_an_older_ledger(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    migrate(url, "0002")
    engine = sa.create_engine(url)
    facts = [
        ("a/queued", "queued", "m1", {"task_id": "t1", "mention_id": "m1"}),
        ("b/queued", "queued", "m2", {"task_id": "t2", "mention_id": "m2"}),
        ("b/completed", "completed", "m2", {"task_id": "t2", "mention_id": "m2"}),
        ("r/1", "configured", "", {"rep": "ann", "fact_id": "r/1"}),
        ("r/2", "configured", "", {"rep": "ann", "fact_id": "r/2"}),
        ("c/1", "configured", "", {"fact_id": "c/1"}),
    ]
    insert = sa.text(
        "INSERT INTO facts (fact_id, op, op_id, mention_id, now_ms, body)"
        " VALUES (:id, :op, :id, :mention, 1, :body)"
    )
    with engine.begin() as connection:
        for id_, op, mention, body in facts:
            row = {"id": id_, "op": op, "mention": mention, "body": orjson.dumps(body)}
            connection.execute(insert, row)
    migrate(url)
    with engine.connect() as connection:
        tasks = connection.execute(sa.text("SELECT task_id, closed_ms FROM live_tasks")).all()
        reps = connection.execute(sa.text("SELECT rep, fact_id FROM rep_facts")).all()
    assert [tuple(row) for row in tasks] == [("t1", 0)]
    assert [tuple(row) for row in reps] == [("ann", "r/2")]
