"""Rebuild: what the broker brings again afterwards has had its outcome already."""

from __future__ import annotations

import pytest

from app.adapters.redis_client import Client
from app.adapters.redis_door import RedisDoor
from app.adapters.store.database import Database
from tests.adapters.centre import Centre
from tests.builders import admission


@pytest.fixture
async def centre(door: RedisDoor, redis: Client, database: Database) -> Centre:
    centre = Centre(door, redis, database)
    await centre.open()
    return centre


async def test_a_delivery_that_comes_again_after_a_rebuild_is_still_known(centre: Centre) -> None:
    """I1: its worker died before it committed; by the last wording alone it counted twice."""
    door = centre.door
    for src, text in (("A", "help"), ("B", "help"), ("C", "help me")):
        await door.admit([admission("1", src=src, text=text)])
    await centre.relayed()
    await centre.wiped()
    await centre.keeper.turn()
    for src, text in (("A", "help"), ("B", "help"), ("C", "help me")):
        sent = admission("1", src=src, text=text)
        known = await centre.ledger.seen([sent.mention.mention_id])
        again = admission("1", src=src, text=text, known=known[sent.mention.mention_id])
        assert await door.admit([again]) == ["replayed"]
