"""Child processes: started with our settings, started again when they die, stopped together."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import structlog

log = structlog.get_logger()

_STOP_S = 3.0  # Ctrl+C ends everything within 5 s; what has not ended by then is killed
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 10.0
_STEADY_S = 30.0  # a child that ran this long is restarted without a growing pause
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(slots=True)
class Child:
    """One process and how to start it. `started` counts its lives."""

    name: str
    argv: list[str]
    env: dict[str, str]
    log_file: Path
    process: asyncio.subprocess.Process | None = None
    lives: int = 0
    born: float = field(default=0.0)

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.returncode is None

    async def start(self, stdout: int | None = None) -> None:
        with self.log_file.open("ab") as output:
            self.process = await asyncio.create_subprocess_exec(
                *self.argv,
                env=os.environ | self.env,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=stdout or output,
                stderr=output,
                start_new_session=True,  # Ctrl+C reaches us alone; we tell the children
                preexec_fn=_die_with_parent,  # it only makes one system call
            )
        self.lives += 1
        self.born = time.monotonic()

    async def stop(self, within_s: float = _STOP_S) -> None:
        """Ask it to stop, then make it."""
        if self.process is None or not self.alive:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), within_s)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()


async def keep_alive(child: Child, changed: Callable[[Child], None]) -> None:
    """Start the child again whenever it dies, with growing pauses while it dies young."""
    pause_s = _FIRST_PAUSE_S
    while True:
        assert child.process is not None  # noqa: S101 (started before)
        code = await child.process.wait()
        log.warning("child_died", child=child.name, code=code, log=str(child.log_file))
        if time.monotonic() - child.born > _STEADY_S:
            pause_s = _FIRST_PAUSE_S
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
        await child.start()
        changed(child)


def python(name: str, env: Mapping[str, str], logs: Path, command: str = "") -> Child:
    """A child that runs `python -m app <command>`."""
    argv = [sys.executable, "-m", "app", command or name]
    return Child(name, argv, dict(env), logs / f"{name}.log")


def _die_with_parent() -> None:
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
