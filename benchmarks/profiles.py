"""Importing customers: a generated CSV into a fresh store, with the memory that it takes."""

from __future__ import annotations

import csv
import multiprocessing
import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

from app.adapters.store.database import Database
from app.adapters.store.imports import Imports
from app.adapters.store.migrate import migrate
from app.adapters.store.statements import Statements
from app.adapters.table_files import opened
from app.core.import_mapping import guess
from app.core.imported import RUNNING, Form, Import
from app.processes.importing import Importer
from benchmarks.figures import Row, load_now

ROWS = 1_000_000
_SEED = 20_261_128
_NOW_MS = 1_795_000_000_000
_HEAD = ("customer_id", "name", "email", "phone", "x", "followers.x", "tier", "value", "lang",
         "open_cases", "products", "household")  # fmt: skip
_TIERS = ("standard", "silver", "gold", "platinum")
_LANGS = ("en", "de", "es", "fr", "it")


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run took; `peak_mb` is the whole process, Python and libraries included."""

    seconds: float
    cpu_s: float
    peak_mb: float
    same_seconds: float


def measure(rows: int = ROWS, url: str = "") -> Row:
    """All rows of a generated file into a fresh store, then the same file once more."""
    with tempfile.TemporaryDirectory(prefix="handshake-bench-profiles-") as folder:
        path, file = Path(folder) / "people.csv", Path(folder) / "store.db"
        write(path, rows)
        store = url or f"sqlite:///{file}"
        migrate(store)
        before = load_now()
        # A process of its own: its peak is of the import alone.
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            took = pool.apply(imported, (str(path), store))
        size = file.stat().st_size if file.exists() else 0
        source = path.stat().st_size
    return Row(
        name=f"import of {rows:,} customers, {'PostgreSQL' if url else 'SQLite'}",
        figures={
            "rows/s": rows / took.seconds,
            "a CPU-second": rows / took.cpu_s,
            "seconds": took.seconds,
            "again rows/s": rows / took.same_seconds,
            "peak MB": took.peak_mb,
        },
        unit="",
        load=(before, load_now()),
        note=f"{source / 1e6:,.0f} MB of CSV, {size / 1e6:,.0f} MB of store",
    )


def write(path: Path, rows: int) -> None:
    """A CSV of fictional customers, three handles each; the same at every run."""
    rng = Random(_SEED)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(_HEAD)
        for number in range(rows):
            out.writerow(
                (
                    f"C{number:07d}", f"Kim Lee {number % 1000}", f"kim.{number}@mail.example",
                    f"+447700{number:07d}", f"@kim_{number}", int(35 * rng.paretovariate(0.8)),
                    rng.choice(_TIERS), round(rng.uniform(50, 9000), 2), rng.choice(_LANGS),
                    rng.randint(0, 3), "Fiber;Max", f"H{number // 3}",
                )
            )  # fmt: skip


def imported(path: str, url: str) -> Measured:
    """In a process of its own."""
    database = Database(url)
    imports = Imports(database)
    importer = Importer(
        database=database, store=Statements(database), imports=imports, now_ms=lambda: _NOW_MS
    )
    used = time.process_time()
    seconds = _once(importer, Path(path), "first")
    used = time.process_time() - used
    again = _once(importer, Path(path), "again")
    database.close()
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Measured(seconds=seconds, cpu_s=used, peak_mb=peak_kb / 1024, same_seconds=again)


def _once(importer: Importer, path: Path, name: str) -> float:
    mapping = guess(opened(path).headers, ("x", "email", "phone"))
    form = Form(source="crm", at_ms=_NOW_MS - 1, mapping=mapping)
    run = Import(
        id=name, file=path.name, path=str(path), form=form, made_by="bench", made_ms=_NOW_MS,
        bytes=path.stat().st_size, state=RUNNING,
    )  # fmt: skip
    importer.database.run_now(lambda c: importer.imports.add_now(c, run))
    began = time.monotonic()
    done = importer.run(run)
    if done.counts["rejected"]:
        raise RuntimeError(f"rows were refused: {done.counts}")
    return time.monotonic() - began
