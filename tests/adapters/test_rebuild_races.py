"""Rebuild: two processes that both want to do it, and people who do not come back after it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.adapters.redis_client import Client
from app.adapters.redis_door import RedisDoor
from app.adapters.store.database import Database
from app.core.errors import Overtaken, ReadOnly, Unavailable
from tests.adapters.centre import Centre
from tests.adapters.test_door_handover import accepted_by
from tests.adapters.test_door_offers import state_of
from tests.adapters.test_door_presence import sweep
from tests.adapters.test_rebuild import copy_of, facts_of, restore_copy
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


async def an_old_copy(centre: Centre) -> str:
    """Redis as it was before a task was accepted; returns the task."""
    await centre.door.admit([admission("1")])
    await centre.relayed()
    old = await copy_of(centre.redis)
    task = await accepted_by(centre.door, "ann")
    await centre.relayed()
    await restore_copy(centre, old)
    return task


async def test_an_old_copy_is_not_made_to_look_new_by_what_it_has_still_to_send(
    centre: Centre,
) -> None:
    """Its relay is quicker than the keeper; the ledger has long had what it sends."""
    await centre.door.admit([admission("1")])
    old = await copy_of(centre.redis)
    task = await accepted_by(centre.door, "ann")
    await centre.relayed()
    await restore_copy(centre, old)
    with pytest.raises(ReadOnly):
        await centre.relay.move(0)
    assert await centre.keeper.turn()
    assert (await centre.tasks())[task]["state"] == "accepted"


async def test_an_old_copy_whose_rebuild_died_is_confirmed_by_nobody(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Draining its outbox has made it look as new as the ledger, and its lease has run out."""
    task = await an_old_copy(centre)

    async def dies(*_: Any) -> None:
        raise Unavailable("killed here")

    with monkeypatch.context() as patch:
        patch.setattr(centre.live, "begin_epoch", dies)
        with pytest.raises(Unavailable):
            await centre.keeper.turn()
    await centre.redis.set("hs:relayed", await centre.ledger.last_seq())
    epoch = (await centre.epoch.standing()).epoch
    assert not await centre.epoch.confirm(epoch)
    await centre.redis.delete("hs:lease:rebuild")
    assert await centre.another_keeper().turn()
    standing = await centre.epoch.standing()
    assert (standing.confirmed, standing.condemned) == (True, "")
    assert standing.epoch != epoch
    assert (await centre.tasks())[task]["state"] == "accepted"


async def test_who_looked_before_it_was_condemned_does_not_confirm_it(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    await centre.forgotten()
    await centre.door.open()
    look = centre.ledger.last_seq

    async def meanwhile() -> int:
        assert await centre.epoch.lease("another watch", "old_copy")
        return await look()

    late = centre.another_keeper()
    monkeypatch.setattr(centre.ledger, "last_seq", meanwhile)
    with pytest.raises(ReadOnly):
        await late.turn()
    assert await late.missing() == ["rebuilding"]
    assert not (await centre.epoch.standing()).confirmed
    with pytest.raises(ReadOnly):
        await centre.door.admit([admission("2")])


async def test_a_state_that_another_watch_serves_is_not_taken_from_it(centre: Centre) -> None:
    assert not await centre.epoch.lease("a late watch", "old_copy")
    await centre.door.admit([admission("2")])
    await centre.relayed()
    assert await centre.redis.exists("hs:lease:rebuild", "hs:condemned") == 0


async def test_what_a_relay_takes_from_the_outbox_meanwhile_is_not_missed_there(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A restart is confirmed, not rebuilt: open offers stay."""
    await centre.door.admit([admission("2")])
    entries = await centre.outbox.read(500, 0)
    seq = await centre.ledger.append([e.fact for e in entries], entries[0].epoch)
    await centre.forgotten()
    await centre.door.open()
    epoch, read = (await centre.epoch.standing()).epoch, centre.outbox.read

    async def relayed_first(count: int, block_ms: int) -> Any:
        assert await centre.epoch.confirm(epoch)  # by another watch, whose relay goes on at once
        await centre.outbox.remove(entries, seq)
        return await read(count, block_ms)

    monkeypatch.setattr(centre.outbox, "read", relayed_first)
    assert await centre.keeper.turn()
    assert (await centre.epoch.standing()).epoch == epoch


@pytest.mark.parametrize("found", ["wiped", "old copy", "restarted"])
async def test_two_watches_at_once_are_as_one(centre: Centre, found: str) -> None:
    """Both look at the same moment, again and again: at most one rebuild, and nothing is lost."""
    task = (
        await an_old_copy(centre) if found == "old copy" else await accepted_by(centre.door, "ann")
    )
    await centre.relayed()
    if found == "wiped":
        await centre.wiped()
    await centre.forgotten()
    await centre.door.open()
    begun = await centre.live.epoch()
    watches = [centre.another_keeper() for _ in range(2)]
    for _ in range(20):
        await asyncio.gather(*(watch.turn() for watch in watches), return_exceptions=True)
        await centre.relayed()
    assert all([await watch.turn() for watch in watches])
    rebuilt = [
        fact["data"]["rebuilt"]["cause"]
        for fact in await centre.ledger.since(0)
        if fact["op_id"].startswith("rebuild:")
    ]
    cause = {"wiped": ["empty"], "old copy": ["old_copy"], "restarted": []}[found]
    assert rebuilt == ["empty", *cause]  # the first was the first start
    assert (await centre.live.epoch() == begun) == (found == "restarted")
    facts = await facts_of(centre, task)
    assert [fact["version"] for fact in facts] == list(range(1, len(facts) + 1))
    assert (await centre.tasks())[task]["state"] == "accepted"


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
