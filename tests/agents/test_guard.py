"""The guard: a batch ends only when every delivery has its outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

import pytest

from agents import guard as module
from agents.guard import Guard
from app.core.backlog import Backlog
from app.core.mention import Mention
from app.core.score import Score
from app.ports import DeadLetter, Delivery
from app.steps.batch import Batch, Ports
from tests.builders import NOON_MS, delivery
from tests.doubles import FixedScorer, ListDeadLetters, MemoryDoor, ports


@dataclass
class Naps:
    """Stands in for asyncio.sleep: remembers how long, and never waits."""

    seconds: list[float] = field(default_factory=list)
    real: object = asyncio.sleep

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await self.real(0)  # type: ignore[operator]


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> Naps:
    naps = Naps()
    monkeypatch.setattr(module.asyncio, "sleep", naps)
    return naps


def guard(parts: Ports) -> Guard:
    return Guard(parts, lambda _step: nullcontext())


def outcomes(batch: Batch) -> dict[str, str]:
    return {item.delivery.src: item.outcome for item in batch}


def deliveries(*texts: str) -> list[Delivery]:
    return [delivery(f"s{i}", id=str(i), text=text) for i, text in enumerate(texts)]


async def test_a_batch_waits_while_a_part_is_away_and_settles_when_it_is_back(naps: Naps) -> None:
    door = MemoryDoor()
    door.away_times = 8
    watched = guard(ports(door=door))
    batch = await watched.settle(deliveries("one", "two"))
    assert outcomes(batch) == {"s0": "task", "s1": "task"}
    assert len(naps.seconds) == 8
    assert naps.seconds == sorted(naps.seconds)
    assert naps.seconds[-1] == 5.0
    assert not watched.waiting


async def test_while_it_waits_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    door, seen = MemoryDoor(), []
    door.away_times = 1
    watched = guard(ports(door=door))
    real = asyncio.sleep

    async def look(_seconds: float) -> None:
        seen.append(watched.waiting)
        await real(0)

    monkeypatch.setattr(module.asyncio, "sleep", look)
    await watched.settle(deliveries("one"))
    assert seen == [True]


async def test_a_poisonous_mention_among_good_ones_is_buried_alone(naps: Naps) -> None:
    door, letters = MemoryDoor(), ListDeadLetters()
    batch = await guard(ports(door=door, dead_letters=letters)).settle(
        deliveries("one", "explode", "three")
    )
    assert outcomes(batch) == {"s0": "task", "s1": "dead", "s2": "task"}
    [letter] = letters.letters
    assert (letter.src, letter.code) == ("s1", "internal")
    assert letter.raw == delivery(id="1", text="explode").raw


async def test_no_delivery_gets_two_outcomes_when_a_batch_is_taken_apart(naps: Naps) -> None:
    door = MemoryDoor()
    await guard(ports(door=door)).settle(deliveries("one", "explode", "three"))
    ends = [fact.op_id for fact in door.facts if fact.op in ("decided", "dead")]
    assert sorted(ends) == ["s0", "s1", "s2"]


async def test_a_burial_waits_for_the_store_too(naps: Naps) -> None:
    door = MemoryDoor()
    door.away_times = 2
    batch = await guard(ports(door=door)).settle(deliveries("explode"))
    assert outcomes(batch) == {"s0": "dead"}
    assert len(naps.seconds) == 2


class SlowLetters(ListDeadLetters):
    """Finishes only when it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go = asyncio.Event(), asyncio.Event()

    async def bury(self, letters: Sequence[DeadLetter]) -> None:
        self.begun.set()
        await self.go.wait()
        await super().bury(letters)


async def test_a_batch_in_work_is_finished_before_a_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    letters, door = SlowLetters(), MemoryDoor()
    work = asyncio.ensure_future(
        guard(ports(door=door, dead_letters=letters)).settle([delivery("s1", raw_=b"hello")])
    )
    await letters.begun.wait()
    work.cancel()
    await asyncio.sleep(0)
    letters.go.set()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert door.ops() == ["dead"]


