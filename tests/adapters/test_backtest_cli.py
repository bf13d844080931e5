"""`python -m app rules backtest`: for people, for programs, and what it says of wrong input."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.adapters.store.database import Database
from app.adapters.store.ledger import Ledger
from app.cli import cli
from app.config import load
from app.core.errors import Unavailable
from app.settings import CONFIG
from tests.adapters.test_backtest import DRAFT
from tests.adapters.test_backtest_later import DRAFT as LATER
from tests.logged import deliveries, log_of


@pytest.fixture
def data_dir(database: Database, tmp_path: Path) -> Path:
    """A store with a log in it."""

    async def fill() -> None:
        log = await log_of(load(CONFIG), deliveries(120))
        await Ledger(database).append(log.facts)

    asyncio.run(fill())
    return tmp_path


def run(*args: Any) -> Any:
    return CliRunner().invoke(cli, ["rules", "backtest", *map(str, args)])


def test_a_file_stands_beside_the_live_rules_and_programs_get_json(data_dir: Path) -> None:
    """A4.10: the report as JSON; the live rules are there still, below the draft's."""
    file = data_dir / "00-draft.toml"
    file.write_text(DRAFT, "utf-8")
    found = run(file, "--data-dir", data_dir, "--json", "--samples", 2)
    assert found.exit_code == 0, found.output
    made = json.loads(found.stdout)
    assert made["mentions"] > 90
    assert len(made["samples"]) == 2
    rules = {row["rule"]: row for row in made["rules"]}
    assert rules["long-waits"]["live"] == 0 < rules["long-waits"]["draft"]
    assert rules["complaint"]["draft"] > 0


def test_a_folder_is_the_whole_draft_and_people_get_tables(data_dir: Path) -> None:
    folder = data_dir / "draft"
    folder.mkdir()
    (folder / "all.toml").write_text(DRAFT, "utf-8")
    found = run(folder, "--data-dir", data_dir)
    assert found.exit_code == 0, found.output
    for word in ("Other queues", "long-waits", "Samples", "forecast", "could not be evaluated"):
        assert word in found.stdout


def test_rules_at_later_events_are_told_to_people(data_dir: Path) -> None:
    file = data_dir / "00-later.toml"
    file.write_text(LATER, "utf-8")
    found = run(file, "--data-dir", data_dir)
    assert found.exit_code == 0, found.output
    for words in ("Rules at later events", "in-danger", "Notices", "supervisor"):
        assert words in found.stdout
    assert "not asked, because no log tells what they ask about: answered" in found.stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("nowhere.toml",), "No such file"),
        ((CONFIG / "rules", "--since", "soon"), "--since: expected"),
        ((CONFIG / "rules", "--since", "2026-11-18T09:00:00"), "a time with a zone"),
        ((CONFIG / "rules", "--since", "1h", "--until", "2h"), "--since before --until"),
    ],
)
def test_wrong_input_is_one_sentence_and_exit_code_2(
    args: tuple[Any, ...], said: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    found = run(*args, "--data-dir", data_dir)
    assert found.exit_code == 2
    assert said in found.output


def test_a_draft_that_does_not_compile_is_refused_with_its_place(data_dir: Path) -> None:
    file = data_dir / "00-draft.toml"
    file.write_text(DRAFT.replace("mention.public'", "mention.nonsense'"), "utf-8")
    found = run(file, "--data-dir", data_dir)
    assert found.exit_code == 2
    assert "rules/00-draft.toml: row no-praise" in found.output


def test_where_nothing_was_recorded_no_store_is_made(tmp_path: Path) -> None:
    found = run(CONFIG / "rules", "--data-dir", tmp_path / "none")
    assert isinstance(found.exception, Unavailable)
    assert not (tmp_path / "none").exists()
