"""The contact history made anew from the ledger, compared with the one that is there, and mended.

It is folded beside, in a scratch file, up to where `record` is. Then both are read in order, in
one snapshot. Where they are equal nothing is written at all. Else the differences are mended in
one transaction, up to the end of the ledger: readers see the old history or the new one, and
`record`, which may run, finds that its place has moved and goes on from there. Where somebody is
erased meanwhile, what was folded before may have their words: it is thrown away, and folded again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import sqlalchemy as sa

from app.adapters.store import full_text
from app.adapters.store.database import Database
from app.adapters.store.record import MADE, cursor, known, put
from app.adapters.store.seal import open_facts
from app.adapters.store.seal_tables import erasures
from app.adapters.store.tables import cursors, facts, history, mentions, metadata
from app.core.history import fold

_PAGE: Final = 1000  # rows or facts read at once: about 1 MB
_RECORD: Final = "record"
_LAST_SEQ: Final = 2**63 - 1  # what a database's integer holds

Progress = Callable[[int, int], None]  # facts folded so far, of so many
Row = Mapping[str, Any]


class _ErasedMeanwhile(Exception):
    """While differences were mended; nothing of it was written."""


@dataclass(slots=True)
class Found:
    """What was compared, and how many lines, mentions and search words were wrong."""

    facts: int = 0
    lines: int = 0
    mentions: int = 0
    wrong_lines: int = 0
    wrong_mentions: int = 0
    wrong_words: int = 0

    @property
    def equal(self) -> bool:
        return not (self.wrong_lines or self.wrong_mentions or self.wrong_words)


class Rebuild:
    """One rebuild. `seq` is the fact up to which the scratch copy is folded."""

    def __init__(self, store: Database, scratch: Database, told: Progress) -> None:
        self._store = store
        self._scratch = scratch
        self._told = told
        self._seq = 0
        self._erased: tuple[Any, ...] = ()  # as it was when the folding began
        metadata.create_all(scratch.engine, tables=[history, mentions])

    def check(self) -> Found:
        """Compare with what `record` has made so far; nothing is written. Raises Unavailable."""
        until = self._store.run_now(lambda connection: cursor(connection, _RECORD), reading=True)
        while self._seq < until:  # in short transactions, so that nobody waits for us
            self._store.run_now(lambda connection: self._fold_page(connection, until), reading=True)

        def work(connection: sa.Connection) -> Found:
            _snapshot(connection)
            self._fold(connection, cursor(connection, _RECORD))
            return self._compare(connection, mending=False)

        return self._store.run_now(work, reading=True)

    def mend(self) -> Found:
        """Make the history that of the whole ledger, in one transaction. Raises Unavailable."""

        def work(connection: sa.Connection) -> Found:
            _keep_record_out(self._store, connection)
            end = int(connection.scalar(sa.select(sa.func.max(facts.c.seq))) or 0)
            self._fold(connection, end)
            found = self._compare(connection, mending=True)
            if _erased(connection) != self._erased:  # PostgreSQL lets others write beside us
                raise _ErasedMeanwhile
            statement = self._store.upsert(cursors, "seq")
            made = cursor(connection, MADE) + 1
            places = [{"name": _RECORD, "seq": end}, {"name": MADE, "seq": made}]
            connection.execute(statement, places)
            return found

        while True:
            try:
                return self._store.run_now(work)
            except _ErasedMeanwhile:
                continue

    def _fold(self, connection: sa.Connection, until: int) -> None:
        self._begin_anew_if_erased(connection)
        while self._seq < until:
            self._fold_page(connection, until)

    def _begin_anew_if_erased(self, connection: sa.Connection) -> None:
        erased = _erased(connection)
        if erased == self._erased:
            return

        def empty(beside: sa.Connection) -> None:
            for table in (history, mentions):
                beside.execute(sa.delete(table))

        self._scratch.run_now(empty)
        self._seq, self._erased = 0, erased

    def _fold_page(self, connection: sa.Connection, until: int) -> None:
        self._begin_anew_if_erased(connection)
        query = sa.select(facts.c.seq, facts.c.body).where(
            facts.c.seq > self._seq, facts.c.seq <= until
        )
        rows = connection.execute(query.order_by(facts.c.seq).limit(_PAGE)).all()
        opened = open_facts(connection, (row.body for row in rows))
        page = [{"seq": row.seq, **fact} for row, fact in zip(rows, opened, strict=True)]

        def work(beside: sa.Connection) -> None:
            put(self._scratch, beside, fold(page, known(beside, page)), searched=False)

        self._scratch.run_now(work)
        self._seq = page[-1]["seq"] if page else until
        self._told(self._seq, until)

    def _compare(self, connection: sa.Connection, mending: bool) -> Found:
        found = Found(facts=self._seq)

        def work(beside: sa.Connection) -> None:
            above = 0
            for had, wanted in _pairs(connection, beside, history, "seq"):
                found.lines += len(wanted)
                found.wrong_lines += _differ(connection, history, had, wanted, mending)
                upto = max([*had, *wanted])
                found.wrong_words += _words(connection, wanted, (above, upto), mending)
                above = upto
            found.wrong_words += _words(connection, {}, (above, _LAST_SEQ), mending)
            for had, wanted in _pairs(connection, beside, mentions, "mention_id"):
                found.mentions += len(wanted)
                found.wrong_mentions += _differ(connection, mentions, had, wanted, mending)

        self._scratch.run_now(work, reading=True)
        return found


@contextmanager
def beside(store: Database, folder: Path, told: Progress) -> Iterator[Rebuild]:
    """A rebuild with a scratch file in this folder, which is gone afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="history-", dir=folder) as name:
        scratch = Database(f"sqlite:///{name}/history.db")
        sa.event.listen(scratch.engine, "connect", _hasty)
        try:
            yield Rebuild(store, scratch, told)
        finally:
            scratch.close()


