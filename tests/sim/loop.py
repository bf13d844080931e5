"""A loop whose time is virtual, and processes that can be killed or stopped between any two steps.

When nothing is ready, time jumps to the next timer: no real waiting, no sockets, one order. Each
callback carries the process it belongs to in its context. A killed process is one whose callbacks
are dropped from then on: nothing of it runs again, no `finally`, as after `kill -9`.
"""

from __future__ import annotations

import asyncio
import contextvars
import heapq
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False, slots=True)
class Process:
    """Something that can die."""

    name: str
    alive: bool = True
    stopped: bool = False
    held: list[asyncio.Handle] = field(default_factory=list)
    tasks: list[asyncio.Task[Any]] = field(default_factory=list)


_PROCESS: contextvars.ContextVar[Process | None] = contextvars.ContextVar("process", default=None)
OUTSIDE = contextvars.Context()  # servers and the world: never killed

Executor = Callable[[Callable[..., Any], tuple[Any, ...]], "asyncio.Future[Any]"]


def current() -> Process | None:
    return _PROCESS.get()


class Deadlock(Exception):
    """Everybody waits and no timer is left."""


class VirtualLoop(asyncio.BaseEventLoop):
    # The standard loop's own queues, which its types do not tell.
    _ready: Any
    _scheduled: Any
    _stopping: Any

    def __init__(self) -> None:
        super().__init__()
        self._virtual_s = 0.0
        self.everything: list[asyncio.Task[Any]] = []  # kept: no garbage collection ends a task
        self.executor: Executor | None = None
        self.mistakes: list[str] = []  # of the simulation itself: its servers are our callbacks
        self.set_exception_handler(self._note)
        self.set_task_factory(_made)

    def _note(self, _loop: Any, context: dict[str, Any]) -> None:
        message = str(context.get("message", ""))
        if message.startswith("Exception in callback"):
            self.mistakes.append(f"{message}: {context.get('exception')!r}")

    def time(self) -> float:
        return self._virtual_s

    def run_in_executor(  # type: ignore[override]
        self, _executor: Any, func: Callable[..., Any], *args: Any
    ) -> Any:
        """What would run in a thread runs here, through whoever simulates it."""
        if self.executor is None:
            raise RuntimeError("nothing here may use threads")
        return self.executor(func, args)

    def spawn(self, process: Process | None, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Start a task that belongs to this process, or to the world."""
        context = contextvars.Context()
        context.run(_PROCESS.set, process)
        return self.create_task(work, context=context)

    def kill(self, process: Process) -> None:
        process.alive = False
        process.held.clear()

    def stop_process(self, process: Process) -> None:
        """SIGSTOP: it stands still, its connections stay open, its timers pass by."""
        process.stopped = True

    def resume(self, process: Process) -> None:
        process.stopped = False
        self._ready.extend(process.held)
        process.held.clear()

    def outside(self, delay_s: float, call: Callable[..., None], *args: Any) -> None:
        """Call this later, whoever has died by then."""
        self.call_later(delay_s, call, *args, context=OUTSIDE)

    def abandon(self, tasks: list[asyncio.Task[Any]]) -> None:
        """Close what never ended, so that nothing of it runs in the next simulation."""
        for task in tasks:
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            if not task.done():
                coroutine: Any = task.get_coro()
                try:
                    coroutine.close()
                except (RuntimeError, ValueError):
                    continue  # it awaits in a `finally`: nothing answers any more

    def _run_once(self) -> None:
        timers = self._scheduled
        while timers and timers[0]._cancelled:
            heapq.heappop(timers)._scheduled = False
        if not self._ready and not self._stopping:
            if not timers:
                raise Deadlock
            self._virtual_s = max(self._virtual_s, timers[0]._when)
        while timers and timers[0]._when <= self._virtual_s:
            timer = heapq.heappop(timers)
            timer._scheduled = False
            self._ready.append(timer)
        for _ in range(len(self._ready)):
            handle = self._ready.popleft()
            if handle._cancelled:
                continue
            process = handle._context.get(_PROCESS)
            if process is None or (process.alive and not process.stopped):
                handle._run()
            elif process.alive:
                process.held.append(handle)

    def _write_to_self(self) -> None:
        return  # nobody sleeps in a selector

    def _process_events(self, _events: Any) -> None:
        return


def _made(loop: Any, work: Any, **given: Any) -> asyncio.Task[Any]:
    task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, **given)
    context = given.get("context")
    process = context.get(_PROCESS) if context is not None else _PROCESS.get()
    loop.everything.append(task)
    if process is not None:
        process.tasks.append(task)
    return task
