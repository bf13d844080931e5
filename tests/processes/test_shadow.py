"""A draft in shadow: counted as by hand, without any effect, and off before it disturbs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from agents.guard import Guard
from app import flow
from app.adapters.redis_client import Client
from app.adapters.redis_door import RedisDoor
from app.adapters.redis_seen import RedisSeen
from app.adapters.store.database import Database
from app.adapters.store.ledger import Ledger
from app.adapters.store.rule_drafts import Draft
from app.adapters.store.rule_shadows import SAMPLES, RuleShadows, Run
from app.adapters.store.rule_versions import RuleVersions
from app.core.errors import Unavailable
from app.core.versions import Actor, Live, Publication
from app.processes.follow import Compiled, Surroundings
from app.processes.shadow import Shadow
from app.settings import load
from app.steps.batch import Batch, Ports
from app.web import rule_runs
from app.wiring import rules
from tests.builders import NOON_MS, delivery
from tests.doubles import MemoryDoor, ports

SOFIA = Actor(id="sofia", role="supervisor")
SETTINGS = load()


def texts(pattern: str, queue: str = "urgent", rest: str = "service") -> dict[str, str]:
    return {
        "10-own.toml": f"""title = "Own"
[[row]]
id = "danger"
when = 'mention.text.says("{pattern}")'
then = {{ queue = "{queue}" }}
why = "Danger."
[[row]]
id = "rest"
when = "true"
then = {{ queue = "{rest}" }}
why = "The rest."
"""
    }


LIVE, DRAFT = texts("smoke"), texts("smoke|fire")
SAID = ["smoke"] * 3 + ["fire"] * 2 + ["hello"] * 5  # the draft differs on the two fires


@dataclass
class House:
    """One worker with a shadow, on a clock of processor time that tests move."""

    database: Database
    guard: Guard
    live: Live
    cpu_s: float = 0.0
    costs_s: float = 0.0  # of one mention, in the draft
    fails: bool = False
    sent: int = 0
    shadow: Shadow = field(init=False)

    def __post_init__(self) -> None:
        around = Surroundings(
            database=self.database, door=MemoryDoor(), compile=self._compile, now_ms=lambda: NOON_MS
        )
        self.shadow = Shadow(self.guard, around, self.live, lambda: self.cpu_s)

    def _compile(self, given: Mapping[str, str]) -> Compiled:
        config, made = rules.compiled(SETTINGS, given)
        decide = made.decide

        def slowly(values: Mapping[str, object]) -> Any:
            self.cpu_s += self.costs_s
            if self.fails:
                raise RuntimeError("a bug in the draft")
            return decide(values)

        made.decide = slowly  # type: ignore[method-assign]
        return config, made

    async def hear(self, *said: str) -> Batch:
        given = []
        for text in said:
            self.sent += 1
            given.append(delivery(f"s{self.sent}", id=str(self.sent), text=text))
        batch = await self.guard.settle(given)
        self.shadow.settled(batch)
        return batch

    async def begin(self, given: dict[str, str] = DRAFT) -> Run:
        draft = Draft(
            id="d1", title="Mine", texts=given, based_on=1, made_by="sofia", changed_by="sofia",
            changed_ms=NOON_MS,
        )  # fmt: skip
        run = await RuleShadows(self.database).begin(draft, SOFIA, NOON_MS)
        await self.shadow.turn()
        return run

    async def summary(self) -> Any:
        await self.shadow.turn()
        live = await RuleVersions(self.database).live()
        assert live
        return await rule_runs.summary(self.database, live)


def decided_by(given: dict[str, str], **parts: Any) -> Ports:
    config, made = rules.compiled(SETTINGS, given)
    return ports(rules=made, catalogue=config.catalogue, **parts)


@pytest.fixture
async def house(database: Database) -> House:
    _, live = await RuleVersions(database).take_in(LIVE, NOON_MS)
    return House(database, Guard(decided_by(LIVE), flow._untimed), live)


async def test_the_agreement_is_the_share_that_one_counts_by_hand(house: House) -> None:
    """A4.10: a rule is tried on what comes in, before it decides anything."""
    run = await house.begin()
    await house.hear(*SAID)
    found = await house.summary()
    assert (found["same"], found["different"], found["agreement"]) == (8, 2, 0.8)
    samples = await RuleShadows(house.database).samples(run.run)
    assert len(samples) == 2
    assert {s.body["live"]["queue"] for s in samples} == {"service"}
    assert {s.body["shadow"]["queue"] for s in samples} == {"urgent"}


async def test_the_live_decision_is_the_one_that_comes_into_effect(house: House) -> None:
    await house.begin(texts("nothing", rest="billing"))
    batch = await house.hear("smoke", "hello")
    assert [item.decision.queue for item in batch if item.decision] == ["urgent", "service"]
    assert (await house.summary())["different"] == 2


async def test_another_name_or_reason_is_no_difference(house: House) -> None:
    renamed = {"10-own.toml": LIVE["10-own.toml"].replace('"rest"', '"other"')}
    renamed["10-own.toml"] = renamed["10-own.toml"].replace("Danger.", "Mind the smoke.")
    await house.begin(renamed)
    await house.hear(*SAID)
    assert (await house.summary())["agreement"] == 1.0


async def test_what_was_heard_before_is_not_counted_again(house: House) -> None:
    await house.begin()
    await house.hear("fire")
    house.sent -= 1
    [again] = await house.hear("fire")
    assert again.outcome == "replayed"
    assert (await house.summary())["different"] == 1


async def test_without_a_shadow_nothing_is_kept(house: House) -> None:
    before = house.guard.ports
    await house.shadow.turn()
    await house.hear(*SAID)
    assert house.guard.ports is before
    assert await house.summary() is None


async def test_a_shadow_that_ends_is_asked_no_more(house: House) -> None:
    await house.begin()
    await house.hear("fire")
    await RuleShadows(house.database).end("enough", SOFIA, NOON_MS)
    await house.shadow.turn()
    await house.hear("fire")
    found = await house.summary()
    assert (found["different"], found["running"]) == (1, False)


async def test_a_slow_draft_is_switched_off_with_its_reason(house: House) -> None:
    await house.begin()
    house.costs_s = 0.005
    await house.hear(*["hello"] * 60)
    batch = await house.hear("smoke")
    assert batch[0].outcome == "task"
    found = await house.summary()
    assert found["running"] is False
    assert found["ended_why"] == "too slow: 5.0 ms a mention over 50 of them"
    assert found["same"] == 50
    changes = await RuleVersions(house.database).untold()
    assert (changes[-1].kind, changes[-1].by.id) == ("shadow_ended", "worker")


async def test_one_mention_that_takes_far_too_long_is_enough(house: House) -> None:
    await house.begin()
    house.costs_s = 0.3
    await house.hear("hello", "hello")
    assert (await house.summary())["ended_why"] == "too slow: 300 ms for one mention"


async def test_a_draft_that_costs_what_rules_may_cost_goes_on(house: House) -> None:
    await house.begin()
    house.costs_s = 0.0005
    await house.hear(*["hello"] * 200)
    assert (await house.summary())["running"] is True


async def test_a_draft_that_fails_is_switched_off_and_disturbs_nothing(house: House) -> None:
    await house.begin()
    house.fails = True
    batch = await house.hear("smoke", "hello")
    assert [item.outcome for item in batch] == ["task", "task"]
    found = await house.summary()
    assert (found["running"], found["ended_why"]) == (
        False,
        "failed: RuntimeError: a bug in the draft",
    )


async def test_a_draft_that_does_not_fit_here_ends_with_its_reason(house: House) -> None:
    await house.begin(texts("smoke", queue="nowhere"))
    found = await house.summary()
    assert found["running"] is False
    assert found["ended_why"].startswith("does not fit here: ")
    assert "'nowhere'" in found["ended_why"]


async def test_beside_another_live_version_it_is_counted_anew(house: House) -> None:
    await house.begin()
    await house.hear(*SAID)
    await house.shadow.turn()
    made = await RuleVersions(house.database).publish(
        Publication(
            texts=texts("smoke|hello"), by=SOFIA, now_ms=NOON_MS, based_on=1, skip_reason="x"
        )
    )
    live = await RuleVersions(house.database).live()
    assert live
    house.shadow.adopt(rules.compiled(SETTINGS, made.texts), live)
    await house.hear(*SAID)
    found = await house.summary()
    assert (found["number"], found["same"], found["different"]) == (2, 3, 7)
    counts = await RuleShadows(house.database).counts(found["run"])
    assert [(row["number"], row["same"]) for row in counts] == [(2, 3), (1, 8)]


async def test_while_the_store_is_away_the_counts_wait(house: House) -> None:
    await house.begin()
    await house.hear("fire", "hello")
    shut = house.database.write

    async def away(_work: Any) -> Any:
        raise Unavailable("the store does not answer")

    house.database.write = away  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        await house.shadow.turn()
    house.database.write = shut  # type: ignore[method-assign]
    found = await house.summary()
    assert (found["same"], found["different"]) == (1, 1)


async def test_a_worker_that_starts_again_goes_on_with_the_run(house: House) -> None:
    run = await house.begin()
    await house.hear("fire")
    await house.shadow.turn()
    live = await RuleVersions(house.database).live()
    assert live
    other = House(house.database, Guard(decided_by(LIVE), flow._untimed), live, sent=100)
    await other.shadow.turn()
    await other.hear("fire")
    found = await other.summary()
    assert (found["run"], found["different"]) == (run.run, 2)


async def test_samples_are_bounded_and_the_newest(house: House) -> None:
    run = await house.begin()
    await house.hear(*["fire"] * (SAMPLES + 20))
    await house.shadow.turn()
    assert len(await RuleShadows(house.database).samples(run.run)) == SAMPLES


async def everything(redis: Client) -> dict[str, Any]:
    """All that Redis holds, without the numbers that streams get from the server's clock."""
    found: dict[str, Any] = {}
    for key in sorted(await redis.keys("hs:*")):
        kind = await redis.type(key)
        name = key.decode()
        if kind == b"string":
            found[name] = await redis.get(key)
        elif kind == b"hash":
            found[name] = await redis.hgetall(key)
        elif kind == b"set":
            found[name] = await redis.smembers(key)
        elif kind == b"zset":
            found[name] = await redis.zrange(key, 0, -1, withscores=True)
        else:
            found[name] = [fields for _, fields in await redis.xrange(key)]
    return found


async def test_queues_and_facts_are_the_same_byte_by_byte_with_and_without_a_shadow(
    redis: Client, door: RedisDoor, database: Database
) -> None:
    """A4.10: what is tried changes nothing."""
    _, live = await RuleVersions(database).take_in(LIVE, NOON_MS)
    states = []
    for shadowed in (False, True):
        await redis.flushall()
        await door.open()
        await door.begin("test")
        seen = RedisSeen(redis, Ledger(database))
        guard = Guard(decided_by(LIVE, door=door, seen=seen), flow._untimed)
        house = House(database, guard, live)
        if shadowed:
            await house.begin(texts("hello", rest="billing"))
        await house.hear(*SAID)
        states.append(await everything(redis))
    assert states[0] == states[1]
    assert len(states[0]["hs:outbox"]) == 5 * len(SAID)
    assert (await house.summary())["different"] == len(SAID)
