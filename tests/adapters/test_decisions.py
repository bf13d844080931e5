"""`python -m app decisions`: one digest for a log and rules, however the log came about."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from app.adapters.store.database import Database
from app.adapters.store.ledger import Ledger
from app.adapters.store.migrate import migrate
from app.cli import cli
from app.config import load
from app.settings import CONFIG
from tests.adapters.test_backtest import draft_of
from tests.logged import Log, deliveries, log_of


def run(folder: Path, *args: str) -> Any:
    return CliRunner().invoke(cli, ["decisions", "--data-dir", str(folder), *args])


def logged(batch: int = 64, count: int = 150) -> Log:
    return asyncio.run(log_of(load(CONFIG), deliveries(count), batch))


def keep(folder: Path, facts: list[dict[str, Any]]) -> None:
    """A store of its own in this folder, with these facts."""
    folder.mkdir(exist_ok=True)
    url = f"sqlite:///{folder / 'handshake.db'}"
    migrate(url)
    database = Database(url)
    asyncio.run(Ledger(database).append(facts))
    database.close()


def test_two_ledgers_of_the_same_mentions_have_one_digest(tmp_path: Path) -> None:
    """D3: decided in batches of 64 or of 1, and written mention by mention, backwards."""
    keep(tmp_path / "one", logged().facts)
    keep(tmp_path / "two", [fact for t in reversed(logged(1).trails()) for fact in t])
    found = run(tmp_path / "one", "--json")
    assert found.exit_code == 0, found.output
    first = json.loads(found.stdout)
    assert first["decisions"] > 130
    assert first["then"] == {"same": first["decisions"]}
    assert json.loads(run(tmp_path / "two", "--json").stdout) == first


def test_one_other_value_gives_another_digest_and_exit_code_1(tmp_path: Path) -> None:
    log = logged()
    keep(tmp_path / "one", log.facts)
    decided = next(fact for fact in log.facts if fact["op"] == "decided")
    decided["data"]["values"]["score.urgency"] = 0.99
    keep(tmp_path / "two", log.facts)
    found = run(tmp_path / "two", "--json")
    assert found.exit_code == 1
    other = json.loads(found.stdout)
    assert other["then"]["different"] == 1
    assert other["sha256"] != json.loads(run(tmp_path / "one", "--json").stdout)["sha256"]


def test_other_rules_then_are_said_and_the_digest_is_of_the_rules_of_now(tmp_path: Path) -> None:
    drafted = asyncio.run(log_of(draft_of(), deliveries(60)))
    keep(tmp_path / "one", drafted.facts)
    keep(tmp_path / "two", logged(count=60).facts)
    shown = run(tmp_path / "one")
    assert shown.exit_code == 0
    assert "rules no longer here: " in shown.stdout
    assert "the digest is of the rules of now" in shown.stdout
    digests = [json.loads(run(tmp_path / n, "--json").stdout)["sha256"] for n in ("one", "two")]
    assert digests[0] == digests[1]


def test_what_was_never_recorded_is_counted_and_left_out(tmp_path: Path) -> None:
    log = logged(count=40)
    for fact in log.facts:
        fact["data"].pop("values", None)
    keep(tmp_path, log.facts)
    found = json.loads(run(tmp_path, "--json").stdout)
    assert found["decisions"] == 0
    assert found["then"]["inputs not recorded"] > 30
