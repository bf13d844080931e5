"""The scorer of a worker: what happens to it is told, and a new model is taken when it is right."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from prometheus_client import REGISTRY

from app.adapters.language import Language
from app.core.errors import ConfigError, Unavailable
from app.processes.scoring import Scoring
from tests.adapters.scoring_house import FAST, L6, FakeModel, Hangs, House
from tests.builders import mention
from tests.doubles import MemoryDoor


class Manifest:
    """Changes when it is told to, and then holds these models, or is wrong."""

    def __init__(self) -> None:
        self.changed_at, self.wrong = 1, ""

    def load(self) -> Mapping[str, Any]:
        if self.wrong:
            raise ConfigError([self.wrong])
        return {name: FakeModel(name, self.changed_at) for name in (L6, FAST)}


@pytest.fixture
def house() -> House:
    return House(Language())


@pytest.fixture
def door() -> MemoryDoor:
    return MemoryDoor()


@pytest.fixture
def manifest() -> Manifest:
    return Manifest()


@pytest.fixture
def scored(house: House, door: MemoryDoor, manifest: Manifest) -> Scoring:
    return Scoring(
        house.scorer, lambda: door, "worker-1", lambda: manifest.changed_at, manifest.load
    )


async def test_each_step_reaches_the_ledger_once_with_its_worker(
    house: House, door: MemoryDoor, scored: Scoring
) -> None:
    house.waited_ms = 2_000
    await scored.turn()
    await scored.turn()
    [fact] = door.facts
    assert (fact.op, fact.mention_id) == ("degraded", "")
    assert fact.data == {
        "rung": "cascade", "before": "full", "cause": "wait", "waited_ms": 2_000,
        "process": "worker-1",
    }  # fmt: skip


async def test_what_cannot_be_told_now_is_told_later(
    house: House, door: MemoryDoor, scored: Scoring
) -> None:
    house.waited_ms, door.away_times = 2_000, 1
    with pytest.raises(Unavailable):
        await scored.turn()
    house.waited_ms = 5_000
    await scored.turn()
    assert [fact.data["rung"] for fact in door.facts] == ["cascade", "fast"]


async def test_the_last_step_is_told_when_the_worker_ends_and_an_outage_does_not_stop_it(
    house: House, door: MemoryDoor, scored: Scoring
) -> None:
    house.waited_ms, door.away_times = 2_000, 1
    house.scorer.look()
    await scored.leave()
    assert not door.facts
    await scored.leave()
    assert [fact.data["rung"] for fact in door.facts] == ["cascade"]


async def test_a_worker_without_work_climbs_back_to_the_top(
    house: House, door: MemoryDoor, scored: Scoring
) -> None:
    house.waited_ms = 20_000
    await scored.turn()
    house.waited_ms = 0
    for _ in range(32):
        await scored.turn()
        house.now_ms += 1_000
    assert [fact.data["rung"] for fact in door.facts] == ["lexicon", "fast", "cascade", "full"]


async def test_a_changed_manifest_brings_new_models_and_is_told(
    house: House, door: MemoryDoor, manifest: Manifest, scored: Scoring
) -> None:
    await scored.reload()
    assert house.scorer.model == "l6@1"
    manifest.changed_at = 2
    await scored.reload()
    assert house.scorer.model == "l6@2"
    await scored.tell()
    assert [(fact.op, fact.reason) for fact in door.facts] == [("configured", "model l6@2")]


async def test_a_wrong_manifest_leaves_the_last_good_models(
    house: House, door: MemoryDoor, manifest: Manifest, scored: Scoring
) -> None:
    manifest.changed_at, manifest.wrong = 2, "model: cut short"
    await scored.reload()
    await scored.reload()
    await scored.tell()
    assert house.scorer.model == "l6@1"
    [fact] = door.facts
    assert (fact.op, fact.reason) == ("degraded", "model refused, l6@1 stays: model: cut short")


def shown() -> float:
    return REGISTRY.get_sample_value("handshake_degraded", {"part": "model"}) or 0.0


async def test_a_model_that_is_out_shows_until_it_is_back(house: House, scored: Scoring) -> None:
    house.models[L6].broken = Hangs()
    await house.scorer.score([mention(text="bad")])
    await scored.turn()
    assert shown() == 1
    house.now_ms += 30_000
    await scored.turn()
    for _ in range(3):
        await asyncio.sleep(0)
    await scored.turn()
    assert shown() == 0


async def test_a_refused_manifest_shows_until_one_is_accepted(
    house: House, manifest: Manifest, scored: Scoring
) -> None:
    manifest.changed_at, manifest.wrong = 2, "model: cut short"
    await scored.reload()
    await scored.turn()
    assert shown() == 1
    manifest.changed_at, manifest.wrong = 3, ""
    await scored.reload()
    assert shown() == 0
