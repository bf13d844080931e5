"""The door: room that was promised for urgent work and is gone when the answer comes."""

from __future__ import annotations

import pytest

from app.adapters.redis_client import Client
from app.adapters.redis_door import RedisDoor
from app.core.errors import Conflict
from tests.adapters.test_door_parking import interruptible, load, urgent_offer
from tests.adapters.test_door_work import facts
from tests.builders import do, task_id


async def test_urgent_work_goes_on_to_others_when_what_was_to_be_put_aside_is_gone(
    door: RedisDoor, redis: Client
) -> None:
    """A5.1: who went into wrap-up between the offer and the answer is never over capacity."""
    [other] = await interruptible(door, 2)
    await urgent_offer(door)
    await do(door, "wrap", other, "ann")
    with pytest.raises(Conflict) as refused:
        await do(door, "accept", task_id("u"), "ann")
    assert refused.value.code == "no_room"
    assert (await facts(redis, task_id("u")))[-1]["op"] == "rescinded"
    assert await load(redis, "ann") == 2
