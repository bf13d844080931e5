"""`python -m tests.sim --seeds 1000`: simulate seeds one after the other; exit 1 on a violation."""

from __future__ import annotations

import argparse
import hashlib
import sys
import time

from tests.sim import server, store
from tests.sim.seeds import Brief, brief_of, end_when_told, simulated
from tests.sim.simulation import simulate
from tests.sim.world import grounds

_SHOWN = 10


def main() -> int:
    options = _options()
    end_when_told()
    if options.seed is not None:
        return _one(options.seed, options.verbose)
    started = time.monotonic()
    seeds = range(options.start, options.start + options.seeds)
    briefs: list[Brief] = []
    for brief in simulated(seeds, options.jobs):
        briefs.append(brief)
        _tell(brief)
        if len(briefs) % 500 == 0:
            _say(f"{len(briefs)} seeds, {len(briefs) / (time.monotonic() - started):.1f}/s")
    return _sum_up(briefs, time.monotonic() - started)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many")
    parser.add_argument("--from", dest="start", type=int, default=1, help="the first seed")
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("-v", "--verbose", action="store_true", help="tell what happens")
    parser.add_argument("--jobs", type=int, default=1, help="processes, each with a Redis")
    return parser.parse_args()


def _one(seed: int, verbose: bool) -> int:
    with server.started() as redis, store.opened() as database:
        result = simulate(seed, grounds(redis, database))
    if verbose:
        for line in result.said:
            _say(line)
        for number, body in enumerate(result.bodies, 1):
            _say(f"{number:5} {body.decode()}")
    _tell(brief_of(result))
    _say(f"seed {seed}: {result.facts} facts, history {result.digest}")
    return 1 if result.violations else 0


def _tell(brief: Brief) -> None:
    if not brief.violations:
        return
    _say(f"seed {brief.seed}: {len(brief.violations)} violations")
    for violation in brief.violations[:_SHOWN]:
        _say(f"  {violation}")
    _say(f"  again: python -m tests.sim --seed {brief.seed} -v")


def _sum_up(briefs: list[Brief], seconds: float) -> int:
    broken = sorted(brief.seed for brief in briefs if brief.violations)
    # One number for all histories: two runs of the same seeds must agree on it.
    ordered = sorted(briefs, key=lambda brief: brief.seed)
    digest = hashlib.sha256("".join(brief.digest for brief in ordered).encode()).hexdigest()
    total = sum(brief.facts for brief in briefs)
    tasks, calls = sum(b.tasks for b in briefs), sum(b.calls for b in briefs)
    hours = sum(brief.virtual_s for brief in briefs) / 3600
    _say(
        f"{len(briefs)} seeds in {seconds:.1f} s ({len(briefs) / seconds:.1f}/s), "
        f"{hours:.1f} simulated hours, {tasks} tasks, {total} facts, {calls} commands to Redis"
    )
    _say(f"violations in {len(broken)} seeds: {broken[:50]}")
    _say(f"history {digest}")
    return 1 if broken else 0


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
