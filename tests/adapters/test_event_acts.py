"""What event rules do, on the real door: once for each op id, by whom and why, in bounds."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from app.adapters.redis_client import Client
from app.adapters.redis_door import RedisDoor
from app.adapters.redis_floor import RedisFloor
from app.adapters.store.database import Database
from app.adapters.store.ledger import Ledger
from app.adapters.store.rule_events import Asked, RuleEvents
from app.config import Config
from app.core.event_acts import Act, acts, depth_of
from app.core.events import Event, event_of
from app.core.rules import Effects, Rule
from app.processes.event_acts import Doing
from tests import builders

TASK = builders.task_id("1")
CONFIG = Config(catalogue=builders.CATALOGUE, rows=(), version="v1")


def act(rule: str = "up", fact: str = "f1", **does: Any) -> Act:
    event = Event(
        event_id=f"e-{fact}", name="waiting", fact_id=fact, mention_id="m", task_id=TASK, seq=1,
        at_ms=builders.NOON_MS,
    )  # fmt: skip
    given = Effects(**(does or {"priority": 90, "route": "billing"}))
    made = Rule(id=rule, when="true", why="It waits.", on="waiting", does=given)
    [found] = acts(event, [made], 1, ())
    return found


@pytest.fixture
async def log(database: Database) -> RuleEvents:
    return RuleEvents(database)


@pytest.fixture
def doing(door: RedisDoor, redis: Client, log: RuleEvents) -> Doing:
    return Doing(door, RedisFloor(redis, builders.CATALOGUE), log, CONFIG)


async def pend(log: RuleEvents, *some: Act) -> None:
    for one in some:
        event = Event(
            event_id=one.event_id, name=one.event, fact_id=one.fact_id, mention_id="m",
            task_id=TASK, seq=1, at_ms=one.at_ms,
        )  # fmt: skip
        await log.take([Asked(event=event, version="v", number=1, values={}, trace=(), acts=[one])])


async def facts(redis: Client, *ops: str) -> list[dict[str, Any]]:
    entries = await redis.xrange("hs:outbox")
    found = [orjson.loads(fields[b"fact"]) for _, fields in entries]
    return [fact for fact in found if fact["op"] in ops]


async def said(log: RuleEvents) -> list[dict[str, str]]:
    return [dict(one.done) for one in (await log.acts_of(["m"]))["m"]]


async def test_a_task_is_moved_by_the_rule_and_its_history_says_so(
    door: RedisDoor, redis: Client, log: RuleEvents, doing: Doing
) -> None:
    await door.admit([builders.admission("1", skills=("en",))])
    await pend(log, act())
    await doing.turn()
    up, moved = await facts(redis, "prioritised", "transferred")
    assert (up["priority"], moved["queue"], moved["data"]["skills"]) == (
        90,
        "billing",
        "billing,en",
    )
    for fact in (up, moved):
        assert fact["actor"] == {"type": "system", "id": "rule:up", "role": "service"}
        assert fact["reason"] == "Rule up: It waits."
    assert (event_of(up), event_of(moved), depth_of(moved)) == ("", "transferred", 1)
    card = await RedisFloor(redis, builders.CATALOGUE).card(TASK)
    assert card
    assert card["handed_on"]["by"] == "rule:up"
    assert await said(log) == [{"prioritise": "done", "reroute": "done"}]


async def test_doing_it_again_changes_nothing(
    door: RedisDoor, redis: Client, log: RuleEvents, doing: Doing
) -> None:
    await door.admit([builders.admission("1")])
    one = act()
    await pend(log, one)
    await doing.turn()
    card = {"priority": 90, "reason": one.reason, "actor": one.actor}
    for _ in range(3):
        await door.command("prioritise", TASK, one.op_id("prioritise"), **card)
    assert len(await facts(redis, "prioritised")) == 1
    await pend(log, act(), act(fact="f2"))  # the same event again, and the same rule at another
    await doing.turn()
    assert len(await facts(redis, "prioritised")) == 2
    assert len(await facts(redis, "transferred")) == 1  # it was in that queue by then


async def test_what_an_agent_has_in_hand_stays_and_the_log_says_why(
    door: RedisDoor, redis: Client, log: RuleEvents, doing: Doing
) -> None:
    await builders.ready(door, "ann")
    await door.admit([builders.admission("1")])
    await door.offer(builders.OFFER_MS)
    await builders.do(door, "accept", TASK, "ann")
    await pend(log, act())
    await doing.turn()
    assert await facts(redis, "transferred") == []
    [done] = await said(log)
    assert done["prioritise"] == "done"
    assert done["reroute"].startswith("wrong_state: The task is accepted")


async def test_a_task_that_ended_or_never_was_is_left_alone(log: RuleEvents, doing: Doing) -> None:
    await pend(log, act())
    await doing.turn()
    [done] = await said(log)
    assert {text.partition(":")[0] for text in done.values()} == {"unknown_task"}
    assert await log.pending() == []


async def test_escalating_asks_for_the_mediators_skill(
    door: RedisDoor, redis: Client, log: RuleEvents, doing: Doing
) -> None:
    """A4.4: escalation through a mediator."""
    await door.admit([builders.admission("1", skills=("en",))])
    await pend(log, act(route="escalation", skills=("mediator",)))
    await doing.turn()
    [moved] = await facts(redis, "transferred")
    assert (moved["queue"], moved["data"]["skills"]) == ("escalation", "en,mediator")


async def test_the_longest_rule_and_reason_fit_into_the_ledger(
    door: RedisDoor, redis: Client, log: RuleEvents, doing: Doing, database: Database
) -> None:
    await door.admit([builders.admission("1")])
    await pend(log, act("a" * 40))
    await doing.turn()
    made = await facts(redis, "prioritised", "transferred")
    await Ledger(database).append(made)
    assert all(len(fact["op_id"]) <= 180 and len(fact["fact_id"]) <= 300 for fact in made)
