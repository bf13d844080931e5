"""Our processes are forked from one server that imported their code: seconds saved at each start.

Importing the libraries of one process takes about three seconds of a core, and five processes
start at once. The standard library's fork server imports them once, has no threads and no event
loop, and forks each process from there; a process that died is back in a tenth of a second.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from importlib import import_module
from multiprocessing import forkserver, get_context, resource_tracker
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from app.core.errors import ConfigError

_CONTEXT = get_context("forkserver")

# Not the worker: its libraries start threads, which a fork would not carry over.
_PRELOADED = ["web", "watch", "record", "reconcile", "handoffs", "events", "send"]

# How a child that finds its configuration wrong tells `up`: this exit code, these lines.
EXIT_CONFIG = 3
PROBLEM = "problem: "

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def preload() -> None:
    """Start the server; it imports while we go on."""
    _CONTEXT.set_forkserver_preload([f"app.processes.{name}" for name in _PRELOADED])
    forkserver.ensure_running()


def start(name: str, env: dict[str, str], log_file: Path) -> ForkServerProcess:
    """Start the named process. Blocks until the server has imported."""
    process = _CONTEXT.Process(target=_main, args=(name, env, str(log_file)), name=name)
    process.start()
    return process


def stop() -> None:
    """End the server and its helper now; they would end by themselves just after us."""
    forkserver._forkserver._stop()  # type: ignore[attr-defined]
    resource_tracker._resource_tracker._stop()  # type: ignore[attr-defined]


def die_with_parent() -> None:
    """Where the system can, be killed when the parent ends without a word."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _main(name: str, env: dict[str, str], log_file: str) -> None:
    os.setsid()  # Ctrl+C reaches `up` alone, which then tells us
    die_with_parent()
    with open(log_file, "ab") as output, open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.environ.update(env)
    from app import settings  # noqa: PLC0415 (what it reads is only in the environment now)
    from app.processes import service  # noqa: PLC0415

    module = import_module(f"app.processes.{name}")
    try:
        service.run(name, module.main(settings.load()))
    except ConfigError as error:
        for problem in error.problems:
            print(f"{PROBLEM}{problem}", file=sys.stderr)  # noqa: T201 (`up` looks for it)
        sys.exit(EXIT_CONFIG)
