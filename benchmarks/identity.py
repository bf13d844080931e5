"""Who is who among a million people: the time of a match, and how often it is right.

The people are made up and lie in a store of their own (SQLite), in the tables of the product. The
labelled sets are measured beside them where they are.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

import msgspec
import sqlalchemy as sa

from app.adapters import identity_weights
from app.adapters.labelled_csv import read
from app.adapters.normal_forms import key_of, particulars, similar
from app.adapters.store.database import Database
from app.adapters.store.identity_nodes import around, hashes
from app.adapters.store.migrate import migrate
from app.core.labelled import Record, evaluate
from app.core.matching import JOIN, REVIEW
from app.core.particulars import MAIL, PHONE
from app.core.quantiles import quantile
from app.core.resolving import resolve
from app.settings import IDENTITY, ROOT
from benchmarks.figures import Row, load_now
from models.identity.fit import halves
from models.identity.made import again, person

PEOPLE = int(os.environ.get("HANDSHAKE_BENCH_PEOPLE", "1000000"))
_PROBES = 2_000  # half of them are known, with one to three mistakes; half are strangers
_SEED = 20_261_128
_CHUNK = 50_000  # people of one transaction: what bounds the memory
_INTO_NODES = (
    "INSERT INTO identity_nodes (number, node, body, source, too_common, seen_ms)"
    " VALUES (?, ?, ?, 'made', '', 0)"
)
_INTO_KEYS = "INSERT INTO identity_keys (key, number) VALUES (?, ?)"
SETS = ROOT.parent / "shared" / "data" / "identity"


@dataclass(slots=True)
class Seen:
    """What became of all probes."""

    computing_ms: list[float] = field(default_factory=list)
    with_store_ms: list[float] = field(default_factory=list)
    compared: list[int] = field(default_factory=list)
    joined: int = 0
    joined_right: int = 0
    found: int = 0  # of those who are known: joined rightly, or before a person
    asked: int = 0  # pairs that a person sees


def measure() -> list[Row]:
    """The labelled sets, then the people."""
    return [*_labelled(), _million()]


def _labelled() -> Iterator[Row]:
    if not SETS.exists():
        print(f"  identity: the labelled sets are not in {SETS}: only made-up people")
        return
    _, held_out = halves(SETS)
    four = [SETS / "dataset4a.csv", SETS / "dataset4b.csv"]
    yield _set("FEBRL 1, never fitted on", read([SETS / "dataset1.csv"]))
    yield _set("FEBRL 4, never fitted on", read(four))
    yield _set("FEBRL 4, with an attested id", read(four, with_ids=True))
    yield _set("FEBRL 2, held-out half", held_out[0])
    yield _set("FEBRL 3, held-out half", held_out[1])


def _set(name: str, records: Sequence[Record]) -> Row:
    before = load_now()
    report = evaluate(records, identity_weights.load(IDENTITY), similar)
    return Row(
        name=name,
        figures={
            "precision": report.bands[JOIN].precision,
            "recall with review": report.recall,
            "joined": report.join_recall,
        },
        unit="share",
        load=(before, load_now()),
        note=f"{report.records} records, {report.pairs} pairs of one person",
        details=report.as_dict(),
    )


def _million() -> Row:
    before = load_now()
    with tempfile.TemporaryDirectory(prefix="handshake-identity-") as folder:
        url = f"sqlite:///{Path(folder) / 'people.db'}"
        migrate(url)
        database = Database(url)
        database.run_now(lambda c: c.exec_driver_sql("PRAGMA cache_size=-262144"))
        began = time.monotonic()
        for first in range(1, PEOPLE + 1, _CHUNK):
            numbers = range(first, min(first + _CHUNK, PEOPLE + 1))
            database.run_now(partial(_fill, numbers=numbers))
        filled_s = time.monotonic() - began
        seen = database.run_now(_probe, reading=True)
        database.close()
    times = seen.computing_ms
    return Row(
        name=f"match among {PEOPLE:,} people",
        figures={
            "p50": quantile(times, 0.5),
            "p99": quantile(times, 0.99),
            "with the store p99": quantile(seen.with_store_ms, 0.99),
            "precision": seen.joined_right / seen.joined if seen.joined else 1.0,
            "found": seen.found / (_PROBES // 2),
        },
        unit="ms; share",
        load=(before, load_now()),
        note=(
            f"{_PROBES} probes, {quantile(seen.compared, 0.5):.0f} compared (p50), at most"
            f" {max(seen.compared)}; {seen.asked} pairs asked about; filled in {filled_s:.0f} s"
        ),
        details={"computing_ms": times, "with_store_ms": seen.with_store_ms},
    )


def _fill(connection: sa.Connection, numbers: range) -> None:
    """Rows as `Nodes.enter` writes them, in bulk; keys in their order, which the disk likes."""
    rows, keys = [], []
    for number in numbers:
        known = particulars(person(number, _SEED, PEOPLE))
        rows.append((number, f"customer:P{number}", msgspec.json.encode(known)))
        keys += [(key, number) for key in hashes(known)]
    connection.exec_driver_sql(_INTO_NODES, rows)
    keys.sort()
    connection.exec_driver_sql(_INTO_KEYS, keys)


def _phone(probe: int) -> str:
    return f"+44 7700 {900_000 + probe % 1_000}"


def _probe(connection: sa.Connection) -> Seen:
    rng, seen = Random(_SEED), Seen()
    weights = identity_weights.load(IDENTITY)
    for probe in range(_PROBES):
        known = probe % 2 == 0
        number = rng.randint(1, PEOPLE) if known else PEOPLE + 1 + probe
        given = person(number, _SEED, PEOPLE)
        if known:
            given = again(given, rng, rng.randint(1, 3))
        started, began = time.monotonic(), time.thread_time()
        contacts = [key_of(MAIL, f"bench.{probe}@gmail.com"), key_of(PHONE, _phone(probe))]
        mine = particulars(given, claimed=contacts)
        hashes(mine)
        first = time.thread_time() - began
        near = around(connection, "", mine)
        began = time.thread_time()
        result = resolve(mine, near.candidates, weights, similar, near.population)
        seen.computing_ms.append(1000 * (first + time.thread_time() - began))
        seen.with_store_ms.append(1000 * (time.monotonic() - started))
        seen.compared.append(len(near.candidates))
        node = f"customer:P{number}"
        asked = [other for other, verdict in result.review if verdict.band in (JOIN, REVIEW)]
        seen.asked += len(asked)
        seen.joined += result.join is not None
        right = result.join is not None and result.join[0] == node
        seen.joined_right += right
        seen.found += known and (right or node in asked)
    return seen
