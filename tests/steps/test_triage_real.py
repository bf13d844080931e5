"""Triage over the real door and the real store: identity, edits and repeats at the same mention."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app import flow
from app.adapters.cel_rules import CelRules
from app.adapters.dead_letters import KeptDeadLetters
from app.adapters.profile_blob import packed
from app.adapters.redis_client import Client
from app.adapters.redis_door import RedisDoor
from app.adapters.redis_floor import RedisFloor
from app.adapters.redis_outbox import RedisOutbox
from app.adapters.redis_profiles import RedisProfiles
from app.adapters.redis_seen import RedisSeen
from app.adapters.store.database import Database
from app.adapters.store.dead import DeadLetterTable
from app.adapters.store.ledger import Ledger
from app.config import load
from app.core.cases import case_id_of
from app.core.profile import Profile
from app.core.recorded import SAME, recorded, verdict
from app.ports import Delivery
from app.processes.relay import Relay
from app.settings import CONFIG
from app.steps.batch import Ports
from tests import builders
from tests.builders import delivery
from tests.doubles import KeepingProducer, ports


class World:
    """Triage with everything real but the model and Kafka."""

    def __init__(self, redis: Client, door: RedisDoor, database: Database) -> None:
        config = load(CONFIG)
        self.redis, self.door, self.database = redis, door, database
        self.ledger, self.producer = Ledger(database), KeepingProducer()
        self.floor = RedisFloor(redis, config.catalogue)
        self.ports: Ports = ports(
            door=door,
            seen=RedisSeen(redis, self.ledger),
            profiles=RedisProfiles(redis),
            rules=CelRules(config),
            dead_letters=KeptDeadLetters(DeadLetterTable(database), self.producer),
            catalogue=config.catalogue,
            now_ms=lambda: door.now_ms,
        )

    async def take(self, *deliveries: Delivery) -> list[str]:
        return [item.outcome for item in await flow.triage(deliveries, self.ports)]

    async def relay(self) -> None:
        await Relay(RedisOutbox(self.redis), self.ledger, self.producer).move()

    async def card(self) -> dict[str, Any]:
        card = await self.floor.card(builders.task_id())
        assert card
        return card

    async def facts(self) -> list[dict[str, Any]]:
        await self.relay()
        return await self.ledger.since(0)


@pytest.fixture
async def world(redis: Client, door: RedisDoor, database: Database) -> World:
    return World(redis, door, database)


async def test_a_mention_is_on_the_floor_with_score_profile_and_reason(world: World) -> None:
    """A5.5, A8.1: the card says what, about whom and why now."""
    known = Profile(customer_id="C7", name="Kim", tier="platinum", value=9000.0)
    await world.ports.profiles.put({"x:kim": packed(known)}, (0, ""), True)  # type: ignore[attr-defined]
    assert await world.take(delivery("s1")) == ["task"]
    card = await world.card()
    assert (card["rule"], card["queue"]) == ("valued-customer-unhappy", "urgent")
    assert card["profile"]["customer_id"] == "C7"
    assert card["score"]["sentiment"]["label"] == "negative"
    assert card["reason"].startswith("One of our most valued customers")


async def test_the_trail_of_a_mention_is_complete_and_in_order(world: World) -> None:
    await world.take(delivery("s1"))
    assert [fact["op"] for fact in await world.facts()] == [
        "received",
        "scored",
        "identified",
        "decided",
        "queued",
    ]


async def test_what_the_ledger_has_of_a_decision_makes_the_same_decision_again(
    world: World,
) -> None:
    """D3: through the door, the outbox and the store no value loses a bit."""
    known = Profile(customer_id="C7", name="Kim", tier="platinum", value=9000.0)
    await world.ports.profiles.put({"x:kim": packed(known)}, (0, ""), True)  # type: ignore[attr-defined]
    await world.take(delivery("s1", followers=7), delivery("s2", text="Where is it NOW?"))
    found = list(recorded(await world.facts()))
    assert [one.edit for one in found] == [False, True]
    assert [verdict(one, world.ports.rules.decide) for one in found] == [SAME, SAME]
    assert found[0].values["profile.value"] == 9000.0


OWN = """title = "Own"
[[rule]]
id = "kims-wish"
on = "mention"
for = { customers = ["@kim"] }
when = 'calendar.open["always"] && time.weekday != ""'
do = [
  { label = "vip" }, { queue = "billing" }, { window = "5m" }, { draft = "Dear Kim" },
  { notify = { to = "supervisor", text = "Kim is here." } },
  { reply = { text = "We are on it, Kim.", purpose = "acknowledgement" } },
]
why = "Kim wants to talk about money."

