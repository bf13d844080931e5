"""The runs of a campaign, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.chaos import clocks, net, parts, real, stages, wiped
from tests.chaos.run import Run


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """How much of each; `until` (monotonic) bounds the kills at stages, 0 does not."""

    kills: int
    rounds: int
    until: float = 0.0


RUNS: dict[str, Callable[[Path, Wanted], Run]] = {
    "stages": lambda folder, wanted: stages.kill_at_stages(folder, wanted.kills, wanted.until),
    "parts": lambda folder, wanted: parts.kill_parts(folder, wanted.rounds),
    "wiped": lambda folder, wanted: wiped.wipe_redis(folder, wanted.rounds),
    "freeze": lambda folder, wanted: parts.freeze_parts(folder, wanted.rounds),
    "net": lambda folder, wanted: net.bad_lines(folder, wanted.rounds),
    "clock-redis": lambda folder, wanted: clocks.jump_redis(folder, wanted.rounds),
    "clock-worker": lambda folder, wanted: clocks.jump_worker(folder, wanted.rounds),
    "kafka": lambda folder, wanted: real.real_kafka(folder, wanted.rounds),
}
