"""On a real Apache Kafka: workers come and go without end, and the broker is killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.chaos.files import say
from tests.chaos.run import Run, under_traffic
from tests.live.kafka_node import kill_broker, running_kafka, start_again
from tests.live.running import ROOT, absent
from tools.browser import STILL
from tools.kafka.errors import KafkaToolError
from tools.kafka.jars import ensure_jars
from tools.kafka.java import find_java

_JOINS = 4  # a round of the storm
_STAYS_S = 9.0  # of which a worker needs about five to join


def real_kafka(folder: Path, rounds: int) -> Run:
    try:
        find_java()
        ensure_jars()
    except KafkaToolError as error:
        absent(f"no real Kafka: {error}")
    folder.mkdir(parents=True, exist_ok=True)
    with (
        running_kafka(folder / "kafka") as bootstrap,
        under_traffic("real kafka", folder, flags=("--kafka", bootstrap)) as run,
    ):
        for number in range(rounds):
            _storm(run, bootstrap, number)
            _kill_broker(run, bootstrap)
    return run


def _kill_broker(run: Run, bootstrap: str) -> None:
    with run.outage(3.0):
        kill_broker(bootstrap)
        start_again(bootstrap)  # ten seconds of a JVM are not ours: service is counted from here
        run.fault("kill -9 the broker, from its return").happened(kill=True)
        run.serves_again()
        run.all_ready()
    say("real kafka: the broker was killed and is back")


def _storm(run: Run, bootstrap: str, seed: int) -> None:
    """Workers join and leave, some with a word and some without: every time all partitions move."""
    fault, chance = run.fault("a worker joins and leaves"), random.Random(seed)
    for _ in range(_JOINS):
        other = _worker(run, bootstrap)
        try:
            time.sleep(_STAYS_S)
            killed = chance.random() < 0.5
            fault.happened(kill=killed)
            other.send_signal(signal.SIGKILL if killed else signal.SIGTERM)
            other.wait(15)
        finally:
            other.kill()
        run.serves_again()
        say(f"real kafka: a second worker left, {'killed' if killed else 'told to'}")


def _worker(run: Run, bootstrap: str) -> subprocess.Popen[bytes]:
    """One more worker beside that of `up`, as an operator starts one on another host."""
    now = run.one.run
    given = {
        "HANDSHAKE_KAFKA__BOOTSTRAP": bootstrap,
        "HANDSHAKE_REDIS__URL": now["redis"],
        "HANDSHAKE_STORE__URL": now["store"],
        "HANDSHAKE_SLA__WINDOW_S": str(now["sla_seconds"]),
        "HANDSHAKE_DEMO__ON": "false",
        "HANDSHAKE_DATA_DIR": now["data_dir"],
    }
    with (run.folder / "second-worker.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "app", "worker"], cwd=ROOT, stdout=log, stderr=log,
            env=os.environ | STILL | given,
        )  # fmt: skip