def _hasty(connection: Any, _record: object) -> None:
    """A scratch file need not outlive a crash."""
    connection.execute("PRAGMA synchronous=OFF")


def _erased(connection: sa.Connection) -> tuple[Any, ...]:
    """Another one, once somebody is asked to be erased, or is erased, or more of them is."""
    last = sa.select(sa.func.count(), sa.func.max(erasures.c.asked_ms))
    done = connection.execute(last.add_columns(sa.func.max(erasures.c.done_ms))).one()
    query = sa.select(erasures.c.id, erasures.c.counts).where(erasures.c.done_ms == 0)
    return *done, *map(tuple, connection.execute(query.order_by(erasures.c.id)))


def _snapshot(connection: sa.Connection) -> None:
    """All that follows is of one moment; SQLite's transactions are so by themselves."""
    if connection.dialect.name == "postgresql":
        # Asking whether the connection still lives has begun a transaction; this is another one.
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def _keep_record_out(store: Database, connection: sa.Connection) -> None:
    """`record` waits until this transaction has ended; SQLite has one writer anyhow."""
    connection.execute(store.insert_new(cursors), {"name": _RECORD, "seq": 0})
    cursor(connection, _RECORD, locked=True)


def _pairs(
    connection: sa.Connection, beside: sa.Connection, table: sa.Table, key: str
) -> Iterator[tuple[dict[Any, Row], dict[Any, Row]]]:
    """What the store has and what it should have, some at a time, by the same keys."""
    after: Any = None
    while True:
        had, wanted = _rows(connection, table, key, after), _rows(beside, table, key, after)
        if not (had or wanted):
            return
        # Of two pages that end at different keys only what is before the first end is complete.
        ends = [max(rows) for rows in (had, wanted) if len(rows) == _PAGE]
        after = min(ends) if ends else max([*had, *wanted])
        yield (
            {k: row for k, row in had.items() if k <= after},
            {k: row for k, row in wanted.items() if k <= after},
        )


def _rows(connection: sa.Connection, table: sa.Table, key: str, after: Any) -> dict[Any, Row]:
    column: Any = table.c[key]
    if connection.dialect.name == "postgresql" and key != "seq":
        column = sa.collate(column, "C")  # as Python orders texts, and SQLite
    query = sa.select(table).order_by(column).limit(_PAGE)
    if after is not None:
        query = query.where(column > after)
    return {row[key]: dict(row) for row in connection.execute(query).mappings()}


def _differ(
    connection: sa.Connection,
    table: sa.Table,
    had: Mapping[Any, Row],
    wanted: Mapping[Any, Row],
    mending: bool,
) -> int:
    """How many rows are wrong, missing or too many; mended, where that is asked for."""
    wrong = [key for key in had.keys() | wanted.keys() if had.get(key) != wanted.get(key)]
    if not (mending and wrong):
        return len(wrong)
    [primary] = table.primary_key.columns
    gone = [row[primary.name] for key in wrong for row in (had.get(key), wanted.get(key)) if row]
    connection.execute(sa.delete(table).where(primary.in_(sorted(set(gone)))))
    if rows := [dict(wanted[key]) for key in wrong if key in wanted]:
        connection.execute(sa.insert(table), rows)
    return len(wrong)


def _words(
    connection: sa.Connection, wanted: Mapping[Any, Row], span: tuple[int, int], mending: bool
) -> int:
    """How many texts of this span are not found by their words, or are found and not there."""
    texts = [(int(seq), str(row["text"])) for seq, row in wanted.items()]
    wrong = set(full_text.wrong(connection, texts)) if texts else set()
    wrong |= full_text.kept(connection, *span) - wanted.keys()
    if mending and wrong:
        full_text.drop(connection, sorted(wrong))
        full_text.put(connection, [each for each in texts if each[0] in wrong])
    return len(wrong)
