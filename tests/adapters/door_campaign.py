"""`make model`: the door against its model, many times over, on two cores with different seeds.

A failing chunk names its seed; `--seed N --examples 1000 --processes 1` runs it again.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, core, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.adapters.door_machine import DoorMachine
from tests.adapters.door_server import own_redis
from tests.one_core import stay_on_one_core

_CHUNK = 1_000  # examples under one seed


@dataclass(frozen=True)
class Chunk:
    seed: int
    examples: int
    steps: int


@dataclass(frozen=True)
class Outcome:
    chunk: Chunk
    examples: int
    steps: int
    trouble: str


def run(chunk: Chunk) -> Outcome:
    """Run the machine under this seed, on a Redis of its own."""
    core.global_force_seed = chunk.seed
    limits = settings(
        max_examples=chunk.examples,
        stateful_step_count=chunk.steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
        report_multiple_bugs=False,
    )
    trouble = ""
    with own_redis() as path:
        machine = type("Machine", (DoorMachine,), {"path": path})
        try:
            run_state_machine_as_test(machine, settings=limits)
        except Exception:
            trouble = traceback.format_exc()
    return Outcome(chunk, machine.examples, machine.steps, trouble)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make model", description=__doc__)
    parser.add_argument("--examples", type=int, default=1_000)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    size = min(_CHUNK, -(-given.examples // given.processes))
    sizes = [size] * (given.examples // size) + [given.examples % size]
    chunks = [Chunk(given.seed + i, n, given.steps) for i, n in enumerate(sizes) if n]
    began = time.monotonic()
    examples = steps = 0
    with ProcessPoolExecutor(given.processes, initializer=stay_on_one_core) as pool:
        for done in pool.map(run, chunks):
            examples, steps = examples + done.examples, steps + done.steps
            if done.trouble:
                _say(f"{done.trouble}\nseed {done.chunk.seed}: the door and its model disagree")
                pool.shutdown(cancel_futures=True)
                return 1
            _say(f"{examples} examples, {steps} steps, {time.monotonic() - began:.0f} s")
    _say("0 disagreements")
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
