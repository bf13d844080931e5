"""The door: what a desk must hear of a task that rests, and desks that close at an odd moment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import pytest

from app.adapters.redis_client import Client
from app.adapters.redis_door import RedisDoor
from app.adapters.redis_epoch import RedisEpoch
from app.adapters.redis_feed import RedisFeed
from app.adapters.redis_floor import Ask, RedisFloor
from tests.adapters.test_door_handover import accepted_by
from tests.adapters.test_door_offers import state_of
from tests.adapters.test_door_presence import GONE_MS, GRACE_MS, sweep
from tests.builders import (
    CATALOGUE,
    NOON_MS,
    OFFER_MS,
    admission,
    do,
    ready,
    set_state,
    supervise,
    task_id,
)

DUE_MS = NOON_MS + 1_800_000
HOUR_MS = 3_600_000


async def parked_by_ann(door: RedisDoor) -> str:
    task = await accepted_by(door, "ann")
    await do(door, "park", task, "ann", until_ms=NOON_MS + 2 * HOUR_MS)
    return task


async def heard(redis: Client, act: Callable[[], Awaitable[object]]) -> list[tuple[str, str]]:
    """What ann's desk is told of tasks that leave it, while this happens."""
    feed = RedisFeed(redis)
    before = await feed.last_id()
    await act()
    events = await feed.since(before, "rep:ann")
    return [(event.task, event.why) for event in events or [] if event.event == "task_closed"]


async def test_a_desk_hears_that_its_parked_task_woke_because_it_is_late(
    door: RedisDoor, redis: Client
) -> None:
    task = await parked_by_ann(door)
    door.now_ms = DUE_MS
    assert await heard(redis, door.thresholds) == [(task, "woken")]


async def test_a_desk_hears_that_its_parked_task_was_cancelled(
    door: RedisDoor, redis: Client
) -> None:
    task = await parked_by_ann(door)
    assert await heard(redis, lambda: supervise(door, "cancel", task)) == [(task, "cancelled")]


class Counting(RedisFloor):
    """Counts what it asks of Redis."""

    asked = 0

    async def _read(self, asks: Iterable[Ask]) -> list[Any]:
        asks = list(asks)
        self.asked += len(asks)
        return await super()._read(asks)


async def test_a_desk_asks_for_its_own_parked_tasks_alone(door: RedisDoor, redis: Client) -> None:
    """However many others rest: one question, and one for each card that is shown."""
    mine = await parked_by_ann(door)
    for number in range(10, 40):
        await door.admit([admission(str(number))])
        rest = {"until_ms": NOON_MS + HOUR_MS, "waits_for": ""}
        await supervise(door, "park", task_id(str(number)), **rest)
    floor = Counting(redis, CATALOGUE)
    assert [card["task_id"] for card in await floor.parked_by("ann")] == [mine]
    assert floor.asked == 2
    assert await floor.parked_by("bob") == []
    assert floor.asked == 3


@pytest.mark.parametrize("end", ["resume", "cancel", "assign", "breach", "time"])
async def test_a_task_that_rests_no_longer_is_not_among_the_parked_ones(
    door: RedisDoor, redis: Client, end: str
) -> None:
    task = await parked_by_ann(door)
    await ready(door, "bob")
    if end == "breach":
        door.now_ms = DUE_MS
        await door.thresholds()
    elif end == "time":
        door.now_ms = NOON_MS + 2 * HOUR_MS
        await door.timers()
    else:
        given = {"assign": {"to_rep": "bob", "expires_ms": OFFER_MS}}.get(end, {})
        await supervise(door, end, task, **given)
    assert await redis.exists("hs:rep:ann:parked") == 0


async def test_who_signs_off_and_then_closes_the_desk_keeps_nothing(door: RedisDoor) -> None:
    """Offline with an open desk is not gone; from the moment the desk closes it counts."""
    task = await accepted_by(door, "ann", "bob")
    await door.present(["ann"])
    await set_state(door, "ann", "offline")
    assert await sweep(door, 300, "ann", "bob") == []
    assert await sweep(door, 15 + 119, "bob") == []
    assert await sweep(door, 1, "bob") == [task]


async def test_a_clock_that_went_back_hides_nobody_who_leaves(
    door: RedisDoor, redis: Client
) -> None:
    """They were last seen in an hour that is still to come."""
    await accepted_by(door, "ann")
    door.now_ms += HOUR_MS
    await door.present(["ann"])
    door.now_ms -= HOUR_MS
    assert await RedisEpoch(redis, door).reset_clock() == HOUR_MS
    door.now_ms += GRACE_MS
    assert await door.absent(GRACE_MS, GONE_MS) == []
    assert await state_of(redis, "ann") == ("offline", "disconnected")
