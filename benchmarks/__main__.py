"""`python -m benchmarks`: all figures in one run, the load beside them, JSON in var/bench/."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path

import httpx

from benchmarks import (
    backtest,
    identity,
    latency,
    model,
    offers,
    profiles,
    rebuild,
    rules,
    rungs,
    scoring,
    throughput,
    urgency,
)
from benchmarks.figures import Row, machine
from benchmarks.instance import ROOT, instance
from tools.kafka.errors import KafkaToolError
from tools.kafka.node import KafkaNode

EMBEDDED, REAL = "embedded broker", "real Kafka"
_SETTLE_S = 3.0  # what a start leaves behind (imports, first commits) settles


# What needs no scoring beside it.
_ALONE: dict[str, Callable[[], Iterable[Row]]] = {
    "rebuild": lambda: [rebuild.measure()],
    "rules": rules.measure,
    "rungs": rungs.measure,
    "backtest": lambda: [backtest.measure()],
    "identity": identity.measure,
    "profiles": lambda: [profiles.measure()],
    "urgency": urgency.measure,
    "urgency-dev": urgency.measure_dev,
    "model": model.rows,
}


def main() -> None:
    """Run what was asked for; without arguments, everything."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    names = "scoring offers rules embedded kafka"
    parser.add_argument(
        "only", nargs="*", help=f"any of: {names}, or {' '.join(_ALONE)}; default: the former"
    )
    parser.add_argument("--kafka", default="", help="host:port; default: a node of its own")
    chosen = parser.parse_args()
    wanted = set(chosen.only) or set(names.split())
    rows: list[Row] = []
    skipped: dict[str, str] = {}

    def add(measure: Callable[[], Row]) -> Row:
        rows.append(measure())
        print(f"  {rows[-1].line()}", flush=True)
        return rows[-1]

    for name in sorted(wanted & _ALONE.keys()):
        for row in _ALONE[name]():
            add(partial(_same, row))
    if wanted <= _ALONE.keys():
        print(f"\n  written to {_write(rows, skipped)}")
        return
    # The bare rate is always measured: the others are told as shares of it.
    bare = add(lambda: scoring.measure("sentiment-l6"))
    if "scoring" in wanted:
        add(lambda: scoring.measure("sentiment-fast"))
    if "offers" in wanted:
        add(offers.measure)
    if "embedded" in wanted:
        with _told(skipped, EMBEDDED):
            _flow(add, "", EMBEDDED, bare)
    if "kafka" in wanted:
        with _told(skipped, REAL), _real_kafka(chosen.kafka) as bootstrap:
            _flow(add, bootstrap, REAL, bare)
    # Again at the end: how far apart the two are tells how steady the machine was.
    add(lambda: scoring.measure("sentiment-l6"))
    print(f"\n  written to {_write(rows, skipped)}")
    if skipped:
        sys.exit(1)


def _same(row: Row) -> Row:
    return row


def _flow(add: Callable[[Callable[[], Row]], Row], kafka: str, name: str, bare: Row) -> None:
    """Each measurement on an instance of its own: the waiting tasks of one must not slow another"""
    for measure in (
        lambda on: throughput.measure(on, name, bare),
        lambda on: latency.measure(on, name),
    ):
        with (
            tempfile.TemporaryDirectory(prefix="handshake-bench-") as folder,
            instance(Path(folder), kafka) as on,
        ):
            time.sleep(_SETTLE_S)
            add(partial(measure, on))


@contextmanager
def _told(skipped: dict[str, str], name: str) -> Iterator[None]:
    """What cannot be measured is said; the other figures stay."""
    try:
        yield
    except (KafkaToolError, RuntimeError, httpx.HTTPError) as error:
        skipped[name] = f"{type(error).__name__}: {error}"
        print(f"  {name}: not measured: {skipped[name]}", flush=True)


@contextmanager
def _real_kafka(given: str) -> Iterator[str]:
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="handshake-bench-kafka-") as folder:
        node = KafkaNode(Path(folder))
        node.start()
        try:
            yield node.bootstrap
        finally:
            node.kill()


def _write(rows: list[Row], skipped: dict[str, str]) -> Path:
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    here = machine()
    file = folder / f"{here['taken'].replace(':', '')}.json"
    content = {"machine": here, "rows": [asdict(row) for row in rows], "skipped": skipped}
    file.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    return file


if __name__ == "__main__":
    main()
