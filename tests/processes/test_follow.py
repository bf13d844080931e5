"""Hot reload: a version in effect everywhere, never half, and the old one where the new fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from agents.guard import Guard
from app import config_rules, flow
from app.adapters.store.database import Database
from app.adapters.store.rule_readers import RuleReaders
from app.adapters.store.rule_versions import RuleVersions
from app.core.catalogue import Catalogue
from app.core.errors import Unavailable
from app.core.facts import Fact
from app.core.versions import Actor, Live, Publication
from app.processes import follow
from app.processes.follow import Changes, Compiled, Follower, Surroundings
from app.settings import CONFIG, load
from app.steps.batch import Ports
from app.wiring import rules
from tests.builders import NOON_MS, delivery
from tests.doubles import MemoryDoor, ports

SOFIA = Actor(id="sofia", role="supervisor")
SETTINGS = load()
SHIPPED = config_rules.texts_of(CONFIG, [])


def one_row(queue: str = "service", when: str = "true", window: str = "5m") -> dict[str, str]:
    then = f'{{ queue = "{queue}", window = "{window}" }}'
    row = f'[[row]]\nid = "only"\nwhen = \'{when}\'\nthen = {then}\nwhy = "Because."\n'
    return {"10-own.toml": f'title = "Own"\n{row}'}


@dataclass
class House:
    """Followers of one store, on a clock that tests move."""

    database: Database
    door: MemoryDoor = field(default_factory=MemoryDoor)
    now_ms: int = NOON_MS
    compile: Callable[[Mapping[str, str]], Compiled] = lambda texts: rules.compiled(SETTINGS, texts)

    @property
    def versions(self) -> RuleVersions:
        return RuleVersions(self.database)

    async def follower(self, name: str, **given: Any) -> tuple[Follower, Guard]:
        """A worker that started just now, and its guard."""
        live = await self.versions.live()
        assert live
        config, compiled = self.compile((await self.versions.version(live.number)).texts)
        catalogue = config.catalogue
        guard = Guard(ports(rules=compiled, catalogue=catalogue, door=MemoryDoor()), flow._untimed)

        def adopt(made: Compiled, _live: Live) -> None:
            guard.ports = _with(guard.ports, made)

        around = Surroundings(
            database=self.database, door=self.door, compile=lambda texts: self.compile(texts),
            now_ms=lambda: self.now_ms,
        )  # fmt: skip
        given = {"decides": True} | given
        made = Follower(process=name, around=around, live=live, config=config, adopt=adopt, **given)
        return made, guard

    async def publish(self, texts: dict[str, str]) -> int:
        live = await self.versions.live()
        made = await self.versions.publish(
            Publication(
                texts=texts, by=SOFIA, now_ms=self.now_ms, skip_reason="a test", comment="Better",
                based_on=live.number if live else 0,
            )
        )  # fmt: skip
        return made.number

    async def in_effect(self) -> dict[str, int]:
        return {r.process: r.number for r in await RuleReaders(self.database).all()}

    def facts(self, op: str) -> list[Fact]:
        return [fact for fact in self.door.facts if fact.op == op]


def _with(old: Ports, made: Compiled) -> Ports:

    return replace(old, rules=made[1], catalogue=made[0].catalogue)


@pytest.fixture
async def house(database: Database) -> House:
    made = House(database)
    await made.versions.take_in(one_row(), NOON_MS)
    return made


async def decided(guard: Guard, src: str) -> str:
    [item] = await guard.settle([delivery(src, id=src, text="My bill is wrong")])
    assert item.decision
    return item.decision.queue


async def test_a_published_version_is_in_effect_on_every_worker_at_its_next_look(
    house: House,
) -> None:
    """A4.10: what was published decides on all workers within two seconds, without a restart."""
    workers = [await house.follower(f"worker@{host}:1") for host in ("a", "b", "c")]
    for follower, guard in workers:
        await follower.turn()
        assert await decided(guard, f"{follower.process}/1") == "service"
    number = await house.publish(one_row("billing"))
    for follower, guard in workers:
        await follower.turn()
        assert await decided(guard, f"{follower.process}/2") == "billing"
    assert await house.in_effect() == {f.process: number for f, _ in workers}


async def test_a_look_at_the_shipped_rules_leaves_most_of_the_two_seconds(house: House) -> None:
    """A4.10: half a second between two looks, and what a look with a swap takes, is below 2 s."""
    follower, _ = await house.follower("worker@a:1")
    await house.publish(SHIPPED)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await follower.turn()
    assert follower.live.number == 2
    assert follow.POLL_S + (loop.time() - began) < 1.5


async def test_a_batch_that_has_begun_is_decided_by_the_rules_that_it_began_with(
    house: House,
) -> None:
    """Never half by one version and half by another, even where Redis was away in between."""
    follower, guard = await house.follower("worker@a:1")
    door = guard.ports.door
    assert isinstance(door, MemoryDoor)
    door.away_times = 3
    batch = asyncio.ensure_future(
        guard.settle([delivery(f"s{i}", id=str(i), text="My bill is wrong") for i in range(4)])
    )
    while not guard.waiting:  # noqa: ASYNC110 (it has no event)
        await asyncio.sleep(0)
    await house.publish(one_row("billing"))
    await follower.turn()
    assert {item.decision.queue for item in await batch if item.decision} == {"service"}
    assert await decided(guard, "next") == "billing"


async def test_where_the_new_version_does_not_compile_the_old_one_stays_and_says_so(
    house: House,
) -> None:
    follower, guard = await house.follower("worker@a:1")
    number = await house.publish(one_row("nowhere"))
    await follower.turn()
    assert await decided(guard, "1") == "service"
    [said] = await RuleReaders(house.database).all()
    assert (said.number, f"version {number} does not fit here" in said.problem) == (1, True)
    assert "'nowhere'" in said.problem
    [fact] = house.facts("degraded")
    assert "version 1 stays" in fact.reason
    assert (fact.data["number"], fact.data["kept"]) == (number, 1)
    await follower.turn()
    assert len(house.facts("degraded")) == 1


async def test_a_rollback_ends_the_trouble_with_a_version_that_does_not_compile(
    house: House,
) -> None:
    follower, guard = await house.follower("worker@a:1")
    await house.publish(one_row("nowhere"))
    await follower.turn()
    await house.versions.roll_back(1, "broken", SOFIA, house.now_ms)
    await follower.turn()
    [said] = await RuleReaders(house.database).all()
    assert (said.number, said.problem, follower.problem) == (1, "", "")
    assert await decided(guard, "1") == "service"


async def test_a_compiler_that_fails_in_its_own_way_harms_nobody(house: House) -> None:
    follower, guard = await house.follower("worker@a:1")

    def broken(_texts: Mapping[str, str]) -> Compiled:
        raise RuntimeError("out of registers")

    house.compile = broken
    await house.publish(one_row("billing"))
    await follower.turn()
    assert "out of registers" in follower.problem
    assert await decided(guard, "1") == "service"


async def test_every_swap_is_a_fact_with_number_digest_and_rows(house: House) -> None:
    """A8.1: the trace of a decision names a version, and the ledger knows its conditions."""
    first, guard = await house.follower("worker@a:1")
    second, _ = await house.follower("worker@b:1")
    number = await house.publish(one_row("billing"))
    for follower in (first, second):
        await follower.turn()
    facts = {fact.fact_id: fact for fact in house.facts("configured")}
    assert [f.data["number"] for f in facts.values()] == [1, number]  # once for all workers
    told = list(facts.values())[-1]
    live = await house.versions.live()
    assert live
    assert told.data["digest"] == live.digest
    assert [row.id for row in told.data["rows"]] == ["only"]
    [item] = await guard.settle([delivery("x", id="x", text="Hello")])
    assert item.decision
    assert item.decision.version == told.data["version"]


async def test_back_at_an_old_version_is_a_fact_of_its_own(house: House) -> None:
    follower, _ = await house.follower("worker@a:1")
    await follower.turn()
    await house.publish(one_row("billing"))
    await follower.turn()
    await house.versions.roll_back(1, "worse", SOFIA, house.now_ms)
    await follower.turn()
    facts = house.facts("configured")
    assert [fact.data["number"] for fact in facts] == [1, 2, 1]
    assert len({fact.fact_id for fact in facts}) == 3


async def test_while_redis_is_away_rules_are_followed_and_their_fact_is_told_later(
    house: House,
) -> None:
    follower, guard = await house.follower("worker@a:1")
    await follower.turn()
    await house.publish(one_row("billing"))
    house.door.away_times = 1
    with pytest.raises(Unavailable):
        await follower.turn()
    assert await decided(guard, "1") == "billing"
    await follower.turn()
    assert [fact.data["number"] for fact in house.facts("configured")] == [1, 2]


async def test_a_process_says_that_it_is_there_now_and_then_and_is_forgotten_when_it_ended(
    house: House,
) -> None:
    one, _ = await house.follower("worker@a:1")
    other, _ = await house.follower("watch@a:2", decides=False)
    await one.turn()
    await other.turn()
    assert set(await house.in_effect()) == {"worker@a:1", "watch@a:2"}
    for _ in range(4):
        house.now_ms += 5_000
        await one.turn()
    assert set(await house.in_effect()) == {"worker@a:1"}


async def test_everything_that_somebody_does_to_the_rules_is_a_fact_once(house: House) -> None:
    """A10.5: who published or rolled back what, when and why stands in the ledger."""
    changes = Changes(house.database, house.door)
    await house.publish(one_row("billing"))
    await house.versions.roll_back(1, "worse", SOFIA, house.now_ms)
    house.door.away_times = 1
    with pytest.raises(Unavailable):
        await changes.turn()
    await changes.turn()
    await changes.turn()
    told = [(f.data["rules"], f.data["number"], f.actor["id"], f.reason) for f in house.door.facts]
    assert told == [
        ("published", 1, "files", ""),
        ("published", 2, "sofia", "Better; no back-test: a test"),
        ("rolled_back", 1, "sofia", "worse"),
    ]
    assert {fact.op for fact in house.door.facts} == {"configured"}
    assert all(fact.data["digest"] for fact in house.door.facts)


async def test_a_running_process_keeps_its_catalogue_and_refuses_rules_that_need_another(
    house: House,
) -> None:
    config, _ = rules.compiled(SETTINGS, one_row())
    running = _without_queue(config.catalogue, "billing")
    problems = rules.problems_of_texts(SETTINGS, one_row("billing"), running)
    assert any("'billing'" in problem for problem in problems)
    kept, _ = rules.compiled(SETTINGS, one_row("service"), running)
    assert "billing" not in kept.catalogue.queues
    assert kept.catalogue.slas.rule_windows == {"only": 300.0}


def _without_queue(catalogue: Catalogue, name: str) -> Catalogue:
    return replace(
        catalogue,
        queues={n: queue for n, queue in catalogue.queues.items() if n != name},
        reps={
            n: replace(rep, queues=tuple(q for q in rep.queues if q != name))
            for n, rep in catalogue.reps.items()
        },
    )