[[row]]
id = "vip"
when = '"vip" in labels'
then = { queue = "service", priority = 77 }
why = "Somebody important."
"""


async def test_what_rules_made_of_a_mention_is_in_the_ledger_and_on_the_floor(
    world: World,
) -> None:
    """A4.1, A4.3: one customer's wish wins, and everything that rules said is kept."""
    config = load(CONFIG, rule_texts={"10-own.toml": OWN})
    world.ports = replace(world.ports, rules=CelRules(config))
    assert await world.take(delivery("s1")) == ["task"]
    [decided] = [fact for fact in await world.facts() if fact["op"] == "decided"]
    decision = decided["data"]["decision"]
    assert (decision["queue"], decision["priority"], decision["window_s"]) == ("billing", 77, 300)
    given_by = {"queue": "kims-wish", "priority": "vip", "window": "kims-wish"}
    assert decision["by"] == given_by | {"draft": "kims-wish", "reply": "kims-wish"}
    assert (decision["labels"], decision["draft"]) == (["vip"], "Dear Kim")
    said = {"text": "We are on it, Kim.", "purpose": "acknowledgement"}
    assert decision["reply"] == said
    told = {"to": "supervisor", "text": "Kim is here.", "rule": "kims-wish"}
    assert decision["notices"] == [told]
    card = await world.card()
    assert (card["rule"], card["reason"]) == ("kims-wish", "Kim wants to talk about money.")
    assert card["advice"] == {"labels": ["vip"], "draft": "Dear Kim", "macro": ""}


CASES = OWN.replace('{ label = "vip" },', '{ label = "vip" }, { case = "Money" },')


async def test_a_case_is_opened_once_however_often_its_mention_comes(world: World) -> None:
    """A4.8: with the decision, in one step; no repeat, no edit and no lost Redis opens another."""
    config = load(CONFIG, rule_texts={"10-own.toml": CASES})
    world.ports = replace(world.ports, rules=CelRules(config))
    await world.take(delivery("s1"), delivery("s1"), delivery("s2"), delivery("s3", text="NOW?"))
    await world.relay()
    await world.redis.flushall()
    await world.door.begin("after")
    await world.take(delivery("s1"), delivery("s4"))
    await world.relay()
    facts = await world.facts()
    ops = [fact["op"] for fact in facts]
    # What has its outcome is not sent again: were it told first, half an admission loses the case.
    assert ops.index("case_opened") < ops.index("decided")
    [case] = [fact for fact in facts if fact["op"] == "case_opened"]
    mention_id = builders.mention().mention_id
    assert case["data"] == {
        "case": case_id_of("kims-wish", mention_id), "title": "Money", "rule": "kims-wish",
        "handle_key": "x:kim", "customer_id": "",
    }  # fmt: skip
    assert case["mention_id"] == mention_id


async def test_a_duplicate_and_an_edit_are_facts_on_the_same_mention(world: World) -> None:
    edit = delivery("s3", text="Where is it NOW?")
    assert await world.take(delivery("s1"), delivery("s2"), edit) == ["task", "duplicate", "edited"]
    assert (await world.card())["mention"]["text"] == "Where is it NOW?"
    assert {fact["mention_id"] for fact in await world.facts()} == {builders.mention().mention_id}


