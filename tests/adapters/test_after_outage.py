"""After an outage: what is late is marked before anything is offered again."""

from __future__ import annotations

import asyncio

import pytest

from app.adapters.redis_client import Client, connect
from app.adapters.redis_door import RedisDoor
from app.adapters.redis_feed import RedisFeed
from app.adapters.store.database import Database
from app.core.errors import ReadOnly
from app.processes.watch import Offers, Sweep
from app.settings import Offer
from tests.adapters.centre import Centre
from tests.builders import OFFER_MS, WINDOW_S, admission, ready

LATE = 250  # more than the door marks in one call


@pytest.fixture
async def centre(door: RedisDoor, redis: Client, database: Database) -> Centre:
    centre = Centre(door, redis, database)
    await centre.open()
    return centre


async def test_clocks_that_ran_out_meanwhile_are_swept_before_the_first_offer(
    centre: Centre, redis_url: str
) -> None:
    """A5: an outage does not stop the clocks, and the mediator hears of it first."""
    sweep = Sweep(centre.door, Offer(), centre.keeper)
    feed = connect(redis_url)
    offers = Offers(centre.door, RedisFeed(feed), OFFER_MS, centre.keeper.swept)
    await centre.door.admit([admission(str(number)) for number in range(LATE)])
    await sweep.turn()
    await ready(centre.door, "ann", "bob", "mia")
    await centre.relayed()
    await centre.wiped()
    centre.door.now_ms += round(WINDOW_S * 1000) + 1
    with pytest.raises(ReadOnly):  # the first who asks is refused, and the keeper hears of it
        await offers.turn()
    centre.keeper.swept.clear()
    waiting = asyncio.ensure_future(offers.turn())
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await sweep.turn()
    await waiting
    await centre.relayed()
    ops = [fact["op"] for fact in await centre.ledger.since(0, limit=10_000)]
    assert ops.count("breached") == LATE
    after = len(ops) - ops[::-1].index("breached")
    assert "offered" not in ops[:after]
    assert "offered" in ops[after:]
    await feed.aclose()


async def test_while_redis_is_away_watch_says_so_and_offers_wait(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = Sweep(centre.door, Offer(), centre.keeper)
    await sweep.turn()
    assert centre.keeper.swept.is_set()
    assert await centre.keeper.missing() == []

    async def away() -> None:
        raise ReadOnly("Redis does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(centre.epoch, "standing", away)
        with pytest.raises(ReadOnly):
            await sweep.turn()
        assert not centre.keeper.swept.is_set()
        assert await centre.keeper.missing() == ["redis"]
    await sweep.turn()
    assert centre.keeper.swept.is_set()
    assert await centre.keeper.missing() == []
