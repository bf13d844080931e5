"""The store: the shipped tables and statements on SQLite, without threads, with faults."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from app.adapters.store.database import Database
from app.adapters.store.migrate import migrate
from app.adapters.store.tables import metadata
from app.core.errors import Unavailable
from tests.sim.loop import VirtualLoop

_MEMORY = Path("/dev/shm")


@contextmanager
def opened() -> Iterator[Database]:
    """An empty store with the shipped schema, in memory where the machine has a folder for that."""
    where = str(_MEMORY) if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="hs-sim-", dir=where) as folder:
        url = f"sqlite:///{folder}/handshake.db"
        migrate(url)
        database = Database(url)
        # The machine under a simulation does not lose power: only its own faults are of interest.
        sa.event.listen(database.engine, "connect", _no_sync)
        yield database
        database.close()


def _no_sync(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def emptied(database: Database) -> None:
    def work(connection: sa.Connection) -> None:
        for table in reversed(metadata.sorted_tables):
            connection.execute(sa.delete(table))
        connection.exec_driver_sql("DELETE FROM sqlite_sequence")

    database.run_now(work)


class Store:
    """Answers what `Database` sends to its thread. `down` and `lossy` are the faults."""

    def __init__(self, loop: VirtualLoop, chance: random.Random) -> None:
        self._loop = loop
        self._chance = chance
        self.down = False
        self.lossy = 0.0
        self.calls = 0

    def execute(self, work: Callable[..., Any], args: tuple[Any, ...]) -> asyncio.Future[Any]:
        self.calls += 1
        future: asyncio.Future[Any] = self._loop.create_future()
        away = Unavailable("the store does not answer: simulated")
        fate = self._chance.random()
        delay_s = self._chance.uniform(0.001, 0.02)
        if self.down or fate < self.lossy:
            self._loop.outside(delay_s, _fail, future, away)
            return future
        try:
            result = work(*args)
        except Exception as error:
            self._loop.outside(delay_s, _fail, future, error)
            return future
        if fate < 2 * self.lossy:  # it committed, and the answer was lost
            self._loop.outside(delay_s, _fail, future, away)
        else:
            self._loop.outside(delay_s, _answer, future, result)
        return future


def _fail(future: asyncio.Future[Any], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)


def _answer(future: asyncio.Future[Any], result: Any) -> None:
    if not future.done():
        future.set_result(result)
