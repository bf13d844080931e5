"""Redis comes back empty: the state is made again from the ledger, and only then is served."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.chaos.files import say
from tests.chaos.redis_server import RedisServer
from tests.chaos.run import Run, under_traffic
from tests.live.running import ROOT

REBUILD = ROOT / "app" / "processes" / "rebuild.py"


def wipe_redis(folder: Path, rounds: int) -> Run:
    if not REBUILD.exists():
        pytest.skip("there is no rebuild yet (app/processes/rebuild.py)")
    with (
        RedisServer(folder / "redis").running() as server,
        under_traffic("wiped", folder, flags=("--redis", server.url)) as run,
    ):
        for _ in range(rounds):
            with run.outage(3.0):
                run.fault("Redis flushed").happened(kill=False)
                server.flush()
                _serves(run)
            with run.outage(3.0):
                run.fault("Redis killed, its folder removed").happened(kill=True)
                server.kill_and_wipe()
                time.sleep(1.0)
                server.start()
                _serves(run)
    return run


def _serves(run: Run) -> None:
    began = time.monotonic()
    run.serves_again()
    run.serves_again("offered")
    run.all_ready()
    say(f"wiped: outcomes and offers again after {time.monotonic() - began:.1f} s")
