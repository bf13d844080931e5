"""What is in flight: sends that have begun and are not waited for, each under its own name."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine


class InFlight:
    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._tasks

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, name: str, work: Coroutine[object, object, None]) -> None:
        self._tasks[name] = asyncio.create_task(work)

    def land(self) -> None:
        """Let go of what has ended. Raises what one of them raised, Unavailable for instance."""
        ended = [name for name, task in self._tasks.items() if task.done()]
        for task in [self._tasks.pop(name) for name in ended]:
            task.result()

    async def rest(self, rest_s: float) -> None:
        """Until something has landed, or for so long."""
        if not self._tasks:
            await asyncio.sleep(rest_s)
            return
        tasks = self._tasks.values()
        await asyncio.wait(tasks, timeout=rest_s, return_when=asyncio.FIRST_COMPLETED)

    async def landed(self) -> None:
        """Wait until nothing is in flight, then as `land`."""
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self.land()
