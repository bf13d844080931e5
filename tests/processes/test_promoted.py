"""A worker and the promoted model: taken over without a restart, and never worth ending for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from prometheus_client import REGISTRY

from app.adapters.language import Language
from app.adapters.store.database import Database
from app.adapters.store.model_changes import ModelChanges
from app.core.errors import ConfigError, Unavailable
from app.core.model_changes import PROMOTED, ModelChange, Wish
from app.core.versions import Actor
from app.processes.promoted import Promoted, Told
from app.processes.scoring import Scoring
from tests.adapters.scoring_house import FAST, L6, FakeModel, House
from tests.builders import NOON_MS, mention
from tests.doubles import MemoryDoor

CARLA = Actor(id="carla", role="cli")
ONE = ModelChange(
    change=1, kind=PROMOTED, at_ms=NOON_MS, by=CARLA, reason="better", from_tag="l6@1",
    to_tag="new@5", live=1, name="new", digest="five",
)  # fmt: skip
TWO = replace(ONE, change=2, live=2, to_tag="new@6", digest="six", before=1)


class MemoryChanges:
    """What the store says of the live promotion."""

    def __init__(self) -> None:
        self.change: ModelChange | None = None
        self.away = False

    async def live(self) -> ModelChange | None:
        if self.away:
            raise Unavailable("the store does not answer")
        return self.change


@dataclass
class MemoryShelf:
    """Models by digest, each with what is wrong with it; `asked` counts the whole checks."""

    wrong: dict[str, str] = field(default_factory=lambda: {"five": "", "six": ""})
    written: int = 0
    asked: int = 0

    def find(self, digest: str, name: str) -> Any:
        self.asked += 1
        if why := self.wrong.get(digest, "not on this machine"):
            raise ConfigError([f"{digest}: {why}"])
        return f"{name}@{digest}"

    def look(self, digest: str) -> Any:
        return ((self.wrong.get(digest), self.written, 0, 0),)

    def become(self, digest: str, why: str) -> None:
        self.wrong[digest] = why
        self.written += 1


@dataclass
class Worker:
    """A scorer whose best model follows what is promoted, and what it has told."""

    changes: MemoryChanges
    shelf: MemoryShelf
    promoted: Promoted
    house: House
    door: MemoryDoor
    scored: Scoring
    broken: str = ""  # why a model that is whole cannot be loaded
    manifest: int = 1  # when it was written

    def follow(self) -> None:
        """From now on, as a worker does after its start."""
        self.scored = Scoring(
            self.house.scorer,
            lambda: self.door,
            "worker-1",
            lambda: (self.manifest, self.promoted.number, self.promoted.settled),
            self.load,
        )
        self.scored.loaded = self.promoted.loaded

    async def turn(self) -> list[tuple[str, str]]:
        """One round of all that a worker repeats; what it told in it."""
        await self.promoted.look(self.house.scorer.tiers.note)
        await self.scored.reload()
        before = len(self.door.facts)
        await self.scored.tell()
        return [(fact.op, fact.reason) for fact in self.door.facts[before:]]

    def load(self) -> Mapping[str, Any]:
        files = self.promoted.files()
        if files and self.broken:
            raise ConfigError([self.broken])
        number = self.promoted.number + 4 if files else 1
        return {L6: FakeModel("new" if files else L6, number), FAST: FakeModel(FAST)}


@pytest.fixture(scope="module")
def language() -> Language:
    return Language()


@pytest.fixture
def worker(language: Language) -> Worker:
    changes, shelf = MemoryChanges(), MemoryShelf()
    promoted = Promoted(said=changes, shelf=shelf)  # type: ignore[arg-type]
    house, door = House(language), MemoryDoor()
    made = Worker(changes, shelf, promoted, house, door, None)  # type: ignore[arg-type]
    made.follow()
    return made


async def signed(worker: Worker) -> str:
    """What the score of a mention says of its model now."""
    [score] = await worker.house.scorer.score([mention(text="bad day")])
    return score.model


def shown() -> float:
    return REGISTRY.get_sample_value("handshake_degraded", {"part": "promoted"}) or 0.0


async def test_a_promoted_model_scores_the_next_mention_and_signs_for_it(worker: Worker) -> None:
    """A4.10: which model primes the rules changes while everything runs."""
    assert await worker.turn() == []
    assert await signed(worker) == "l6@1"
    worker.changes.change = ONE
    assert await worker.turn() == [("configured", "model new@5")]
    assert await signed(worker) == "new@5"
    assert worker.door.facts[0].data["process"] == "worker-1"


async def test_a_rollback_is_followed_in_the_same_way_down_to_the_setting(worker: Worker) -> None:
    for change, tag in ((ONE, "new@5"), (TWO, "new@6"), (ONE, "new@5"), (None, "l6@1")):
        worker.changes.change = change
        await worker.turn()
        assert await signed(worker) == tag


async def test_a_model_that_is_not_on_this_machine_is_not_taken_and_told_once(
    worker: Worker,
) -> None:
    worker.changes.change = replace(ONE, digest="elsewhere")
    [(op, told)] = await worker.turn()
    assert op == "degraded"
    assert told == (
        "model new@5 is promoted and not in use here: elsewhere: not on this machine;"
        " the model of the setting goes on"
    )
    assert await worker.turn() == []
    assert await signed(worker) == "l6@1"
    assert shown() == 1


async def test_a_model_that_comes_later_is_taken_when_it_is_there(worker: Worker) -> None:
    worker.changes.change = ONE
    worker.shelf.become("five", "not on this machine")
    await worker.turn()
    worker.shelf.become("five", "")
    assert await worker.turn() == [("configured", "model new@5")]
    assert await signed(worker) == "new@5"
    assert shown() == 0


async def test_a_file_that_is_changed_in_use_is_told_and_the_loaded_model_goes_on(
    worker: Worker,
) -> None:
    worker.changes.change = ONE
    await worker.turn()
    worker.shelf.become("five", "not the file of the manifest")
    [(op, told)] = await worker.turn()
    assert op == "degraded"
    assert "the files of new@5 are no longer those promoted: five: not the file" in told
    assert await worker.turn() == []
    assert await signed(worker) == "new@5"
    assert shown() == 1
    worker.shelf.become("five", "")
    assert await worker.turn() == [
        ("configured", "the files of new@5 are those promoted again"),
        ("configured", "model new@5"),
    ]
    assert await signed(worker) == "new@5"
    assert shown() == 0


async def test_files_that_nobody_touched_are_not_read_again(worker: Worker) -> None:
    worker.changes.change = ONE
    await worker.turn()
    asked = worker.shelf.asked
    for _ in range(5):
        await worker.turn()
    assert worker.shelf.asked == asked


async def test_a_worker_goes_on_with_what_it_has_while_the_store_is_away(worker: Worker) -> None:
    worker.changes.change = ONE
    await worker.turn()
    worker.changes.away = True
    with pytest.raises(Unavailable):
        await worker.turn()
    assert await signed(worker) == "new@5"


async def test_a_promoted_model_that_cannot_be_loaded_here_leaves_the_one_before(
    worker: Worker,
) -> None:
    worker.changes.change, worker.broken = ONE, "cannot be loaded: an unknown operator"
    [(op, told)] = await worker.turn()
    assert (op, told) == ("degraded", f"model refused, l6@1 stays: {worker.broken}")
    assert await signed(worker) == "l6@1"


async def test_files_that_vanish_before_they_are_loaded_are_tried_again_when_they_are_back(
    worker: Worker,
) -> None:
    """And until then nobody is told that the promoted model is in use."""
    worker.changes.change = ONE
    await worker.promoted.look()
    worker.shelf.become("five", "not on this machine")
    await worker.scored.reload()
    assert await signed(worker) == "l6@1"
    told = await worker.turn()
    assert [op for op, _ in told] == ["degraded", "degraded"]
    assert told[1][1].endswith("five: not on this machine; the model of the setting goes on")
    worker.shelf.become("five", "")
    assert await worker.turn() == [("configured", "model new@5")]
    assert await signed(worker) == "new@5"
    assert shown() == 0


async def test_what_is_loaded_again_is_the_model_in_use_not_one_that_did_not_load(
    worker: Worker,
) -> None:
    worker.changes.change = ONE
    await worker.turn()
    worker.changes.change, worker.broken = TWO, "cannot be loaded: an unknown operator"
    await worker.turn()
    in_use: Any = worker.promoted.files_in_use()
    assert in_use == "new@five"
    worker.changes.change, worker.broken = ONE, ""
    assert await worker.turn() == [("configured", "model new@5")]


async def test_a_refused_model_is_tried_again_when_the_manifest_is_mended(worker: Worker) -> None:
    """What was wrong may have been another model, which is loaded beside it."""
    worker.changes.change, worker.broken = ONE, "manifest.toml: cut short"
    await worker.turn()
    worker.manifest, worker.broken = 2, ""
    assert await worker.turn() == [("configured", "model new@5")]


async def test_only_what_was_not_whole_is_told_to_be_whole_again(worker: Worker) -> None:
    worker.changes.change = ONE
    await worker.turn()
    worker.changes.change = TWO
    worker.shelf.become("six", "not on this machine")
    [(op, _)] = await worker.turn()
    assert op == "degraded"
    worker.changes.change = ONE
    told = await worker.turn()
    assert [reason for _, reason in told if "again" in reason] == []
    assert shown() == 0


async def test_a_worker_starts_with_the_promoted_model(worker: Worker) -> None:
    worker.changes.change = ONE
    await worker.promoted.look()
    assert worker.promoted.begun(worker.load)[L6].files.tag == "new@5"
    assert worker.promoted.problem == ""


async def test_a_worker_starts_with_the_settings_model_where_the_promoted_one_is_gone(
    worker: Worker,
) -> None:
    worker.changes.change = ONE
    worker.shelf.become("five", "the model file is missing")
    await worker.promoted.look()
    assert worker.promoted.begun(worker.load)[L6].files.tag == "l6@1"
    [(op, told)] = await worker.turn()
    assert op == "degraded"
    assert "new@5 is promoted and not in use here: five: the model file is missing" in told
    assert shown() == 1


async def test_a_worker_starts_with_the_settings_model_where_the_promoted_one_does_not_load(
    worker: Worker,
) -> None:
    worker.changes.change, worker.broken = ONE, "cannot be loaded: an unknown operator"
    await worker.promoted.look()
    assert worker.promoted.begun(worker.load)[L6].files.tag == "l6@1"
    assert worker.promoted.number == 0
    worker.follow()
    [(op, told)] = await worker.turn()
    assert (op, worker.broken in told) == ("degraded", True)
    assert await worker.turn() == []


async def test_a_setting_that_is_wrong_itself_is_refused_at_the_start_as_ever(
    worker: Worker,
) -> None:
    def wrong() -> None:
        raise ConfigError(["manifest.toml: cut short"])

    with pytest.raises(ConfigError, match="cut short"):
        worker.promoted.begun(wrong)
    worker.changes.change = ONE
    await worker.promoted.look()
    with pytest.raises(ConfigError, match="cut short"):
        worker.promoted.begun(wrong)


async def test_each_promotion_and_rollback_is_one_fact_with_who_when_and_why(
    database: Database,
) -> None:
    """A3.1: the ledger says which model could prime the rules, since when, and by whom."""
    models, door = ModelChanges(database), MemoryDoor()
    told = Told(models, door)
    wish = Wish(by=CARLA, at_ms=NOON_MS, reason="better", seen=0, from_tag="l6@1", to_tag="new@5")
    await models.promote(wish, "new", "five")
    back = replace(wish, at_ms=NOON_MS + 1, reason="worse", seen=1, from_tag="new@5")
    await models.roll_back(replace(back, to_tag="l6@1"))
    door.away_times = 1
    with pytest.raises(Unavailable):
        await told.turn()
    await told.turn()
    await told.turn()
    assert [_told(fact) for fact in door.facts] == [
        ("model:1", NOON_MS, "better", "promoted", "l6@1", "new@5", "five"),
        ("model:2", NOON_MS + 1, "worse", "rolled_back", "new@5", "l6@1", ""),
    ]
    assert {fact.op for fact in door.facts} == {"configured"}
    assert door.facts[0].actor == {"type": "user", "id": "carla", "role": "cli"}


def _told(fact: Any) -> Sequence[Any]:
    data = fact.data
    what = (data["model_change"], data["from"], data["to"], data["digest"])
    return (fact.op_id, fact.now_ms, fact.reason, *what)
