"""Chromium and a Handshake of one's own, for the browser tests and the screenshots."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
START_S = 90.0  # four times what two busy cores need
STOP_S = 10.0  # twice what Ctrl+C may take
# What waits (600 s and more) until the ladder of scoring steps down: on a busy machine it would do
# so at any moment, and tests and pictures would find another score, and a fact that tells of it.
STILL = {"HANDSHAKE_SCORING__UNTIL_MS": "[600000, 600001, 600002]"}

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGS = (
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium() -> str | None:
    """The browser to use: the one named in the environment, else the system's."""
    named = os.environ.get("HANDSHAKE_TESTS__CHROMIUM")
    return named or next(filter(None, map(shutil.which, _NAMES)), None)


def chromium_args() -> list[str]:
    # Chromium refuses its sandbox to root, and CI is root in a container of its own.
    return ["--no-sandbox", *_ARGS] if os.geteuid() == 0 else list(_ARGS)


@contextlib.contextmanager
def running(
    data_dir: Path, *flags: str, env: Mapping[str, str] | None = None
) -> Iterator[dict[str, Any]]:
    """Start everything by `python -m app up`, yield `run.json`, stop it as Ctrl+C does.

    `env` comes beside our own environment.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    log_file = data_dir / "up.txt"
    argv = [sys.executable, "-m", "app", "up", "--port", "0", "--data-dir", str(data_dir), *flags]
    with log_file.open("wb") as log:
        up = subprocess.Popen(
            argv, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT,
            env=os.environ | STILL | dict(env or {}),
        )  # fmt: skip
        try:
            yield _run_file(up, data_dir / "run.json", log_file)
        finally:
            up.send_signal(signal.SIGINT)
            try:
                up.wait(STOP_S)
            except subprocess.TimeoutExpired:
                up.kill()  # its children die with it
                up.wait()


def _run_file(up: subprocess.Popen[bytes], path: Path, log_file: Path) -> dict[str, Any]:
    """What `up` writes once all its processes are ready."""
    deadline = time.monotonic() + START_S
    while not path.exists():
        if up.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"Handshake did not start: {log_file.read_text('utf-8')[-2000:]}")
        time.sleep(0.1)
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found
