"""Child processes: started with our settings, started again when they die, stopped together."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import structlog
from prometheus_client.multiprocess import mark_process_dead

from app.processes import forks

log = structlog.get_logger()

_STOP_S = 3.0  # Ctrl+C ends everything within 5 s; what has not ended by then is killed
# The tenth death in a row is served again within 15 s as well: 2 s, then a start of about 5 s.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 2.0
_STEADY_S = 30.0  # a child that ran this long is restarted without a growing pause


class Child(ABC):
    """One process and how to start it; `env` is what it finds in its environment beside ours."""

    def __init__(self, name: str, env: dict[str, str], log_file: Path) -> None:
        self.name = name
        self.env = env
        self.log_file = log_file
        self.born = 0.0

    @property
    @abstractmethod
    def pid(self) -> int: ...

    @property
    @abstractmethod
    def alive(self) -> bool: ...

    @abstractmethod
    async def start(self) -> None: ...

    @abstractmethod
    async def wait(self) -> int:
        """Return the exit code once it has ended."""

    async def stop(self, within_s: float = _STOP_S) -> None:
        """Ask it to stop, then make it."""
        for number, patience_s in ((signal.SIGTERM, within_s), (signal.SIGKILL, _STOP_S)):
            if self.alive:
                with contextlib.suppress(ProcessLookupError, TimeoutError):
                    os.kill(self.pid, number)
                    await asyncio.wait_for(self.wait(), patience_s)


class Program(Child):
    """A program of its own: the embedded Redis and broker, the demo."""

    def __init__(self, name: str, argv: list[str], env: dict[str, str], log_file: Path) -> None:
        super().__init__(name, env, log_file)
        self.argv = argv
        self.process: asyncio.subprocess.Process | None = None

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
                preexec_fn=forks.die_with_parent,
            )
        self.born = time.monotonic()

    async def wait(self) -> int:
        return await self.process.wait() if self.process else 0


class Service(Child):
    """One of our own processes, forked from a server that has imported their code already."""

    def __init__(self, name: str, env: dict[str, str], log_file: Path) -> None:
        super().__init__(name, env, log_file)
        self.process: ForkServerProcess | None = None

    @property
    def pid(self) -> int:
        return self.process.pid or 0 if self.process else 0

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.is_alive()

    async def start(self) -> None:
        self.process = await asyncio.to_thread(forks.start, self.name, self.env, self.log_file)
        self.born = time.monotonic()

    async def wait(self) -> int:
        if self.process is None:
            return 0
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self.process.sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self.process.sentinel)
        self.process.join()
        return self.process.exitcode or 0


async def buried(child: Child) -> int:
    """Wait for the child's end; returns its exit code."""
    pid, code = child.pid, await child.wait()
    mark_process_dead(pid)  # type: ignore[no-untyped-call]  # or its gauges would live on
    return code


async def keep_alive(child: Child, changed: Callable[[], None]) -> None:
    """Start the child again whenever it dies, with growing pauses while it dies young."""
    pause_s = _FIRST_PAUSE_S
    while True:
        code = await buried(child)
        log.warning("child_died", child=child.name, code=code, log=str(child.log_file))
        if time.monotonic() - child.born > _STEADY_S:
            pause_s = _FIRST_PAUSE_S
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
        await child.start()
        changed()
