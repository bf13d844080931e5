"""import: a file from the command line, with the mapping shown first and a progress bar."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from app.adapters.store.database import Database
from app.adapters.store.imports import Imports
from app.adapters.table_files import opened, peek
from app.core import csv_text
from app.core.catalogue import Catalogue
from app.core.errors import Invalid
from app.core.import_mapping import guess, problems_of
from app.core.imported import CANCELLED, FAILED, RUNNING, Form, Import
from app.core.profile_fields import AT, CUSTOMER, is_name, statement_of
from app.core.taking import COUNTED, REJECTED
from app.processes.importing import Importer
from app.settings import Settings
from app.wiring.base import configuration, system_ms, user
from app.wiring.profiles import statements

_SHOWN = 10
_EXAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the flags say."""

    file: Path
    source: str
    maps: tuple[str, ...] = ()
    mapping: str = ""
    keep: str = ""
    at: str = ""
    encoding: str = ""
    delimiter: str = ""
    dry: bool = False
    preview: bool = False
    rejects: Path | None = None


def run(settings: Settings, asked: Asked) -> int:
    """Import; returns how many rows were refused. Raises Invalid or Unavailable."""
    catalogue = configuration(settings).catalogue
    database = Database(settings.store_url)
    try:
        imports = Imports(database)
        form = _form(asked, imports, catalogue)
        console = Console()
        _show_mapping(console, asked.file, form)
        if asked.preview:
            return 0
        if asked.keep:
            asyncio.run(imports.keep_mapping(asked.keep, form.mapping, _me(), system_ms()))
        importer = Importer(
            database=database,
            store=statements(database, settings, catalogue),
            imports=imports,
            now_ms=system_ms,
        )
        done = _imported(importer, asked, form)
        return _show(console, imports, done, asked.rejects)
    finally:
        database.close()


def _form(asked: Asked, imports: Imports, catalogue: Catalogue) -> Form:
    """Raises Invalid with a sentence."""
    if not is_name(asked.source):
        raise Invalid("wrong_field", "a name such as crm", asked.source, "--source")
    file = opened(asked.file, asked.encoding, asked.delimiter)
    mapping = guess(file.headers, list(catalogue.channels))
    if asked.mapping:
        kept = asyncio.run(imports.mappings())
        if asked.mapping not in kept:
            expected = f"one of {', '.join(kept) or '(none is kept)'}"
            raise Invalid("wrong_field", expected, asked.mapping, "--mapping")
        mapping = kept[asked.mapping]
    for pair in asked.maps:
        header, sign, field = pair.rpartition("=")
        if not sign:
            raise Invalid("wrong_field", "COLUMN=FIELD", pair, "--map")
        mapping = {**mapping, header: field}
    if problems := problems_of(mapping, file.headers):
        raise Invalid("wrong_mapping", "a mapping that fits", "; ".join(problems), "--map")
    return Form(
        source=asked.source,
        at_ms=_at_ms(asked),
        mapping=mapping,
        encoding=file.encoding,
        delimiter=file.delimiter,
    )


def _at_ms(asked: Asked) -> int:
    now_ms = system_ms()
    if not asked.at:
        return min(now_ms, asked.file.stat().st_mtime_ns // 1_000_000)
    given = [(CUSTOMER, "-"), ("name", "-"), (AT, asked.at)]
    return statement_of(given, asked.source, 0, now_ms).at_ms


def _show_mapping(console: Console, path: Path, form: Form) -> None:
    rows = peek(path, form.encoding, form.delimiter, _EXAMPLES)
    told = f"{form.encoding}, parted by {form.delimiter!r}" if form.encoding else "Parquet"
    table = Table(title=f"{path.name} ({told})", title_justify="left")
    for name in ("column", "becomes", "for example"):
        table.add_column(name)
    for place, (header, field) in enumerate(form.mapping.items()):
        values = [str(row.cells[place])[:30] for row in rows if place < len(row.cells)]
        table.add_row(header, field or "(ignored)", ", ".join(values))
    console.print(table)


def _imported(importer: Importer, asked: Asked, form: Form) -> Import:
    path = asked.file.resolve()
    one = Import(
        id=uuid.uuid4().hex,
        file=path.name[:200],
        path=str(path),
        form=form,
        made_by=_me(),
        made_ms=system_ms(),
        bytes=path.stat().st_size,
        state=RUNNING,
        dry=asked.dry,
    )
    # The file is the user's own: the store does not know it, so no page can begin it again.
    importer.database.run_now(lambda c: importer.imports.add_now(c, replace(one, path="")))
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    state, problem = CANCELLED, ""
    try:
        with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
            task = bar.add_task("dry run" if asked.dry else "import", total=max(1, one.bytes))

            def on_progress(moved: Import) -> None:
                told = f"{moved.rows_done:,} rows, {moved.counts.get(REJECTED, 0):,} refused"
                bar.update(task, completed=moved.bytes_done, description=told)

            done = importer.run(one, on_progress)
            bar.update(task, completed=max(1, one.bytes))
            return done
    except Exception as error:
        state, problem = FAILED, str(error)
        raise
    finally:
        importer.database.run_now(
            lambda c: importer.imports.end_now(c, one.id, state, system_ms(), problem)
        )


def _show(console: Console, imports: Imports, done: Import, rejects: Path | None) -> int:
    table = Table(title=_title(done), show_header=False, title_justify="left")
    for name in COUNTED:
        table.add_row(name, f"{done.counts.get(name, 0):,}")
    console.print(table)
    for one in asyncio.run(imports.rejects(done.id))[:_SHOWN]:
        console.print(f"  line {one.line}: {one.reason}", markup=False)
    refused = done.counts.get(REJECTED, 0)
    if refused > _SHOWN:
        console.print(f"  ... and {refused - _SHOWN:,} more")
    if rejects is not None and refused:
        asyncio.run(_write(imports, done.id, rejects))
        console.print(f"  all of them are in {rejects}", markup=False)
    return refused


def _title(done: Import) -> str:
    return "What would come of the rows" if done.dry else "What came of the rows"


async def _write(imports: Imports, run: str, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(csv_text.line(csv_text.REJECT_COLUMNS))
        last = -1
        while page := await imports.rejects(run, last):
            file.writelines(csv_text.line((r.line, r.code, r.reason, r.raw)) for r in page)
            last = page[-1].line


def _me() -> str:
    return f"cli:{name}"[:80] if (name := user()) else "cli"
