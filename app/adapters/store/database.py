"""One database, reached from one thread: short transactions, and `Unavailable` when it is away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from app.core.errors import Unavailable

T = TypeVar("T")

_BUSY_MS = 10_000  # several processes write to one SQLite file: wait for one another


class Database:
    """`write` and `read` run a function in a transaction, off the event loop."""

    def __init__(self, url: str) -> None:
        self.engine = sa.create_engine(url, pool_size=1, max_overflow=0)
        if self.engine.dialect.name == "sqlite":
            sa.event.listen(self.engine, "connect", _prepare_sqlite)
            sa.event.listen(self.engine, "begin", _begin_sqlite)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")

    async def write(self, work: Callable[[sa.Connection], T]) -> T:
        """Commit what `work` did and return its result. Raises Unavailable, changing nothing."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self.run_now, work)

    async def read(self, work: Callable[[sa.Connection], T]) -> T:
        """Return what `work` found. Raises Unavailable. Readers do not wait for writers."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self.run_now, work, True)

    def run_now(self, work: Callable[[sa.Connection], T], reading: bool = False) -> T:
        """`write`, or `read`, for callers without an event loop."""
        try:
            connect = self.engine.execution_options(reading=reading).begin
            with connect() as connection:
                return work(connection)
        except DBAPIError as error:
            if isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError):
                raise Unavailable(f"the store does not answer: {error.orig}") from error
            raise

    def insert_new(self, table: sa.Table) -> Any:
        """An INSERT that leaves existing rows as they are."""
        module = postgresql if self.engine.dialect.name == "postgresql" else sqlite
        return module.insert(table).on_conflict_do_nothing()

    def upsert(self, table: sa.Table, *columns: str) -> Any:
        """An INSERT that overwrites these columns of an existing row."""
        module = postgresql if self.engine.dialect.name == "postgresql" else sqlite
        statement = module.insert(table)
        return statement.on_conflict_do_update(
            index_elements=list(table.primary_key),
            set_={name: statement.excluded[name] for name in columns},
        )

    def close(self) -> None:
        self._thread.shutdown()
        self.engine.dispose()


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by us, see _begin_sqlite
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # accepted means on the disk
        f"busy_timeout={_BUSY_MS}",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    # Taking the write lock at once avoids the upgrade that fails when two readers both write.
    reading = connection.get_execution_options().get("reading")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