async def test_after_redis_lost_everything_the_store_still_knows_the_mention(world: World) -> None:
    await world.take(delivery("s1"))
    await world.relay()
    await world.redis.flushall()
    await world.door.begin("after")
    assert await world.take(delivery("s2"), delivery("s1")) == ["duplicate", "replayed"]
    assert await world.take(delivery("s3", text="Other words")) == ["edited"]


async def test_a_repeat_of_every_delivery_is_silent(world: World) -> None:
    """At least once means that each edit may come again, long after the next one."""
    edits = [delivery(f"s{i}", text=f"Wording {i}") for i in range(4)]
    for one in edits:
        await world.take(one)
    before = await world.redis.xlen("hs:outbox")
    assert await world.take(*edits) == ["replayed"] * 4
    assert await world.redis.xlen("hs:outbox") == before
    assert (await world.card())["mention"]["text"] == "Wording 3"


async def test_a_card_keeps_its_score_when_edits_come_again_in_one_batch(world: World) -> None:
    edits = [delivery(f"s{i}", text=f"Wording {i}") for i in range(3)]
    for one in edits:
        await world.take(one)
    await world.take(*edits[1:])
    card = await world.card()
    assert card["score"] is not None
    assert card["reason"]


async def test_a_card_keeps_its_score_when_an_edit_is_taken_back_in_one_batch(world: World) -> None:
    await world.take(delivery("s1"))
    await world.take(delivery("s2", text="Other words"), delivery("s3"))
    card = await world.card()
    assert card["mention"]["text"] == "Where is my order?"
    assert card["score"] is not None
    assert card["reason"]


async def test_a_dead_letter_is_in_the_store_and_on_the_topic(world: World) -> None:
    assert await world.take(delivery("s1", raw_=b"hello"), delivery("s2")) == ["dead", "task"]
    assert await DeadLetterTable(world.database).raw("s1") == b"hello"
    [record] = world.producer.records
    assert (record.topic, record.value, record.headers["reason"]) == ("dead", b"hello", b"not_json")


async def test_a_dead_letter_of_megabytes_keeps_its_bytes_in_the_store_alone(world: World) -> None:
    body = b"x" * 5_000_000
    await world.take(delivery("s1", raw_=body))
    assert await DeadLetterTable(world.database).raw("s1") == body
    [record] = world.producer.records
    assert record.value == b""
    assert record.headers["size"] == b"5000000"


async def test_the_same_dead_letter_again_is_one_letter_and_one_fact(world: World) -> None:
    for _ in range(2):
        await world.take(delivery("s1", raw_=b"hello"))
    assert len(await DeadLetterTable(world.database).newest()) == 1
    assert [fact["op"] for fact in await world.facts()] == ["dead"]


async def test_a_source_name_with_any_character_does_not_break_the_next_delivery(
    world: World,
) -> None:
    odd = replace(delivery("s1"), src="a|b|c")
    assert await world.take(odd) == ["task"]
    assert await world.take(odd, delivery("s2")) == ["replayed", "duplicate"]


async def test_a_follow_up_is_recognised_by_what_redis_remembers_and_by_the_store(
    world: World,
) -> None:
    """A5.1: who writes again in a thread waits for the next response, not for a first one."""
    await world.take(delivery("s1"))
    await world.take(delivery("s2", id="2", in_reply_to="1"))
    await world.take(delivery("s3", id="3", in_reply_to="1", handle="@somebody-else"))
    await world.relay()
    await world.redis.delete(f"hs:seen:{builders.mention('1').mention_id}")
    await world.take(delivery("s4", id="4", in_reply_to="1"))
    clocks = [await world.redis.hget(f"hs:task:{builders.task_id(id_)}", "clock") for id_ in "1234"]
    assert clocks == [b"first_response", b"next_response", b"first_response", b"next_response"]
