"""Failpoints: named places where a chaos run kills this process with SIGKILL. Off by default.

`HANDSHAKE_FAILPOINT=after-score:3` ends the worker when it comes to that place for the third time;
`HANDSHAKE_FAILPOINT=@PLAN` takes the next line of a file at each start. See docs/chaos.md.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.core.errors import ConfigError

STAGES = (
    "before-parse",
    "after-parse",
    "mid-score",
    "after-score",
    "before-create",
    "after-create-before-reply",
    "before-dlq",
    "after-dlq",
    "before-commit",
    "after-commit",
    "in-rebalance",
    "at-shutdown",
)
ARMED, LOG = "HANDSHAKE_FAILPOINT", "HANDSHAKE_FAILPOINT_LOG"

Where = Callable[[], dict[str, Any]]


class _Armed:
    """Counts the visits to one place, and dies at the last of them."""

    def __init__(self, stage: str, visits: int, where: Where) -> None:
        self.stage = stage
        self.left = self.visits = visits
        self.where = where

    def visit(self) -> None:
        self.left -= 1
        if self.left == 0:
            _say({"stage": self.stage, "visit": self.visits} | self.where())
            os.kill(os.getpid(), signal.SIGKILL)


_armed: _Armed | None = None


def failpoint(stage: str) -> None:
    """Die here if a chaos run asked for it; else nothing."""
    if _armed is not None and _armed.stage == stage:
        _armed.visit()


def arm(where: Where) -> None:
    """Read what this process was asked to die at; `where` says which offsets it is at.

    Raises ConfigError where the name is unknown: a campaign that kills nobody proves nothing.
    """
    global _armed
    asked = os.environ.get(ARMED, "")
    wanted = _next_of(Path(asked[1:])) if asked.startswith("@") else asked
    _armed = _parsed(wanted, where) if wanted else None


def _parsed(wanted: str, where: Where) -> _Armed:
    stage, _, visits = wanted.partition(":")
    if stage not in STAGES:
        expected = ", ".join(STAGES)
        raise ConfigError([f"environment {ARMED}: expected one of {expected}, got {stage!r}"])
    if not (visits or "1").isdigit() or int(visits or "1") == 0:
        raise ConfigError([f"environment {ARMED}: expected {stage}:NUMBER, got {wanted!r}"])
    return _Armed(stage, int(visits or "1"), where)


def _next_of(plan: Path) -> str:
    """The line of the plan whose turn it is: as many have been done as the log has lines."""
    log = Path(os.environ.get(LOG, ""))
    done = len(log.read_text("utf-8").splitlines()) if log.is_file() else 0
    try:
        return [*plan.read_text("utf-8").split(), *[""] * (done + 1)][done]
    except OSError as error:
        raise ConfigError([f"environment {ARMED}: {plan}: {error.strerror}"]) from None


def _say(found: dict[str, Any]) -> None:
    """One line on standard error and, on the disk before we die, in the log."""
    line = json.dumps(found | {"pid": os.getpid(), "at_ms": time.time_ns() // 1_000_000}) + "\n"
    sys.stderr.write(line)
    sys.stderr.flush()
    if path := os.environ.get(LOG):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(file, line.encode())
        os.fsync(file)
