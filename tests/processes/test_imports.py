"""Imports for the page: really run in a process of their own, one after the other."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from app import settings
from app.adapters.store.database import Database
from app.adapters.store.imports import Imports
from app.adapters.store.known_profiles import KnownProfiles
from app.adapters.store.ledger import Ledger
from app.config import load
from app.core.errors import Conflict
from app.core.imported import CANCELLED, DONE, FAILED, RUNNING, Form, Import
from app.processes.import_command import Asked
from app.processes.import_command import run as run_command
from app.processes.imports import ImportRunner, run_one
from app.settings import CONFIG, Settings
from app.web.imports import FOLDER
from app.wiring.base import Base


@pytest.fixture
def given(database: Database, tmp_path: Path) -> Settings:
    url = database.engine.url.render_as_string(hide_password=False)
    return settings.load(store={"url": url}, data_dir=tmp_path)


def runner(database: Database, given: Settings) -> ImportRunner:
    nothing = None  # no import asks Redis or the door
    return ImportRunner(
        Base(
            settings=given,
            config=load(CONFIG),
            redis=nothing,  # type: ignore[arg-type]
            door=nothing,  # type: ignore[arg-type]
            database=database,
            ledger=Ledger(database),
        )
    )


async def added(database: Database, given: Settings, content: str, folder: str = FOLDER) -> Path:
    (given.data_dir / folder).mkdir(exist_ok=True)
    path = given.data_dir / folder / "i1"
    path.write_text(content)
    form = Form(source="crm", at_ms=1, mapping={"id": "customer_id", "x": "handle.x"})
    await Imports(database).add(
        Import(
            id="i1", file="a.csv", path=str(path), form=form, made_by="sofia", made_ms=1,
            bytes=path.stat().st_size, state=RUNNING,
        )
    )  # fmt: skip
    return path


@pytest.mark.timeout(120)
async def test_what_was_cut_off_runs_to_its_end_at_the_next_start(
    database: Database, given: Settings
) -> None:
    """A2.7"""
    path = await added(database, given, "id,x\nC1,kim\nC2,\n")
    runs = runner(database, given)
    await runs.begin_anew()
    await runs.turn()
    ended = await Imports(database).get("i1")
    assert (ended.state, ended.counts["new"], ended.counts["rejected"]) == (DONE, 1, 1)
    assert await KnownProfiles(database).known(["x:kim"])
    assert (ended.path, path.exists()) == ("", False), "customers' data are kept no longer"


async def test_a_file_that_has_changed_is_told_in_the_run(
    database: Database, given: Settings
) -> None:
    path = await added(database, given, "number,x\nC1,kim\n")
    run_one(given, "i1")
    ended = await Imports(database).get("i1")
    assert ended.state == FAILED
    assert "no column is called 'id'" in ended.problem
    assert path.exists(), "with another mapping it may begin again"


async def test_cancelled_while_it_waited_it_takes_nothing(
    database: Database, given: Settings
) -> None:
    await added(database, given, "id,x\nC1,kim\n")
    await Imports(database).cancel("i1", 5)
    run_one(given, "i1")
    assert (await Imports(database).get("i1")).state == CANCELLED
    assert not await KnownProfiles(database).known(["x:kim"])


def test_a_file_from_the_command_line_is_never_begun_from_the_page(
    database: Database, given: Settings
) -> None:
    """A dry run leaves a run that is done; its file is the user's own."""
    own = given.data_dir / "people.csv"
    own.write_text("customer_id,name\nC1,Kim\n")
    run_command(given, Asked(file=own, source="crm", dry=True))
    imports = Imports(database)
    [told] = asyncio.run(imports.newest())
    assert (told.file, told.path, told.state) == ("people.csv", "", DONE)
    with pytest.raises(Conflict, match="its file is not kept: upload the file"):
        asyncio.run(imports.begin(told.id, told.form, False))


async def test_a_file_that_is_not_in_our_folder_is_never_deleted(
    database: Database, given: Settings
) -> None:
    path = await added(database, given, "id,x\nC1,kim\n", folder="")
    run_one(given, "i1")
    assert (await Imports(database).get("i1")).state == DONE
    assert path.exists()


async def test_a_command_that_was_killed_does_not_run_for_ever(
    database: Database, given: Settings
) -> None:
    """One that goes on is left alone: it may be on any machine, so its rows are what we see."""
    path, imports = await added(database, given, "id,x\n"), Imports(database)
    await imports.add(replace(await imports.get("i1"), id="cli", path=""))
    runs = runner(database, given)
    await runs.begin_anew()
    await runs.tidy()
    moved = replace(await imports.get("cli"), rows_done=1_000)
    await database.write(lambda connection: imports.advance_now(connection, moved, []))
    await runs.tidy()
    assert (await imports.get("cli")).state == RUNNING
    await runs.tidy()
    ended = await imports.get("cli")
    assert (ended.state, "import the file again" in ended.problem) == (FAILED, True)
    assert (await imports.get("i1")).state == RUNNING, "it waits for its turn"
    assert path.exists()


async def test_a_file_that_nobody_has_imported_in_a_week_is_deleted(
    database: Database, given: Settings
) -> None:
    """However long we run: it is looked for again and again."""
    path = await added(database, given, "id,x\n")
    runs = runner(database, given)
    await runs.tidy()
    assert path.exists()
    week_ago = path.stat().st_mtime - 8 * 24 * 3600
    os.utime(path, (week_ago, week_ago))
    await runs.tidy()
    assert not path.exists()
