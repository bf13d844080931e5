"""Imports: bad rows told by line and reason, nothing overwritten; cut off, they go on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.adapters.store.database import Database
from app.adapters.store.imports import Imports
from app.adapters.store.known_profiles import KnownProfiles
from app.adapters.store.statements import Statements
from app.adapters.table_files import opened
from app.core.errors import Invalid
from app.core.import_mapping import guess
from app.core.imported import CANCELLED, DONE, RUNNING, Form, Import
from app.processes.importing import Importer

NOW_MS = 1_795_000_000_000
AT_MS = 1_794_000_000_000
CHANNELS = ("x", "email", "phone", "mastodon")
HEAD = "customer_id,name,email,x,tier,open cases\n"

Run = Callable[..., Import]


@pytest.fixture
def importer(database: Database) -> Importer:
    imports, store = Imports(database), Statements(database)
    return Importer(database=database, store=store, imports=imports, now_ms=lambda: NOW_MS)


@pytest.fixture
def run(importer: Importer, tmp_path: Path) -> Run:
    """Import this content, with the mapping that its headers suggest."""

    def work(content: str | bytes, id_: str = "run1", dry: bool = False, **given: Any) -> Import:
        on_progress = given.pop("on_progress", lambda _run: None)
        path = tmp_path / f"{id_}.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        mapping = given.pop("mapping", None) or guess(opened(path).headers, CHANNELS)
        form = Form(source="crm", at_ms=AT_MS, mapping=mapping, **given)
        one = Import(
            id=id_, file="people.csv", path=str(path), form=form, made_by="sue", made_ms=NOW_MS,
            bytes=path.stat().st_size, state=RUNNING, dry=dry,
        )  # fmt: skip
        importer.database.run_now(lambda c: importer.imports.add_now(c, one))
        return importer.run(one, on_progress)

    return work


async def reasons(database: Database, id_: str = "run1") -> list[tuple[int, str, str]]:
    rejects = await Imports(database).rejects(id_)
    return [(one.line, one.code, one.reason) for one in rejects]


def counts(run: Import) -> dict[str, int]:
    return {name: count for name, count in run.counts.items() if count}


async def test_a_file_becomes_profiles_under_every_handle(run: Run, database: Database) -> None:
    """A2.1, A2.7"""
    done = run(HEAD + 'C1,"Łucja 山田",kim@a.test,@Kim,Gold,2\nC2,Lee,,lee,,\n')
    assert (done.state, counts(done)) == (DONE, {"new": 2})
    kim, same, lee = (
        await KnownProfiles(database).of(["x:kim", "email:kim@a.test", "x:lee"])
    ).profiles
    assert (kim.name, kim.tier, kim.open_cases) == ("Łucja 山田", "gold", 2)
    assert (same, lee.name, lee.tier) == (kim, "Lee", "")


async def test_the_columns_are_kept_in_the_order_of_the_file(run: Run, database: Database) -> None:
    """So it can be told later whose a refused row is; columns that nobody reads count, too."""
    run(
        "customer_id,note,tier\nC1,hm,gold\n",
        mapping={"tier": "tier", "customer_id": "customer_id"},
    )
    kept = (await Imports(database).get("run1")).form.mapping
    assert list(kept.items()) == [("customer_id", "customer_id"), ("note", ""), ("tier", "tier")]


async def test_the_same_file_twice_changes_nothing(run: Run, database: Database) -> None:
    content = HEAD + "C1,Kim,kim@a.test,kim,gold,2\n"
    run(content)
    again = run(content, "run2")
    assert counts(again) == {"same": 1}
    assert len(await Statements(database).of_customer("C1")) == 1


async def test_a_dry_run_tells_what_would_come_of_it_and_changes_nothing(
    run: Run, database: Database
) -> None:
    done = run(HEAD + "C1,Kim,,kim,gold,2\n,Nobody,,,,\n", dry=True)
    assert counts(done) == {"new": 1, "rejected": 1, "rejected.no_key": 1}
    assert not (await KnownProfiles(database).known(["x:kim"]))


async def test_each_bad_row_is_told_with_its_line_and_reason_and_the_others_are_taken(
    run: Run, database: Database
) -> None:
    """Wrong types, no key, too many cells, a wrong encoding, a formula: each has a sentence."""
    rows = [
        b"C1,Kim,,kim,gold,many",
        b",Nobody,,,,",
        b"C2,Lee,,lee,gold,1,7",
        b"C3,\xff\xfe,,,,",
        b"C4,=cmd|' /C calc'!A0,,ann,,",
        b"C5,,,,,",
        b"C6,Bob,,@,,",
        "C7,Jürgen,,,,".encode(),  # so it is UTF-8, and not an older encoding
    ]
    done = run(HEAD.encode() + b"\n".join(rows) + b"\n")
    assert await reasons(database) == [
        (2, "wrong_field", "open_cases: Expected a whole number from 0, got many"),
        (3, "no_key", "customer_id: Expected a customer id or a handle, got neither"),
        (4, "wrong_cells", "expected 6 cells, got 7"),
        (5, "wrong_encoding", "expected text in utf-8"),
        (7, "says_nothing", "Expected at least one field beside the customer id, got none"),
        (8, "wrong_field", "handle.x: Expected a handle that is not blank, got @"),
    ]
    assert done.counts["new"] == 2
    [ann] = (await KnownProfiles(database).of(["x:ann"])).profiles
    assert ann.name == "=cmd|' /C calc'!A0", "a text like any other; only a download needs care"
    [raw] = [one.raw for one in await Imports(database).rejects("run1") if one.line == 2]
    assert raw == "C1,Kim,,kim,gold,many"


async def test_a_row_that_says_otherwise_at_the_same_time_is_refused(
    run: Run, database: Database
) -> None:
    """Colliding keys: nothing is overwritten."""
    done = run(HEAD + "C1,Kim,,kim,gold,\nC1,Kim,,kim,silver,\nC1,Kim,,kim,gold,\n")
    assert counts(done) == {"new": 1, "same": 1, "rejected": 1, "rejected.says_otherwise": 1}
    [kim] = (await KnownProfiles(database).of(["x:kim"])).profiles
    assert kim.tier == "gold"
    assert await reasons(database) == [
        (3, "says_otherwise", "crm says otherwise of C1 at the same time")
    ]


async def test_a_row_whose_handles_belong_to_two_customers_is_refused(
    run: Run, database: Database
) -> None:
    """A2.3"""
    run(HEAD + "C1,Kim,,kim,,\nC2,Lee,lee@a.test,,,\n")
    done = run("email,x,tier\nlee@a.test,kim,gold\n", "run2")
    assert await reasons(database, "run2") == [
        (2, "ambiguous", "its handles belong to C1 and C2: name the customer")
    ]
    assert counts(done) == {"rejected": 1, "rejected.ambiguous": 1}


async def test_customers_of_one_name_stay_apart(run: Run, database: Database) -> None:
    """A name is no key, however many have it."""
    done = run(HEAD + "".join(f"C{n},Kim Lee,,kim{n},,\n" for n in range(3_000)))
    assert counts(done) == {"new": 3_000}
    found = await KnownProfiles(database).known([f"x:kim{n}" for n in range(3_000)])
    assert len({one.customer_id for one in found.values()}) == 3_000


async def test_a_field_of_ten_megabytes_is_one_bad_row(run: Run, database: Database) -> None:
    done = run(HEAD + f'C1,"{"z" * 10_000_000}",,kim,,\nC2,Lee,,lee,,\n')
    assert counts(done) == {"new": 1, "rejected": 1, "rejected.too_long": 1}
    assert [line for line, _, _ in await reasons(database)] == [2]


async def test_what_no_store_can_hold_is_one_bad_row(run: Run, database: Database) -> None:
    """PostgreSQL refuses a text with a zero in it: the reason shows the cell without."""
    done = run((HEAD + "C1,Kim,,kim,go\0ld,\nC2,Lee,,lee,,\n").encode("utf-16"))
    assert counts(done) == {"new": 1, "rejected": 1, "rejected.wrong_field": 1}
    [(line, _, reason)] = await reasons(database)
    assert (line, reason.endswith("got go ld")) == (2, True)


def test_rows_of_long_cells_come_in_smaller_batches(run: Run) -> None:
    """Memory is bounded by text, not only by rows."""
    steps: list[int] = []
    rows = "".join(f"C{n},Kim,{'z' * 60_000}\n" for n in range(300))
    run("id,name,notes\n" + rows, mapping={"id": "customer_id", "name": "name", "notes": ""},
        on_progress=lambda moved: steps.append(moved.rows_done))  # fmt: skip
    assert steps == [134, 268, 300]


def test_of_every_row_only_the_beginning_is_kept_as_it_came(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text(f"id,notes\nC1,{'z' * 60_000}\n")
    [row] = opened(path)
    assert (row.code, len(row.raw)) == ("", 2_000)


def test_a_row_without_end_is_cut_off_and_the_next_ones_are_taken(run: Run) -> None:
    """In quotes a row may go on over any number of lines; memory may not."""
    endless = 'C1,"\n' + f'{"z" * 60_000}","\n' * 300 + '"\n'
    done = run("customer_id,name\n" + endless + "C2,Lee\n")
    assert counts(done) == {
        "new": 1, "rejected": 2, "rejected.not_csv": 1, "rejected.wrong_cells": 1,
    }  # fmt: skip


def test_semicolons_a_mark_at_the_beginning_and_breaks_in_cells_are_read(run: Run) -> None:
    done = run('\ufeffcustomer_id;name;x\nC1;"Kim\nLee";kim\n'.encode())
    assert counts(done) == {"new": 1}
    assert counts(run("customer_id\tname\r\nC3\tKim\r\n", "run2")) == {"new": 1}
    assert counts(run("customer_id,name\nC4,Kim\n".encode("utf-16"), "run3")) == {"new": 1}
    assert counts(run("customer_id,name\nC5,Jürgen\n".encode("cp1252"), "run4")) == {"new": 1}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "file: Expected rows, got an empty file"),
        (b"\n\n", "file: Expected rows, got an empty file"),
        (b"a\x00b\x01", "file: Expected a text file (CSV), got bytes of another kind"),
        (b"id,name,name\n1,a,b\n", "the name 'name' stands over columns 2 and 3"),
        (b"name,tier\nKim,gold\n", "no column says whose row it is: expected customer_id"),
        (b"PAR1 and no more", "file: Expected"),
        (
            b'"' + b"z" * 200_000 + b'",x\n',
            "file: Expected a first row with the names of the columns",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_told_before_any_row(
    run: Run, content: bytes, told: str
) -> None:
    with pytest.raises(Invalid) as error:
        run(content)
    assert told in str(error.value)


def test_a_mapping_that_does_not_fit_is_told_all_at_once(run: Run) -> None:
    with pytest.raises(Invalid) as error:
        run("id,a,b\n1,2,3\n", mapping={"id": "customer_id", "a": "tier", "b": "tier", "c": "x"})
    assert "tier is given by two columns: a and b" in str(error.value)
    assert "no column is called 'c'" in str(error.value)


async def test_cut_off_half_way_it_goes_on_and_counts_no_row_twice(
    run: Run, importer: Importer, database: Database
) -> None:
    """kill -9 between two batches: the position moves with what was written."""

    class Killed(Exception):
        pass

    def kill(_run: Import) -> None:
        raise Killed

    content = HEAD + "".join(f"C{n},Kim,,kim{n},,\n" for n in range(2_500)) + "C1,Kim\n"
    with pytest.raises(Killed):
        run(content, on_progress=kill)
    [half] = await importer.imports.running()
    assert (half.rows_done, half.counts["new"]) == (1_000, 1_000)
    again = importer.run(half)
    assert (again.rows_done, again.counts["new"], again.counts["rejected"]) == (2_501, 2_500, 1)
    assert len(await reasons(database)) == 1


async def test_cancelled_by_somebody_it_ends_with_the_batch(
    importer: Importer, tmp_path: Path, database: Database
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEAD + "".join(f"C{n},Kim,,kim{n},,\n" for n in range(2_500)))
    form = Form(source="crm", at_ms=1, mapping=guess(opened(path).headers, CHANNELS))
    one = Import(
        id="a", file="a.csv", path=str(path), form=form, made_by="sue", made_ms=1, bytes=9,
        state=RUNNING,
    )  # fmt: skip
    await importer.imports.add(one)

    def cancel(_run: Import) -> None:
        database.run_now(lambda c: importer.imports.end_now(c, "a", CANCELLED, NOW_MS))

    ended = importer.run(one, cancel)
    assert (ended.state, ended.rows_done) == (CANCELLED, 2_000)
    assert (await importer.imports.get("a")).state == CANCELLED


def test_headers_of_other_systems_are_recognised() -> None:
    headers = ["Kunden-Nr", "Full Name", "E-Mail Address", "Twitter", "followers x", "Colour"]
    assert list(guess(headers, CHANNELS).values()) == [
        "customer_id", "name", "handle.email", "handle.x", "followers.x", "",
    ]  # fmt: skip
