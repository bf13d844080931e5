"""The door: what an owner may do with a task, and every refusal."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from app.adapters.redis_client import Client, connect
from app.adapters.redis_door import RedisDoor
from app.core.errors import Conflict, Unavailable
from app.core.facts import Fact
from app.processes.tcp_ports import free_port
from tests.builders import NOON_MS, OFFER_MS, admission, do, ready, task_id

COMMANDS = ("accept", "reject", "reply", "complete", "transfer")


async def facts(redis: Client, task: str = "") -> list[dict[str, Any]]:
    """Every fact in the outbox, or those of one task, in order."""
    found = [orjson.loads(fields[b"fact"]) for _, fields in await redis.xrange("hs:outbox")]
    return [fact for fact in found if not task or fact.get("task_id") == task]


async def field(redis: Client, name: str, task: str = "") -> str:
    return (await redis.hget(f"hs:task:{task or task_id()}", name)).decode()


async def refusal(door: RedisDoor, name: str, rep: str, task: str = "", **given: Any) -> str:
    with pytest.raises(Conflict) as refused:
        await do(door, name, task or task_id(), rep, **given)
    assert str(refused.value)
    return refused.value.code


@pytest.fixture
async def offered(door: RedisDoor) -> str:
    """One task, offered to ann; bob is there too."""
    await ready(door, "ann")
    await door.admit([admission()])
    assert await door.offer(OFFER_MS) == [task_id()]
    await ready(door, "bob")
    return task_id()


@pytest.fixture
async def accepted(door: RedisDoor, offered: str) -> str:
    await do(door, "accept", offered, "ann")
    return offered


async def test_accept_reply_complete_leaves_nothing_behind(
    door: RedisDoor, redis: Client, accepted: str
) -> None:
    """A5.4: a human handles it."""
    await do(door, "reply", accepted, "ann")
    assert (await do(door, "complete", accepted, "ann"))["state"] == "completed"
    for key in ("hs:offers", "hs:sla", "hs:rep:ann:tasks", "hs:open:service", "hs:wait:service"):
        assert not await redis.exists(key), key


async def test_the_versions_of_a_task_run_from_1_without_a_gap(
    door: RedisDoor, redis: Client, accepted: str
) -> None:
    await do(door, "reply", accepted, "ann")
    await do(door, "complete", accepted, "ann")
    chain = [(f["version"], f["op"], f["from"], f["to"]) for f in await facts(redis, accepted)]
    assert chain == [
        (1, "queued", "", "queued"),
        (2, "offered", "queued", "offered"),
        (3, "accepted", "offered", "accepted"),
        (4, "replied", "accepted", "accepted"),
        (5, "completed", "accepted", "completed"),
    ]


async def test_facts_name_the_actor_the_rep_the_deadline_and_the_mention(
    door: RedisDoor, redis: Client, accepted: str
) -> None:
    fact = (await facts(redis, accepted))[-1]
    assert fact["actor"] == {"type": "user", "id": "ann", "role": "agent"}
    assert (fact["rep"], fact["queue"], fact["deadline_ms"]) == (
        "ann",
        "service",
        NOON_MS + 1_800_000,
    )
    assert fact["mention_id"] == admission().mention.mention_id
    assert fact["source_id"] == "1"


@pytest.mark.parametrize("name", COMMANDS)
async def test_a_command_on_an_unknown_task_is_refused(door: RedisDoor, name: str) -> None:
    assert await refusal(door, name, "ann", "nothing") == "unknown_task"


@pytest.mark.parametrize("name", ["accept", "reject"])
async def test_another_reps_offer_is_not_yours(door: RedisDoor, offered: str, name: str) -> None:
    assert await refusal(door, name, "bob") == "not_yours"


@pytest.mark.parametrize("name", ["accept", "reject"])
async def test_a_task_that_somebody_accepted_is_taken(
    door: RedisDoor, accepted: str, name: str
) -> None:
    assert await refusal(door, name, "bob") == "taken"


@pytest.mark.parametrize("name", ["accept", "reject"])
async def test_an_answer_in_the_moment_the_time_runs_out_is_refused_as_expired(
    door: RedisDoor, redis: Client, offered: str, name: str
) -> None:
    door.now_ms = int(await field(redis, "expires_ms"))
    assert await refusal(door, name, "ann") == "expired"


async def test_an_answer_in_the_last_millisecond_counts(door: RedisDoor, redis: Client) -> None:
    await ready(door, "ann")
    await door.admit([admission()])
    await door.offer(OFFER_MS)
    door.now_ms += OFFER_MS - 1
    assert (await do(door, "accept", task_id(), "ann"))["state"] == "accepted"


@pytest.mark.parametrize("name", ["reply", "complete", "transfer"])
async def test_work_on_a_task_that_is_not_accepted_is_refused(
    door: RedisDoor, offered: str, name: str
) -> None:
    assert await refusal(door, name, "ann") == "wrong_state"


@pytest.mark.parametrize("name", ["reply", "complete", "transfer"])
async def test_work_on_another_reps_task_is_refused(
    door: RedisDoor, accepted: str, name: str
) -> None:
    assert await refusal(door, name, "bob") == "not_yours"


@pytest.mark.parametrize("name", COMMANDS)
async def test_nothing_happens_to_a_task_after_its_end(
    door: RedisDoor, redis: Client, accepted: str, name: str
) -> None:
    await do(door, "complete", accepted, "ann")
    before = await redis.hgetall(f"hs:task:{accepted}")
    door.now_ms += 1
    assert await refusal(door, name, "ann") in ("wrong_state", "not_yours")
    assert await redis.hgetall(f"hs:task:{accepted}") == before


async def test_a_refusal_writes_no_fact(door: RedisDoor, redis: Client, accepted: str) -> None:
    before = await facts(redis)
    for name in COMMANDS:
        await refusal(door, name, "bob")
    assert await facts(redis) == before


@pytest.mark.parametrize("name", COMMANDS)
async def test_a_repeated_command_changes_nothing_and_gets_the_first_answer(
    door: RedisDoor, redis: Client, offered: str, name: str
) -> None:
    if name not in ("accept", "reject"):
        await do(door, "accept", offered, "ann")
    first = await do(door, name, offered, "ann", op_id="op-7")
    before = await facts(redis)
    door.now_ms += 5 * OFFER_MS
    assert await do(door, name, offered, "ann", op_id="op-7") == first
    assert await facts(redis) == before


async def test_what_was_refused_is_not_done_later_under_its_op_id(
    door: RedisDoor, redis: Client, offered: str
) -> None:
    """A request that was sent twice may come once more, late: its sender was told no."""
    assert await refusal(door, "reply", "ann", op_id="op-8") == "wrong_state"
    await do(door, "accept", offered, "ann")
    before = await facts(redis)
    assert await refusal(door, "reply", "ann", op_id="op-8") == "wrong_state"
    assert await facts(redis) == before
    assert (await do(door, "reply", offered, "ann", op_id="op-9"))["state"] == "accepted"


async def test_a_program_gone_wild_fills_no_memory_with_its_refusals(
    door: RedisDoor, redis: Client, offered: str
) -> None:
    for number in range(1_010):
        await refusal(door, "complete", "ann", op_id=f"wild-{number}")
    assert await redis.hlen(f"hs:refusals:{offered}") == 1_000
    assert 0 < await redis.ttl(f"hs:refusals:{offered}") <= 600


async def test_a_refused_completion_does_not_make_a_live_task_forget_its_commands(
    door: RedisDoor, redis: Client, accepted: str
) -> None:
    assert await refusal(door, "complete", "bob") == "not_yours"
    assert await redis.ttl(f"hs:ops:{accepted}") == -1


async def test_one_op_id_on_two_tasks_is_two_facts(door: RedisDoor, redis: Client) -> None:
    """The ledger keeps one fact for each fact id: two facts of one id would lose the second."""
    await ready(door, "ann")
    for id_ in ("1", "2"):
        await door.admit([admission(id_)])
        [task] = await door.offer(OFFER_MS)
        await do(door, "accept", task, "ann", op_id="ann:accept:same-key")
    ids = [fact["fact_id"] for fact in await facts(redis) if fact["op"] == "accepted"]
    assert len(ids) == len(set(ids)) == 2


async def test_a_transfer_keeps_the_deadline_and_needs_the_next_queues_skills(
    door: RedisDoor, redis: Client, accepted: str
) -> None:
    """A5.4: handed to somebody who can, on the same clock."""
    due = await field(redis, "due_ms")
    door.now_ms += 60_000
    await do(door, "transfer", accepted, "ann")
    assert [await field(redis, n) for n in ("state", "queue", "skills", "rep")] == [
        "queued",
        "billing",
        "billing",
        "",
    ]
    assert await field(redis, "due_ms") == due
    assert await redis.smembers("hs:open:service") == set()
    assert await redis.smembers("hs:open:billing") == {accepted.encode()}


async def test_a_transferred_task_is_not_offered_straight_back(
    door: RedisDoor, accepted: str
) -> None:
    await do(door, "transfer", accepted, "ann", queue="service", skills="en")
    assert await door.offer(OFFER_MS) == [accepted]
    assert (await do(door, "accept", accepted, "bob"))["state"] == "accepted"


async def test_the_clock_stops_at_the_first_reply(
    door: RedisDoor, redis: Client, accepted: str
) -> None:
    """A5.1: the response within the window is what counts."""
    await do(door, "reply", accepted, "ann", op_id="r1")
    assert await field(redis, "sla") == "met"
    door.now_ms += 2_000_000
    assert await door.thresholds() == {"halfway": [], "at_risk": [], "breached": []}
    await do(door, "reply", accepted, "ann", op_id="r2", text="More")
    first, second = [f for f in await facts(redis) if f["op"] == "replied"]
    assert (first["data"]["first"], second["data"]["first"]) == (True, False)


async def test_a_reply_keeps_any_text_as_it_is(
    door: RedisDoor, redis: Client, accepted: str
) -> None:
    text = '</script>"\\ \u2028 🤬 %s ${x} \x07'
    await do(door, "reply", accepted, "ann", text=text)
    assert (await facts(redis))[-1]["data"]["text"] == text


async def test_functions_that_redis_lost_are_loaded_again_and_wait_to_be_compared(
    door: RedisDoor, redis: Client
) -> None:
    """A Redis that lost its functions may have lost more: nothing changes before `watch` looked."""
    await redis.function_flush()
    with pytest.raises(Unavailable):
        await door.admit([admission()])
    await door.begin("test")
    assert await door.admit([admission()]) == ["task"]


async def test_a_redis_that_is_away_is_unavailable(redis_url: str) -> None:
    client = connect(f"redis://127.0.0.1:{free_port()}/0")
    with pytest.raises(Unavailable):
        await RedisDoor(client).admit([admission()])
    await client.aclose()


async def test_a_note_is_a_fact_that_changes_no_task(door: RedisDoor, redis: Client) -> None:
    await door.note([Fact(op="degraded", op_id="model:1", now_ms=1, reason="refused")])
    assert [(f["op"], f["reason"]) for f in await facts(redis)] == [("degraded", "refused")]
