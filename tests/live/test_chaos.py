"""Chaos in CI: 24 kills at the twelve named stages. The whole campaign is `make chaos`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.failpoints import STAGES
from tests.chaos import table
from tests.chaos.clock import Clock
from tests.chaos.files import say
from tests.chaos.stages import kill_at_stages

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]

EACH = 2
CLOCK = "import time; print(time.time() - time.monotonic(), time.monotonic())"


def test_killing_the_worker_twice_at_each_of_the_twelve_stages(tmp_path: Path) -> None:
    """A6.1: nothing lost, nothing with two owners, no silent miss, service within 15 s."""
    run = kill_at_stages(tmp_path / "stages", EACH * len(STAGES))
    say(table.text([run]))
    assert {name: fault.kills for name, fault in run.faults.items()} == dict.fromkeys(STAGES, EACH)
    assert run.problems == []


def test_the_clock_that_chaos_moves_is_the_wall_clock_alone(tmp_path: Path) -> None:
    clock = Clock(tmp_path)

    def read() -> tuple[float, float]:
        argv = [sys.executable, "-c", CLOCK]
        done = subprocess.run(
            argv, env=os.environ | clock.env, capture_output=True, text=True, check=True
        )
        wall, monotonic = map(float, done.stdout.split())
        return wall, monotonic

    (wall, monotonic), _ = read(), clock.jump(2.0)
    ahead, later = read()
    assert ahead - wall == pytest.approx(7200, abs=1)
    assert later - monotonic < 60
    clock.jump(2.0, pid=1)
    assert read()[0] - wall == pytest.approx(0, abs=1)
