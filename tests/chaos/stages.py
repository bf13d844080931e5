"""kill -9 of the worker at the twelve named stages: one stack, re-armed at each start."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition

from app.failpoints import ARMED, LOG, STAGES
from app.settings import Kafka
from tests.chaos.files import Lines, say
from tests.chaos.run import Run, under_traffic

_PARTITIONS = 4
_KILL_S = 60.0  # so long a stage may take to come by; every one does within a few seconds
# How often a stage is passed before the kill: so often that the worker has served before.
_VISITS = {"in-rebalance": (1, 1), "at-shutdown": (1, 2), "before-commit": (2, 3),
           "after-commit": (2, 3)}  # fmt: skip
_OTHERS = (5, 10)


def plan(kills: int, seed: int = 7) -> list[str]:
    """Stage and visit of each kill; every stage comes once in a round, in an order of its own."""
    chance = random.Random(seed)
    wanted: list[str] = []
    for number in range(kills):
        if number % len(STAGES) == 0:
            order = chance.sample(STAGES, len(STAGES))
        stage = order[number % len(STAGES)]
        wanted.append(f"{stage}:{chance.randint(*_VISITS.get(stage, _OTHERS))}")
    return wanted


def kill_at_stages(folder: Path, kills: int, until: float = 0.0) -> Run:
    """So many kills, or as many as there is time for (`until`, monotonic)."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted, log = plan(kills), Lines(folder / "kills.jsonl")
    (folder / "plan").write_text("\n".join(wanted), "utf-8")
    env = {ARMED: f"@{folder / 'plan'}", LOG: str(log.path)}
    with under_traffic("stages", folder, env=env) as run:
        committed = _Committed(run)
        for number, stage in enumerate(wanted):
            if until and time.monotonic() > until:
                (folder / "plan").write_text("", "utf-8")  # the next worker lives
                break
            said = _next_kill(run, log, number, stage)
            run.fault(said["stage"]).happened(kill=True, at_ms=said["at_ms"])
            say(
                f"kill {number + 1:>3} {said['stage']:<26} offset {_text(said['offset']):<34}"
                f" committed {_text(committed.now())}"
            )
        committed.close()
    return run


def _next_kill(run: Run, log: Lines, number: int, stage: str) -> dict[str, Any]:
    """Wait for the next line of the log; a worker that shall die at shutdown is told to stop."""
    deadline, told = time.monotonic() + _KILL_S, 0
    while len(rows := log.rows()) <= number:
        assert time.monotonic() < deadline, (
            f"nobody died at {stage}: {run.one.log('worker')[-2000:]}"
        )
        if stage.startswith("at-shutdown") and run.one.ready("worker"):
            pid = run.one.pid("worker")
            if pid != told:
                time.sleep(0.7)  # in the middle of work
                os.kill(pid, signal.SIGTERM)
                told = pid
        time.sleep(0.05)
    assert f"{rows[number]['stage']}:{rows[number]['visit']}" == stage, (rows[number], stage)
    return rows[number]


class _Committed:
    """What the broker has as committed, asked without joining the group."""

    def __init__(self, run: Run) -> None:
        bootstrap = run.one.run["kafka"]["bootstrap"]
        self._consumer = Consumer(
            {"bootstrap.servers": bootstrap, "group.id": Kafka().group, "log_level": 2}
        )

    def now(self) -> dict[str, int]:
        asked = [TopicPartition("mentions", number) for number in range(_PARTITIONS)]
        try:
            found = self._consumer.committed(asked, timeout=5.0)
        except KafkaException:
            return {}
        return {str(one.partition): one.offset for one in found if one.offset >= 0}

    def close(self) -> None:
        self._consumer.close()


def _text(offsets: dict[str, Any]) -> str:
    """`0:12-17 3:9`: partition and offsets."""

    def of(value: Any) -> str:
        if isinstance(value, list):
            return str(value[0]) if value[0] == value[1] else f"{value[0]}-{value[1]}"
        return str(value)

    return " ".join(f"{part}:{of(value)}" for part, value in sorted(offsets.items())) or "-"
