"""importing: a file into the store, batch by batch; cut off, it goes on from where it was."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from app.adapters.csv_rows import Cells
from app.adapters.store.database import Database
from app.adapters.store.imports import Imports
from app.adapters.store.statements import Statements
from app.adapters.table_files import opened
from app.core.errors import Invalid, Unavailable
from app.core.import_mapping import problems_of
from app.core.imported import DONE, RUNNING, Import
from app.core.profile_fields import Row, statement_of
from app.core.taking import COUNTED, REJECTED, Rejected

_BATCH: Final = 1_000  # rows in one transaction: few enough that others wait no longer than a blink
_BATCH_CHARS: Final = 8_000_000  # and no more of their text in memory, but for the last row
_REST_SHARE: Final = 0.5  # of the time of a transaction: others write to the same file
_RETRIES, _RETRY_S = 120, 1.0  # so long a store that is away is waited for

OnProgress = Callable[[Import], None]


def _silent(_run: Import) -> None:
    return None


@dataclass(slots=True)
class _Batch:
    """A few rows, checked; `raws` are all of them as they came, by line."""

    raws: dict[int, str]
    rows: list[Row] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    def reject(self, one: Cells, code: str, reason: str) -> None:
        self.rejected.append(Rejected(line=one.line, code=code, reason=reason, raw=one.raw))


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """What a run works with; `now_ms` is the clock."""

    database: Database
    store: Statements
    imports: Imports
    now_ms: Callable[[], int]

    def run(self, run: Import, on_progress: OnProgress = _silent) -> Import:
        """Read the file to its end, or until somebody cancels. Raises Invalid or Unavailable."""
        file = opened(Path(run.path), run.form.encoding, run.form.delimiter)
        if problems := problems_of(run.form.mapping, file.headers):
            raise Invalid("wrong_mapping", "a mapping that fits", "; ".join(problems), "mapping")
        # By column, in their order: so it can be told from the store what a refused row says.
        mapping = {header: run.form.mapping.get(header, "") for header in file.headers}
        run = replace(run, form=replace(run.form, mapping=mapping))
        cells = iter(file)
        for _ in islice(cells, run.rows_done):
            pass  # taken before this run was cut off
        state = RUNNING
        while state == RUNNING and (batch := _next(cells)):
            done = run.rows_done + len(batch)
            checked = _checked(run, file.headers, batch, self.now_ms())
            run = replace(run, rows_done=done, bytes_done=file.bytes_done)
            run, state = self._patiently(run, checked)
            on_progress(run)
        if state == RUNNING:
            self.database.run_now(lambda c: self.imports.end_now(c, run.id, DONE, self.now_ms()))
            state = DONE
        return replace(run, state=state)

    def _patiently(self, run: Import, batch: _Batch) -> tuple[Import, str]:
        for left in reversed(range(_RETRIES)):
            try:
                return self._step(run, batch)
            except Unavailable:
                if not left:
                    raise
                time.sleep(_RETRY_S)
        raise AssertionError  # the last try has raised

    def _step(self, run: Import, batch: _Batch) -> tuple[Import, str]:
        """One batch, in one transaction with how far we are: judged before anybody must wait."""
        judged = self.database.run_now(lambda c: self.store.judge(c, batch.rows), True)

        def work(connection: sa.Connection) -> tuple[Import, str]:
            taken = judged.taken
            if not run.dry and batch.rows:
                taken = self.store.keep(connection, batch.rows, judged, run.id)
            refused = [*batch.rejected]
            refused += [replace(one, raw=batch.raws[one.line]) for one in taken.rejected]
            moved = replace(run, counts=_added(run.counts, taken.counts, refused))
            return moved, self.imports.advance_now(connection, moved, refused)

        began = time.monotonic()
        try:
            return self.database.run_now(work)
        finally:
            time.sleep((time.monotonic() - began) * _REST_SHARE)


def _next(cells: Iterator[Cells]) -> list[Cells]:
    """The rows of one transaction; none at the end."""
    found: list[Cells] = []
    chars = 0
    while len(found) < _BATCH and chars < _BATCH_CHARS and (one := next(cells, None)):
        found.append(one)
        chars += sum(len(cell) for cell in one.cells if isinstance(cell, str))
    return found


def _checked(run: Import, headers: list[str], batch: list[Cells], now_ms: int) -> _Batch:
    columns = [
        (place, name)
        for place, header in enumerate(headers)
        if (name := run.form.mapping.get(header, ""))
    ]
    found = _Batch(raws={one.line: one.raw for one in batch})
    for one in batch:
        if one.code:
            found.reject(one, one.code, one.problem)
            continue
        given = ((name, one.cells[place]) for place, name in columns)
        try:
            said = statement_of(given, run.form.source, run.form.at_ms, now_ms)
        except Invalid as error:
            found.reject(one, error.code, str(error))
        else:
            found.rows.append(Row(line=one.line, statement=said))
    return found


def _added(
    counts: Mapping[str, int], taken: Mapping[str, int], refused: Sequence[Rejected]
) -> dict[str, int]:
    """The sums; `rejected` also by its reasons' codes."""
    found = Counter(counts)
    for name in COUNTED:
        found[name] = counts.get(name, 0) + (len(refused) if name == REJECTED else taken[name])
    for one in refused:
        found[f"{REJECTED}.{one.code}"] += 1
    return dict(found)
