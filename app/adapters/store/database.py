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

# PostgreSQL's classes of errors (the first two signs of the code) that pass by themselves.
_AWAY = frozenset(
    {
        "08",  # the connection broke
        "40",  # a deadlock or a conflict with another transaction
        "53",  # no connection, memory or disk left
        "55",  # a lock was not available
        "57",  # it is shutting down, starting, or an operator ended this connection
        "58",  # its disk or system failed
    }
)
_INTEGRITY = "23"


class Database:
    """`write` and `read` run a function in a transaction, off the event loop."""

    def __init__(self, url: str) -> None:
        # What a customer wrote is a parameter: it must not stand in the message of an error.
        self.engine = sa.create_engine(
            url, pool_size=1, max_overflow=0, hide_parameters=True, **_options(url)
        )
        if self.engine.dialect.name == "sqlite":
            sa.event.listen(self.engine, "connect", _prepare_sqlite)
            sa.event.listen(self.engine, "begin", _begin_sqlite)
        else:
            sa.event.listen(self.engine, "checkout", _still_there)
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
            kind = _sqlstate(error)[:2]
            lost = isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError)
            if lost or kind in _AWAY:
                raise Unavailable(f"the store does not answer: {error.orig}") from error
            if kind == _INTEGRITY and error.orig:
                params: Any = error.params
                raise sa.exc.IntegrityError(
                    error.statement, params, error.orig, hide_parameters=True
                ) from error
            raise
        except OSError as error:  # pg8000 passes a reset connection on as it is
            self.engine.dispose()
            raise Unavailable(f"the store does not answer: {error}") from error

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


def _options(url: str) -> dict[str, Any]:
    """A server may fall silent: wait for its answer no longer than for SQLite's lock."""
    waits = sa.make_url(url).get_driver_name() == "pg8000"
    return {"connect_args": {"timeout": _BUSY_MS / 1000}} if waits else {}


def _sqlstate(error: DBAPIError) -> str:
    """PostgreSQL's code: pg8000 has one class of errors for everything and says more in this."""
    said = error.orig.args[0] if error.orig and error.orig.args else None
    return str(said.get("C", "")) if isinstance(said, dict) else ""


def _still_there(connection: Any, _record: object, _proxy: object) -> None:
    """Take another connection where this one ended meanwhile. (SQLAlchemy's own pre-ping does
    not know the OSError that pg8000 raises for a reset.)"""
    try:
        cursor = connection.cursor()
        cursor.execute("SELECT 1")
        cursor.close()
    except Exception as error:
        raise sa.exc.DisconnectionError(str(error)) from error


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
