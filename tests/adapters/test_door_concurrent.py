"""The door under real concurrency: two clients at once, one truth in the ledger."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters.redis_client import Client, connect
from app.adapters.redis_door import RedisDoor
from app.core.errors import Conflict
from tests.adapters.door_expected import Chains
from tests.adapters.door_server import Behind, now, own_redis
from tests.adapters.test_door_work import facts
from tests.builders import NOON_MS, OFFER_MS, actor_of, admission, do, ready, task_id

NAMES = (
    *("offer", "offer", "accept", "accept", "accept", "reject", "reply", "complete"),
    *("transfer", "pull_back", "park", "resume", "prioritise"),
)
SUE = {"type": "user", "id": "sue", "role": "supervisor"}


async def at_once(redis_url: str, *commands: dict[str, Any]) -> list[str]:
    """The state or the code that each command gets; all leave before any answer has come."""
    clients = [connect(redis_url) for _ in commands]
    doors = [RedisDoor(client, now_ms=NOON_MS + 10) for client in clients]

    async def one(door: RedisDoor, command: dict[str, Any]) -> str:
        try:
            return str((await do(door, **command))["state"])
        except Conflict as refused:
            return refused.code

    found = await asyncio.gather(*map(one, doors, commands))
    for client in clients:
        await client.aclose()
    return found


async def test_two_accepts_at_once_by_two_tabs_of_one_agent_are_one_accept(
    door: RedisDoor, redis: Client, redis_url: str
) -> None:
    """A5.4: each tab has a key of its own: one wins, the other hears that it is theirs already."""
    await ready(door, "ann")
    await door.admit([admission()])
    await door.offer(OFFER_MS)
    accept = {"name": "accept", "task": task_id(), "rep": "ann"}
    found = await at_once(redis_url, accept | {"op_id": "tab-1"}, accept | {"op_id": "tab-2"})
    assert sorted(found) == ["accepted", "already_accepted"]
    assert [f["op"] for f in await facts(redis, task_id())] == ["queued", "offered", "accepted"]


async def test_a_double_click_under_one_key_is_one_accept_and_both_hear_the_same(
    door: RedisDoor, redis: Client, redis_url: str
) -> None:
    await ready(door, "ann")
    await door.admit([admission()])
    await door.offer(OFFER_MS)
    click = {"name": "accept", "task": task_id(), "rep": "ann", "op_id": "k", "digest": "d"}
    assert await at_once(redis_url, *[click] * 5) == ["accepted"] * 5
    assert [f["op"] for f in await facts(redis, task_id())] == ["queued", "offered", "accepted"]


async def test_of_two_agents_who_accept_at_once_exactly_one_wins(
    door: RedisDoor, redis: Client, redis_url: str
) -> None:
    """A5.1: the other reads that it is taken, or that it is not theirs; never that they have it."""
    await ready(door, "ann", "bob")
    await door.admit([admission()])
    await door.offer(OFFER_MS)
    commands = [{"name": "accept", "task": task_id(), "rep": rep} for rep in ("ann", "bob")]
    found = await at_once(redis_url, *commands)
    assert found[0] == "accepted"
    assert found[1] in ("taken", "not_yours")
    assert [f["rep"] for f in await facts(redis, task_id()) if f["op"] == "accepted"] == ["ann"]


@dataclass
class Call:
    """One command, when it left and came back, and what it got."""

    name: str
    task: str
    op_id: str
    given: dict[str, Any]
    began: float = 0.0
    ended: float = 0.0
    answer: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="module")
def path() -> Iterator[str]:
    with own_redis() as path:
        yield path


def _program(seed: int, client: int) -> list[Call]:
    """What one client does: whatever it likes with three tasks, as two agents and a supervisor."""
    random_ = random.Random(f"{seed}/{client}")
    calls = []
    for i in range(12):
        name = random_.choice(NAMES)
        rep = random_.choice(["ann", "bob"])
        given = {
            "rep": rep,
            "actor": SUE if name in ("pull_back", "resume", "prioritise") else actor_of(rep),
            "reason": "because",
            "text": "Hello.",
            "code": "resolved",
            "note": "",
            "queue": "service",
            "skills": "en",
            "until_ms": NOON_MS + 3_600_000,
            "kept_ms": 30_000,
            "priority": random_.randrange(101),
        }
        # Some keys are shared by both clients: the same command from two tabs.
        shared = random_.random() < 0.2
        op_id = f"shared-{name}-{rep}" if shared else f"{client}-{i}"
        calls.append(Call(name, task_id(str(random_.randrange(3))), op_id, given))
    return calls


def _run(behind: Behind, calls: list[Call], barrier: threading.Barrier) -> None:
    barrier.wait()
    for call in calls:
        call.began = time.perf_counter()
        try:
            if call.name == "offer":
                now(behind.door.offer(OFFER_MS))
            else:
                call.answer = now(
                    behind.door.command(call.name, call.task, call.op_id, **call.given)
                )
        except Conflict as refused:
            call.answer = {"error": refused.code}
        call.ended = time.perf_counter()


@settings(max_examples=200, derandomize=True, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_two_clients_at_once_see_one_order_of_things(path: str, seed: int) -> None:
    """A5.1, A5.4: linearizable by the chain of versions, in the order of real time."""
    clients = [Behind(path, NOON_MS + 100) for _ in range(2)]
    clients[0].begin()
    now(ready(clients[0].door, "ann", "bob", capacity=2))
    for client in clients:
        client.door.now_ms = NOON_MS + 100
    now(clients[0].door.admit([admission(str(i)) for i in range(3)]))
    programs, barrier = [_program(seed, i) for i in range(2)], threading.Barrier(2)
    threads = [
        threading.Thread(target=_run, args=(client, calls, barrier))
        for client, calls in zip(clients, programs, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _, found = clients[0].look()
    for client in clients:
        client.close()
    Chains().check(found)
    _check_answers([call for calls in programs for call in calls], found)


def _check_answers(calls: list[Call], found: list[dict[str, Any]]) -> None:
    """Every success is a fact of that version, told alike to all; what began later comes later."""
    done = [call for call in calls if call.name != "offer" and "error" not in call.answer]
    made = {(f["task_id"], f["op_id"]): f for f in found if f.get("task_id")}
    for call in done:
        fact = made[call.task, call.op_id]
        assert (fact["version"], fact["to"]) == (call.answer["version"], call.answer["state"])
    first = [call for call in done if not call.op_id.startswith("shared-")]
    for one in first:
        for other in first:
            if one.task == other.task and one.ended < other.began:
                assert one.answer["version"] < other.answer["version"]
