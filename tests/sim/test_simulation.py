"""The simulation is clean, repeats itself, and finds bugs that are planted."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapters import redis_door
from app.processes import relay
from tests.sim import server, store
from tests.sim.simulation import simulate
from tests.sim.world import Grounds, grounds

SEEDS = range(1, 13)


@pytest.fixture(scope="module")
def on() -> Iterator[Grounds]:
    with server.started() as redis, store.opened() as database:
        yield grounds(redis, database)


@pytest.mark.timeout(240)  # a busy machine switches slowly between us and Redis
def test_a_dozen_seeds_break_no_promise(on: Grounds) -> None:
    broken = {seed: found for seed in SEEDS if (found := simulate(seed, on).violations)}
    assert not broken, "again: python -m tests.sim --seed N -v"


def test_the_same_seed_gives_the_same_history(on: Grounds) -> None:
    assert simulate(7, on).digest == simulate(7, on).digest
    assert simulate(7, on).digest != simulate(8, on).digest


def test_another_process_with_another_redis_gives_the_same_history(on: Grounds) -> None:
    """Nothing hangs on the order of a set, on the time of day or on a server's random seed."""
    argv = [sys.executable, "-m", "tests.sim", "--seed", "3"]
    root = Path(__file__).parents[2]
    said = subprocess.run(argv, cwd=root, capture_output=True, text=True, check=False).stdout
    assert simulate(3, on).digest in said


# What is planted: what the door says, what it says instead, which invariants may find it.
BUGS = {
    "a command is done again when it is repeated": (
        "local known = answered(given)",
        "local known = nil",
        ("I4", "I5", "I6", "I14", "I15", "I16"),
    ),
    "a delivery that comes again counts again": (
        "first_src == admission.src or last_src == admission.src",
        "false",
        ("I1",),
    ),
    "offers never run out": (
        "redis.call('ZRANGEBYSCORE', 'hs:offers', '-inf', ms(now), 'LIMIT', 0, 100)",
        "{}",
        ("I8",),
    ),
}


@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", BUGS)
def test_a_bug_in_the_door_is_found(
    name: str, on: Grounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = redis_door.library()
    line, instead, invariants = BUGS[name]
    assert line in shipped, "the shipped Lua no longer says this"
    monkeypatch.setattr(redis_door, "library", lambda: shipped.replace(line, instead))
    assert _finds(on, invariants)


def test_a_relay_that_removes_before_it_keeps_is_found(
    on: Grounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def move(self: relay.Relay, block_ms: int = 500) -> int:
        entries = await self._outbox.read(500, block_ms)
        if entries:
            await self._outbox.remove(entries, 0)
            await self._ledger.append([e.fact for e in entries], entries[0].epoch)
        return len(entries)

    monkeypatch.setattr(relay.Relay, "move", move)
    assert _finds(on, ("I1", "I4", "I15"))


def _finds(on: Grounds, invariants: tuple[str, ...], most: int = 25) -> bool:
    """Does one of the first seeds name one of these invariants?"""
    for seed in range(1, most + 1):
        if any(v.startswith(invariants) for v in simulate(seed, on).violations):
            return True
    return False
