"""A new policy and a Redis that is rebuilt at the same start: offers go by the new times only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from app.adapters.redis_client import Client, connect
from app.adapters.redis_door import RedisDoor
from app.adapters.redis_feed import RedisFeed
from app.adapters.store.database import Database
from app.adapters.store.ledger import Ledger
from app.processes.reclock import Reclock
from app.processes.watch import Offers, Sweep
from app.settings import Offer
from tests.adapters.centre import Centre
from tests.adapters.sla_house import STANDARD, House, slas
from tests.builders import OFFER_MS, ready

SHORTER = slas(replace(STANDARD, first_response_s=300), "v2")


@dataclass
class Watch:
    """What `watch` runs once it has started with the shorter policy."""

    house: House
    centre: Centre
    reclock: Reclock
    sweep: Sweep
    offers: Offers

    async def policy_at_the_first_offer(self) -> str:
        """Offers run beside the rest, which takes its turns until something is offered."""
        offering = asyncio.ensure_future(self.offers.turn())
        for _ in range(5):
            await self.sweep.turn()
            await asyncio.sleep(0.02)  # whoever is let through now offers
            if offering.done():
                break
            await self.centre.relayed()
            await self.reclock.turn()
            await asyncio.sleep(0.02)
        await asyncio.wait_for(offering, 5)
        assert await self.house.live("state") == "offered"
        [offered, *_] = [
            f["version"] for f in reversed(await self.house.facts()) if f["op"] == "offered"
        ]
        [*_, queued] = [
            f for f in await self.house.facts()
            if f["op"] in ("queued", "prioritised") and f["version"] < offered
        ]  # fmt: skip
        return str(queued["data"]["policy"])


@pytest.fixture
async def watch(
    door: RedisDoor, redis: Client, database: Database, redis_url: str
) -> AsyncIterator[Watch]:
    """One task, queued under the old policy; a watch with the new one is about to start."""
    house, centre = House(door, redis, Ledger(database)), Centre(door, redis, database)
    await centre.open()
    await ready(door, "ann")
    await house.hear()
    await centre.relayed()
    reclock, feed = house.reclock(SHORTER), connect(redis_url)
    keeper = centre.another_keeper(reclock.begin_anew)
    centre.keeper = keeper
    gates = (keeper.swept, reclock.looked)
    offers = Offers(door, RedisFeed(feed), OFFER_MS, *gates)
    yield Watch(house, centre, reclock, Sweep(door, Offer(), keeper, *gates), offers)
    await feed.aclose()


async def test_what_a_rebuild_restores_is_set_before_the_first_offer(watch: Watch) -> None:
    """An empty Redis was looked at before it was rebuilt: that look does not count."""
    due_ms = int(await watch.house.live("due_ms"))
    await watch.centre.wiped()
    assert await watch.reclock.turn() == 0
    assert await watch.policy_at_the_first_offer() == "standard@v2-0.8"
    assert int(await watch.house.live("due_ms")) == due_ms - 300_000


async def test_what_was_offered_when_redis_was_lost_is_set_before_it_is_offered_again(
    watch: Watch,
) -> None:
    """The ledger hears of the rescinded offer only after the rebuild: it is waited for."""
    await watch.house.door.offer(OFFER_MS)
    await watch.centre.relayed()
    await watch.centre.wiped()
    assert await watch.policy_at_the_first_offer() == "standard@v2-0.8"


async def test_each_new_state_is_looked_at_before_the_next_offer(watch: Watch) -> None:
    """A server that starts anew may have forgotten what neither it nor the ledger kept."""
    for lose in (watch.centre.forgotten, watch.centre.wiped):
        await watch.sweep.turn()
        await watch.reclock.turn()
        assert watch.reclock.looked.is_set()
        await lose()
        await watch.centre.door.open()
        await watch.centre.keeper.turn()
        assert not watch.reclock.looked.is_set()
    await watch.centre.another_keeper().turn()
    await watch.reclock.turn()
    assert watch.reclock.looked.is_set()


async def test_a_state_that_another_process_rebuilt_is_looked_at(watch: Watch) -> None:
    await watch.sweep.turn()
    await watch.reclock.turn()
    await watch.centre.wiped()
    await watch.centre.another_keeper().turn()
    assert watch.reclock.looked.is_set()
    await watch.centre.keeper.turn()
    assert not watch.reclock.looked.is_set()
    assert not watch.centre.keeper.swept.is_set()


async def test_a_look_that_was_overtaken_opens_nothing(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, go_on = asyncio.Event(), asyncio.Event()
    last_seq = watch.house.ledger.last_seq

    async def slowly() -> int:
        started.set()
        await go_on.wait()
        return await last_seq()

    await watch.sweep.turn()
    monkeypatch.setattr(watch.house.ledger, "last_seq", slowly)
    looking = asyncio.ensure_future(watch.reclock.turn())
    await started.wait()
    watch.reclock.begin_anew()
    go_on.set()
    await looking
    assert not watch.reclock.looked.is_set()


async def test_the_keeper_serves_once_redis_holds_what_the_ledger_says(watch: Watch) -> None:
    keeper = watch.centre.keeper
    assert not keeper.serving.is_set()
    await keeper.turn()
    assert keeper.serving.is_set()


async def test_offers_do_not_wait_for_ever_for_a_task_that_the_ledger_lacks(watch: Watch) -> None:
    await watch.house.hear("2")  # its facts stay in the outbox
    await watch.sweep.turn()
    for waits in (True, True, False):
        assert await watch.reclock.turn() == 1
        assert watch.reclock.looked.is_set() != waits


async def test_nobody_is_pushed_aside_by_old_times(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed: list[int] = []

    async def preempt(expires_ms: int) -> None:
        pushed.append(expires_ms)

    monkeypatch.setattr(watch.centre.door, "preempt", preempt)
    await watch.sweep.turn()
    await watch.sweep.turn()
    assert not pushed
    await watch.reclock.turn()
    await watch.sweep.turn()
    assert pushed == [Offer().expires_s * 1000]
