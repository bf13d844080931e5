"""`python -m app history`: a timeline on the terminal, and the history made anew."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from app.adapters.store import tables
from app.adapters.store.database import Database
from app.adapters.store.ledger import Ledger
from app.adapters.store.record import Record
from app.cli import cli
from app.core.errors import Unavailable
from app.core.history import Matter
from app.processes.record import Fold
from tests.history_facts import any_facts
from tests.history_house import folded, line


def run(*args: Any) -> Any:
    return CliRunner().invoke(cli, ["history", *map(str, args)])


@pytest.fixture
def data_dir(database: Database, tmp_path: Path) -> Path:
    """A store whose ledger is longer than what `record` has come to."""

    async def fill() -> None:
        ledger = Ledger(database)
        await ledger.append(any_facts(3, 60))
        await Fold(ledger, Record(database)).advance()
        await ledger.append(any_facts(3))

    asyncio.run(fill())
    return tmp_path


def lines_of(database: Database) -> int:
    count = sa.select(sa.func.count()).select_from(tables.history)
    return int(database.run_now(lambda connection: connection.scalar(count), reading=True) or 0)


def test_a_person_is_shown_by_any_spelling_of_the_handle_and_steers_no_terminal(
    database: Database, tmp_path: Path
) -> None:
    """A7.1: everything said and done, the newest last."""
    said = (line(1, text="\x1b[31mfirst\n"), line(2, at_ms=line(1).at_ms + 1, text="second"))
    asyncio.run(Record(database).write("record", 2, folded(*said)))
    found = run("x:@KIM", "--data-dir", tmp_path)
    assert found.exit_code == 0, found.output
    head, first, second = found.stdout.splitlines()
    assert "x:kim" in head
    assert first.endswith(" [31mfirst ")
    assert second.endswith("second")
    asked = run("show", "x:kim", "--words", "sec", "--json", "--data-dir", tmp_path)
    assert asked.exit_code == 0, (asked.output, asked.exception)
    assert [each["text"] for each in json.loads(asked.stdout)] == ["second"]


def test_the_answers_of_others_are_not_shown_as_their_own(
    database: Database, tmp_path: Path
) -> None:
    """A7.1: a person's own timeline; a thread is read on the page of the history."""
    place = {"channel": "x", "thread": "x:t", "status": "received"}
    made = (
        Matter(mention_id="q", handle_key="x:kim", position="opening", **place),
        line(1, mention_id="q", text="Where is my bag?"),
        Matter(mention_id="a", handle_key="x:ann", position="answer", **place),
        line(2, mention_id="a", handle_key="x:ann", by="@ann", text="Ask at desk 4"),
    )
    asyncio.run(Record(database).write("record", 2, folded(*made)))
    found = run("show", "x:kim", "--json", "--data-dir", tmp_path)
    assert [each["text"] for each in json.loads(found.stdout)] == ["Where is my bag?"]


def test_a_comparison_says_that_all_is_well_and_writes_nothing(
    database: Database, data_dir: Path
) -> None:
    before = lines_of(database)
    found = run("rebuild", "--check", "--data-dir", data_dir)
    assert (found.exit_code, lines_of(database)) == (0, before)
    assert "60 facts make" in found.stdout
    assert "the history is what the ledger says" in found.stdout


def test_a_rebuild_also_folds_what_record_has_not_come_to(
    database: Database, data_dir: Path
) -> None:
    before = lines_of(database)
    assert run("rebuild", "--data-dir", data_dir).exit_code == 0
    assert lines_of(database) > before
    assert "120 facts make" in run("rebuild", "--check", "--data-dir", data_dir).stdout


def test_a_difference_fails_the_comparison_and_is_put_right(
    database: Database, data_dir: Path
) -> None:
    """A7.1: 1 where something differs, until it is mended."""
    forged = sa.update(tables.history).values(text="forged")
    database.run_now(lambda connection: connection.execute(forged))
    found = run("rebuild", "--check", "--data-dir", data_dir)
    assert (found.exit_code, "different:" in found.stdout) == (1, True)
    mended = run("rebuild", "--data-dir", data_dir)
    assert (mended.exit_code, "put right:" in mended.stdout) == (0, True)
    assert run("rebuild", "--check", "--data-dir", data_dir).exit_code == 0


def test_it_makes_no_store_where_there_is_none(tmp_path: Path) -> None:
    found = run("rebuild", "--data-dir", tmp_path / "nowhere")
    assert isinstance(found.exception, Unavailable)
    assert not (tmp_path / "nowhere").exists()
