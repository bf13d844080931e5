"""The wall clock jumps: of Redis, and of the worker alone."""

from __future__ import annotations

import time
from pathlib import Path

from tests.chaos.clock import Clock
from tests.chaos.files import say
from tests.chaos.redis_server import RedisServer
from tests.chaos.run import Run, under_traffic

# After a jump expiries are held back for a while, so offers go on later than after other faults.
_GRACE_S = 30.0


def jump_redis(folder: Path, rounds: int) -> Run:
    """Redis alone jumps two hours ahead and comes back, then two hours behind and comes back."""
    clock = Clock(folder / "clock")
    with (
        RedisServer(folder / "redis", clock.env).running() as server,
        under_traffic("clock of redis", folder, flags=("--redis", server.url)) as run,
    ):
        for _ in range(rounds):
            for hours in (2.0, -2.0):
                _jump(run, clock, hours, 0)
                # The ledger's own time was as wrong as the clock: what it promised by then waits.
                start, end = run.outages[-1]
                away_ms = round(hours * 3_600_000)
                run.outages[-1] = (start + min(away_ms, 0), end + max(away_ms, 0))
    return run


def jump_worker(folder: Path, rounds: int) -> Run:
    """The worker's host has another time than everybody else."""
    clock = Clock(folder / "clock")
    with under_traffic("clock of worker", folder, env=clock.env) as run:
        for _ in range(rounds):
            for hours in (2.0, -2.0):
                _jump(run, clock, hours, run.one.pid("worker"))
    return run


def _jump(run: Run, clock: Clock, hours: float, pid: int) -> None:
    with run.outage(_GRACE_S):
        clock.jump(hours, pid)
        run.serves_again()
        time.sleep(5.0)
        clock.jump(0.0)
        run.fault(f"{hours:+.0f} h and back").happened(kill=False)
        run.serves_again("offered", seconds=_GRACE_S * 2)
    say(f"{run.name}: {hours:+.0f} h and back")
