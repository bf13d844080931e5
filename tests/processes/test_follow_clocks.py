"""The windows of rules are deadlines: clocks follow the live version while offers go on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.adapters.redis_client import Client
from app.adapters.redis_door import RedisDoor
from app.adapters.store.database import Database
from app.adapters.store.ledger import Ledger
from app.processes.reclock import Terms
from tests.adapters.sla_house import STANDARD, House, slas
from tests.builders import ready

OLD = slas(STANDARD, "v1")
SHORTER = slas(replace(STANDARD, first_response_s=300), "v2")


@pytest.fixture
async def house(door: RedisDoor, redis: Client, database: Database) -> House:
    made = House(door, redis, Ledger(database))
    await ready(door, "ann")
    return made


async def test_other_windows_are_set_on_open_tasks_and_hold_no_offer_back(house: House) -> None:
    """A5.1: a published window counts for what waits already."""
    await house.hear()
    await house.relay()
    reclock = house.reclock(OLD)
    await reclock.turn()
    due_ms = int(await house.live("due_ms"))
    reclock.adopt(Terms(slas=SHORTER, at_risk_share=0.8))
    assert reclock.looked.is_set()
    await reclock.turn()
    assert int(await house.live("due_ms")) == due_ms - 300_000


async def test_the_same_windows_again_change_nothing(house: House) -> None:
    await house.hear()
    await house.relay()
    reclock = house.reclock(OLD)
    await reclock.turn()
    version = await house.live("version")
    reclock.adopt(Terms(slas=OLD, at_risk_share=0.8))
    await reclock.turn()
    assert await house.live("version") == version
