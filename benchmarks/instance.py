"""A Handshake of its own for a measurement, with enough scripted agents, ended with Ctrl+C."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
READY_S, STOP_S = 90.0, 15.0

# Every queue and language, so that no task waits for want of a skill.
_STAFF = """
[[rep]]
name = "bench{number}"
title = "Scripted agent {number}"
role = "agent"
skills = ["mediator", "billing", "en", "de", "fr", "es", "it"]
queues = ["escalation", "urgent", "service", "billing", "languages", "sales"]
capacity = 3
"""
AGENTS = 16

# Figures are of the full model: its rung is not left, however long mentions wait.
_FULL_ONLY = {
    "HANDSHAKE_SCORING__LADDER": '["full", "lexicon"]',
    "HANDSHAKE_SCORING__UNTIL_MS": "[86400000]",
}


class Instance:
    """Where it is, and what its store says."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.run: dict[str, Any] = json.loads((data_dir / "run.json").read_text("utf-8"))

    def key(self, name: str) -> str:
        return str(next(user["key"] for user in self.run["users"] if user["name"] == name))

    def agents(self) -> list[str]:
        return [u["name"] for u in self.run["users"] if u["name"].startswith("bench")]

    def count(self, op: str, since: int = 0) -> int:
        query = "SELECT count(*) FROM facts WHERE op = ? AND seq > ?"
        return int(self._rows(query, op, since)[0][0])

    def last_seq(self) -> int:
        return int(self._rows("SELECT coalesce(max(seq), 0) FROM facts")[0][0])

    def facts(self, op: str, since: int = 0) -> list[dict[str, Any]]:
        query = "SELECT body FROM facts WHERE op = ? AND seq > ? ORDER BY seq"
        return [json.loads(body) for (body,) in self._rows(query, op, since)]

    def _rows(self, query: str, *given: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.data_dir / "handshake.db", timeout=20)) as store:
            return store.execute(query, given).fetchall()


@contextmanager
def instance(folder: Path, kafka: str = "") -> Iterator[Instance]:
    """Start `up` on fresh data, the demo off, and stop it at the end."""
    data_dir, config = folder / "data", folder / "config"
    shutil.copytree(ROOT / "config", config)
    with (config / "staff.toml").open("a", encoding="utf-8") as staff:
        for number in range(AGENTS):
            staff.write(_STAFF.format(number=number))
    data_dir.mkdir()
    argv = [sys.executable, "-m", "app", "up", "--no-demo", "--port", "0"]
    argv += ["--data-dir", str(data_dir), *(["--kafka", kafka] if kafka else [])]
    with (folder / "up.out").open("wb") as output:
        process = subprocess.Popen(
            argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            env=os.environ | _FULL_ONLY | {"HANDSHAKE_CONFIG": str(config)},
        )  # fmt: skip
    try:
        _wait_until_ready(process, folder)
        yield Instance(data_dir)
    finally:
        _stop(process)


def _wait_until_ready(process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + READY_S
    while not (folder / "data" / "run.json").exists():
        if process.poll() is not None or time.monotonic() > deadline:
            said = (folder / "up.out").read_text("utf-8", "replace")[-2000:]
            raise RuntimeError(f"Handshake did not start: {said}")
        time.sleep(0.1)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
