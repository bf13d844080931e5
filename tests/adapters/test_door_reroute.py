"""The door: another engine says where a waiting task goes, or did not take it in time."""

from __future__ import annotations

from typing import Any

import pytest

from app.adapters.redis_client import Client
from app.adapters.redis_door import RedisDoor
from app.adapters.redis_floor import RedisFloor
from app.core.errors import Conflict
from tests.adapters.test_door_offers import offer
from tests.adapters.test_door_work import facts, field
from tests.builders import CATALOGUE, WINDOW_S, admission, do, ready, supervise, task_id

CRM = {"type": "system", "id": "crm", "role": "service"}


async def reroute(door: RedisDoor, queue: str = "billing", op_id: str = "h1") -> Any:
    skills = ",".join(CATALOGUE.queues[queue].skills)
    given = {"queue": queue, "skills": skills, "reason": "crm says so", "actor": CRM}
    return await door.command("reroute", task_id(), op_id, **given)


async def test_a_waiting_task_goes_to_the_agents_of_the_other_queue(
    door: RedisDoor, redis: Client
) -> None:
    """A4.7: what another engine answers is obeyed, and the ledger says who it was."""
    await ready(door, "bob")
    await door.set_state("bob", "paused", "", CRM)
    await door.admit([admission()])
    await reroute(door)
    await ready(door, "ann")
    assert await offer(door) == [task_id()]
    told = [fact for fact in await facts(redis, task_id()) if fact["op"] == "transferred"]
    assert [(f["actor"]["id"], f["data"]["from_queue"], f["queue"], f["reason"]) for f in told] == [
        ("crm", "service", "billing", "crm says so")
    ]


async def test_its_new_agent_reads_why_it_came(door: RedisDoor, redis: Client) -> None:
    await door.admit([admission()])
    await reroute(door)
    card = await RedisFloor(redis, CATALOGUE).card(task_id())
    assert card
    assert card["handed_on"] == {"by": "crm", "reason": "crm says so", "from_queue": "service"}


async def test_the_same_answer_twice_moves_it_once(door: RedisDoor, redis: Client) -> None:
    await door.admit([admission()])
    first = await reroute(door)
    assert await reroute(door) == first
    await reroute(door, op_id="h2")
    assert [f["op"] for f in await facts(redis, task_id())].count("transferred") == 1


async def test_an_open_offer_is_taken_back_first(door: RedisDoor, redis: Client) -> None:
    await ready(door, "bob")
    await door.admit([admission()])
    await offer(door)
    await reroute(door)
    found = await facts(redis, task_id())
    assert [f["op"] for f in found[-2:]] == ["rescinded", "transferred"]
    assert await field(redis, "rep") == ""


async def test_what_an_agent_has_in_hand_stays_theirs(door: RedisDoor, redis: Client) -> None:
    await ready(door, "bob")
    await door.admit([admission()])
    await offer(door)
    await do(door, "accept", task_id(), "bob")
    with pytest.raises(Conflict, match="accepted"):
        await reroute(door)
    await supervise(door, "park", task_id())
    with pytest.raises(Conflict, match="parked"):
        await reroute(door, "billing", "h2")
    assert await field(redis, "queue") == "service"


async def test_a_breached_task_stays_with_the_mediator(door: RedisDoor, redis: Client) -> None:
    """The breach that nobody has swept yet counts, too: it was due before the answer came."""
    await door.admit([admission()])
    door.now_ms += round(WINDOW_S * 1000)
    with pytest.raises(Conflict, match="mediator"):
        await reroute(door)
    assert await field(redis, "queue") == "escalation"


async def test_hops_count_what_people_do(door: RedisDoor, redis: Client) -> None:
    """Three answers of engines are no ping-pong between agents."""
    await door.admit([admission()])
    for n, queue in enumerate(("billing", "service", "billing")):
        await reroute(door, queue, f"h{n}")
    assert (await field(redis, "hops"), await field(redis, "queue")) == ("0", "billing")
