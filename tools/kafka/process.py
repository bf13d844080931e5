"""Knows a JVM by its process id and its command line, and ends it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

POLL_S = 0.05


def read_pid(pid_file: Path) -> int:
    """Return the process id in the file, 0 if there is none."""
    try:
        return int(pid_file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0


def is_ours(pid: int, marker: str) -> bool:
    """Say whether the process lives and has the marker on its command line.

    Ids are reused after a crash or a reboot: the number alone could be somebody else's process.
    """
    if pid <= 0:
        return False
    proc = Path("/proc")
    if not (proc / "self").exists():  # no Linux: the number is all we have
        return _signal(pid, 0)
    try:
        arguments = (proc / str(pid) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return os.fsencode(marker) in arguments  # empty for a zombie, which counts as gone


def terminate(pid: int, marker: str, grace_s: float) -> bool:
    """Ask the process to end and wait; kill it after the grace. True if it ended by itself."""
    _signal(pid, signal.SIGTERM)
    if _gone_within(pid, marker, grace_s):
        return True
    kill(pid, marker)
    return False


def kill(pid: int, marker: str) -> None:
    """End the process with SIGKILL and wait until it is gone."""
    if is_ours(pid, marker):
        _signal(pid, signal.SIGKILL)
        _gone_within(pid, marker, 10)


def _gone_within(pid: int, marker: str, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while is_ours(pid, marker):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def _signal(pid: int, number: int) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