async def test_a_batch_that_cannot_finish_dies_without_an_acknowledgement(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The process ends at once: what was not settled is delivered again."""
    letters, exits = SlowLetters(), []

    def leave(code: int) -> None:
        exits.append(code)
        raise SystemExit(code)

    monkeypatch.setattr(module, "_STOP_S", 0.01)
    monkeypatch.setattr(module.os, "_exit", leave)
    watched = guard(ports(dead_letters=letters))
    inner = asyncio.ensure_future(_settled(watched))
    await letters.begun.wait()
    inner.cancel()
    assert await inner == module.EXIT_UNFINISHED
    assert exits == [module.EXIT_UNFINISHED]
    letters.go.set()


async def _settled(watched: Guard) -> int | None:
    try:
        await watched.settle([delivery("s1", raw_=b"hello")])
    except SystemExit as end:
        return int(str(end.code))
    return None


async def test_a_batch_whose_burial_failed_dies_without_an_acknowledgement(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Even our own fault loses nothing: the supervisor starts us again, the batch comes again."""

    class BrokenLetters(ListDeadLetters):
        async def bury(self, letters: Sequence[DeadLetter]) -> None:
            raise RuntimeError("a fault of ours")

    def leave(code: int) -> None:
        raise SystemExit(code)

    monkeypatch.setattr(module.os, "_exit", leave)
    assert await _settled(guard(ports(dead_letters=BrokenLetters()))) == module.EXIT_UNFINISHED


def timed(sent_ms: int) -> Delivery:
    [one] = deliveries("good morning")
    return replace(one, sent_ms=sent_ms)


async def test_the_scorer_can_ask_how_long_the_oldest_mention_has_waited() -> None:
    backlog, found = Backlog(full=2), []

    class Asking(FixedScorer):
        async def score(self, mentions: Sequence[Mention]) -> list[Score]:
            found.append(backlog.waited_ms(now + 8_000))
            return await super().score(mentions)

    parts = ports(scorer=Asking(), now_ms=lambda: now)
    watched = Guard(parts, lambda _step: nullcontext(), backlog)
    now = NOON_MS
    await watched.settle([timed(NOON_MS - 50)])
    now = NOON_MS + 500
    await watched.settle([timed(NOON_MS + 300), timed(NOON_MS + 100)])
    assert found == [8_000, 8_400]
    assert backlog.waited_ms(now + 60_000) == 0  # nothing is in hand


async def test_an_outage_of_another_part_is_no_wait_for_the_scorer(naps: Naps) -> None:
    backlog, door, asked = Backlog(full=1), MemoryDoor(), FixedScorer()
    door.away_times = 1
    times = iter([NOON_MS, NOON_MS + 1, NOON_MS + 60_000])
    now = NOON_MS

    def clock() -> int:
        nonlocal now
        now = next(times, now)
        return now

    waited = []

    class Asking(FixedScorer):
        async def score(self, mentions: Sequence[Mention]) -> list[Score]:
            waited.append(backlog.waited_ms(now))
            return await asked.score(mentions)

    watched = Guard(
        ports(scorer=Asking(), door=door, now_ms=clock), lambda _s: nullcontext(), backlog
    )
    await watched.settle([timed(NOON_MS)])
    assert waited == [1, 0]


async def test_nothing_waits_for_the_scorer_while_another_part_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else an outage of Redis would take the ladder down, and tell so."""
    backlog, door, seen = Backlog(full=1), MemoryDoor(), []
    door.away_times = 3
    real = asyncio.sleep

    async def look(_seconds: float) -> None:
        seen.append(backlog.waited_ms(NOON_MS + 60_000))
        await real(0)

    monkeypatch.setattr(module.asyncio, "sleep", look)
    watched = Guard(ports(door=door, now_ms=lambda: NOON_MS), lambda _step: nullcontext(), backlog)
    await watched.settle([timed(NOON_MS - 50)])
    assert seen == [0, 0, 0]
    backlog.took(1, NOON_MS, NOON_MS + 900)
    assert backlog.waited_ms(NOON_MS + 900) == 900  # it is back, and waits count again
