"""A lane: one thread beside the event loop, for work that may never come back."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import TypeVar

T = TypeVar("T")

_STOOD_STILL = 2.0  # times as long as was asked for


class Lane:
    """Does one thing at a time. Its thread is a daemon: hung in native code, nothing can stop it,
    so it must hold up neither the loop nor the end of the process (an executor's would do that).
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._todo: queue.SimpleQueue[Callable[[], None] | None] | None = None

    async def do(self, work: Callable[[], T], within_s: float | None) -> T:
        """Return what the work returns, and raise what it raises; TimeoutError where it is late.

        Where all of us stood still (a stopped process, a frozen host), that is no fault of the
        work, and it has as long once more.
        """
        if self._todo is None:
            self._todo = queue.SimpleQueue()
            threading.Thread(target=_run, args=[self._todo], name="score", daemon=True).start()
        done: Future[T] = Future()
        self._todo.put(partial(_settle, done, work))
        answer, began = asyncio.wrap_future(done), self._clock()
        await asyncio.wait([answer], timeout=within_s)
        if within_s and self._clock() - began > _STOOD_STILL * within_s:
            await asyncio.wait([answer], timeout=within_s)
        if not answer.done():
            answer.cancel()
            raise TimeoutError
        return answer.result()

    def leave(self) -> None:
        """Let the thread end with what it has in hand, if that ever ends."""
        if self._todo is not None:
            self._todo.put(None)


def _run(todo: queue.SimpleQueue[Callable[[], None] | None]) -> None:
    while (job := todo.get()) is not None:
        job()


def _settle(done: Future[T], work: Callable[[], T]) -> None:
    if not done.set_running_or_notify_cancel():
        return
    try:
        done.set_result(work())
    except BaseException as error:  # whatever it is belongs to who asked, not to this thread
        done.set_exception(error)
