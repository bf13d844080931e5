"""Triage throughput of one worker: a topic filled beforehand, read to the last outcome."""

from __future__ import annotations

import os
import signal
import time

import orjson
from confluent_kafka import Producer

from benchmarks.figures import Row, cpu_seconds, load_now
from benchmarks.instance import Instance
from benchmarks.texts import fresh

MENTIONS = 3_000
_PATIENCE_S = 240.0


def measure(on: Instance, broker: str, bare: Row) -> Row:
    """Fill the topic while the worker stands still, let it go, and wait for all outcomes.

    The worker is held by SIGSTOP, so that it neither reads nor leaves the group; what it took
    is from being let go to the last `decided` fact, by the facts' own times.
    """
    before, since = load_now(), on.last_seq()
    worker = int(on.run["pids"]["worker"][0])
    os.kill(worker, signal.SIGSTOP)
    try:
        _fill(on.run["kafka"]["bootstrap"])
    finally:
        os.kill(worker, signal.SIGCONT)
    let_go, used = time.time(), cpu_seconds(worker)
    deadline = time.monotonic() + _PATIENCE_S
    while on.count("decided", since) < MENTIONS:
        if time.monotonic() > deadline:
            done = on.count("decided", since)
            raise RuntimeError(f"{done} of {MENTIONS} outcomes after {_PATIENCE_S:.0f} s")
        time.sleep(0.25)
    in_ledger, used = time.time() - let_go, cpu_seconds(worker) - used
    times = sorted(fact["now_ms"] / 1000 for fact in on.facts("decided", since))
    # From the first outcome on: the consumer's own waking up is not triage.
    steady = (len(times) - 1) / (times[-1] - times[0])
    return Row(
        name=f"triage, 1 worker, L6, {broker}",
        figures={
            "messages/s": steady,
            "of bare ONNX": steady / bare.figures["messages/s"],
            "a CPU-second": MENTIONS / used,
            "of bare": MENTIONS / used / bare.figures["a CPU-second"],
        },
        unit="",
        load=(before, load_now()),
        note=f"{MENTIONS / in_ledger:,.0f}/s from let-go to the ledger",
        details={
            "mentions": MENTIONS,
            "first_outcome_s": times[0] - let_go,
            "last_outcome_s": times[-1] - let_go,
            "in_ledger_s": in_ledger,
        },
    )


def _fill(bootstrap: str) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 5, "log_level": 2})
    # English alone, as in the bare rate: other languages are not scored and cost less.
    for mention in fresh(MENTIONS, english_only=True):
        producer.produce("mentions", orjson.dumps(mention), key=mention["id"].encode())
    if left := producer.flush(30):
        raise RuntimeError(f"{left} mentions could not be produced")
