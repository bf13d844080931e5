"""Many seeds, one after the other or in several processes, each with a Redis of its own."""

from __future__ import annotations

import gc
import multiprocessing
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from tests.one_core import stay_on_one_core
from tests.sim import server, store
from tests.sim.simulation import Result, simulate
from tests.sim.world import grounds

_PIECES = 16  # of the work, for each process: whoever is done takes the next


@dataclass(slots=True)
class Brief:
    """What one seed came to, small enough to be sent between processes."""

    seed: int
    digest: str
    facts: int
    tasks: int
    calls: int
    virtual_s: float
    violations: list[str]


def begin_to_work() -> None:
    stay_on_one_core()
    end_when_told()


def end_when_told() -> None:
    """SIGTERM ends the blocks that we are in, and with them our Redis."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


def simulated(seeds: range, jobs: int) -> Iterator[Brief]:
    if jobs <= 1:
        yield from _share(seeds)
        return
    shares = [seeds[start :: jobs * _PIECES] for start in range(jobs * _PIECES)]
    with multiprocessing.get_context("spawn").Pool(jobs, begin_to_work) as pool:
        for found in pool.imap_unordered(_listed, shares):
            yield from found


def _listed(seeds: range) -> list[Brief]:
    return list(_share(seeds))


def _share(seeds: range) -> Iterator[Brief]:
    with server.started() as redis, store.opened() as database:
        on = grounds(redis, database)
        gc.freeze()  # what is loaded by now stays: no need to look at it again and again
        for seed in seeds:
            yield brief_of(simulate(seed, on))


def brief_of(result: Result) -> Brief:
    return Brief(
        result.seed,
        result.digest,
        result.facts,
        result.tasks,
        result.calls,
        result.virtual_s,
        result.violations,
    )
