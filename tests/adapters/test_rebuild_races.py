"""Rebuild: two processes that both want to do it, and people who do not come back after it."""

from __future__ import annotations

import pytest

from app.adapters.redis_client import Client
from app.adapters.redis_door import RedisDoor
from app.adapters.store.database import Database
from app.core.errors import Overtaken
from tests.adapters.centre import Centre
from tests.adapters.test_door_handover import accepted_by
from tests.adapters.test_door_offers import state_of
from tests.adapters.test_door_presence import sweep
from tests.builders import CATALOGUE, NOON_MS, admission


@pytest.fixture
async def centre(door: RedisDoor, redis: Client, database: Database) -> Centre:
    centre = Centre(door, redis, database)
    await centre.open()
    return centre


async def test_a_rebuild_that_stood_still_does_not_close_the_ledger_to_the_next(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease ended before it named its epoch; meanwhile another one has put all back."""
    await accepted_by(centre.door, "ann")
    await centre.relayed()
    await centre.wiped()
    late, quick = centre.keeper, centre.another_keeper()
    move = centre.relay.move

    async def stands_still(block_ms: int) -> int:
        monkeypatch.setattr(centre.relay, "move", move)
        await centre.redis.delete("hs:lease:rebuild")
        assert await quick.turn()
        return await move(block_ms)

    monkeypatch.setattr(centre.relay, "move", stands_still)
    with pytest.raises(Overtaken):
        await late.turn()
    epoch = await centre.live.epoch()
    assert (await centre.epoch.standing()).epoch == epoch
    assert await late.turn()
    await centre.door.admit([admission("2")])
    await centre.relayed()
    assert await centre.live.epoch() == epoch


async def test_the_ledger_goes_on_to_an_epoch_only_from_the_one_that_was_seen(
    centre: Centre,
) -> None:
    known = await centre.live.epoch()
    await centre.live.begin_epoch("second", NOON_MS, known)
    with pytest.raises(Overtaken):
        await centre.live.begin_epoch("third", NOON_MS, known)
    assert await centre.live.epoch() == "second"


async def test_who_does_not_come_back_to_the_desk_after_a_rebuild_is_missed(
    centre: Centre,
) -> None:
    """Their customer would wait for them for ever: no other sign of them is left."""
    door = centre.door
    await door.enrol([CATALOGUE.reps["ann"]])
    await door.present(["ann"])
    task = await accepted_by(door, "ann", "bob")
    await centre.relayed()
    await centre.wiped()
    assert await centre.keeper.turn()
    assert await sweep(door, 14) == []
    assert await state_of(centre.redis, "ann") == ("available", "")
    assert await sweep(door, 1 + 120) == [task]
    # Who never had a desk is not missed by anybody.
    assert await state_of(centre.redis, "bob") == ("available", "")
