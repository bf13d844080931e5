"""Which model is live, in the store: the newest change counts, and the way back is kept."""

from __future__ import annotations

from typing import Any

import pytest

from app.adapters.store.database import Database
from app.adapters.store.model_changes import ModelChanges
from app.core.errors import Conflict
from app.core.model_changes import PROMOTED, ROLLED_BACK, ModelChange, Wish
from app.core.versions import Actor
from tests.builders import NOON_MS

CARLA = Actor(id="carla", role="cli")
SETTING = "small@00000000"


@pytest.fixture
def models(database: Database) -> ModelChanges:
    return ModelChanges(database)


async def _wish(models: ModelChanges, to: str, **given: Any) -> Wish:
    live, done = await models.live(), await models.newest(1)
    fields: dict[str, Any] = {
        "by": CARLA,
        "at_ms": NOON_MS,
        "reason": f"{to} is better",
        "seen": done[0].change if done else 0,
        "from_tag": live.to_tag if live else SETTING,
        "to_tag": to,
    }
    return Wish(**fields | given)


async def _promote(models: ModelChanges, name: str, **given: Any) -> ModelChange:
    return await models.promote(await _wish(models, f"{name}@1", **given), name, name * 8)


async def _back(models: ModelChanges, to: str, **given: Any) -> ModelChange:
    return await models.roll_back(await _wish(models, to, **given))


async def _code(work: Any) -> str:
    with pytest.raises(Conflict) as conflict:
        await work
    return conflict.value.code


async def test_where_nothing_was_promoted_the_setting_says_what_is_live(
    models: ModelChanges,
) -> None:
    assert await models.live() is None
    assert await models.newest() == []
    assert await models.promotion(0) is None
    assert await _code(_back(models, SETTING)) == "nothing_promoted"


async def test_a_promotion_is_live_with_who_when_and_why(models: ModelChanges) -> None:
    done = await _promote(models, "a")
    assert await models.live() == done
    assert (done.change, done.kind, done.live, done.before) == (1, PROMOTED, 1, 0)
    assert (done.name, done.digest) == ("a", "a" * 8)
    assert (done.by, done.at_ms, done.reason) == (CARLA, NOON_MS, "a@1 is better")
    assert (done.from_tag, done.to_tag) == (SETTING, "a@1")


async def test_a_rollback_goes_to_the_one_before_and_from_the_first_to_the_setting(
    models: ModelChanges,
) -> None:
    first, second = await _promote(models, "a"), await _promote(models, "b")
    assert second.before == first.change
    back = await _back(models, "a@1")
    assert (back.kind, back.live, back.from_tag, back.to_tag) == (
        ROLLED_BACK, first.change, "b@1", "a@1",
    )  # fmt: skip
    assert await models.live() == first
    assert (await _back(models, SETTING)).live == 0
    assert await models.live() is None
    assert await _code(_back(models, SETTING)) == "nothing_promoted"


async def test_what_is_promoted_after_a_rollback_goes_back_to_what_was_live_then(
    models: ModelChanges,
) -> None:
    first = await _promote(models, "a")
    await _promote(models, "b")
    await _back(models, "a@1")
    third = await _promote(models, "c")
    assert third.before == first.change
    await _back(models, "a@1")
    assert await models.live() == first


async def test_one_that_was_rolled_back_may_be_promoted_again(models: ModelChanges) -> None:
    await _promote(models, "a")
    await _back(models, SETTING)
    again = await _promote(models, "a")
    assert await models.live() == again
    assert [one.kind for one in await models.newest()] == [PROMOTED, ROLLED_BACK, PROMOTED]


async def test_the_live_one_is_not_promoted_again(models: ModelChanges) -> None:
    await _promote(models, "a")
    assert await _code(_promote(models, "a")) == "nothing_changed"
    assert len(await models.newest()) == 1


async def test_of_two_who_looked_at_the_same_the_second_is_told(models: ModelChanges) -> None:
    wish = await _wish(models, "b@1")
    await _promote(models, "a")
    assert await _code(models.promote(wish, "b", "b" * 8)) == "live_moved"
    assert await _code(_back(models, SETTING, seen=0)) == "live_moved"
    assert len(await models.newest()) == 1


async def test_what_was_done_is_told_once_and_oldest_first(models: ModelChanges) -> None:
    await _promote(models, "a")
    await _back(models, SETTING)
    assert [one.change for one in await models.untold()] == [1, 2]
    await models.told([1])
    assert [one.change for one in await models.untold()] == [2]
    await models.told([2])
    assert await models.untold() == []
