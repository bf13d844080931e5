"""The folder of rules and the store: taken in, told apart, written back, by the command line."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app import settings as settings_module
from app.adapters.store.database import Database
from app.adapters.store.rule_versions import RuleVersions
from app.cli import cli
from app.core.errors import ConfigError, Conflict
from app.core.versions import APART, CHANGED, SAME
from app.settings import Settings
from app.wiring import base, check, rules

SHIPPED = Path(__file__).parents[2] / "config"
FILE = "60-rest.toml"
NEW = """title = "New"
[[row]]
id = "by-fax"
when = 'mention.channel == "fax"'
then = { queue = "service" }
why = "Somebody has a fax."
"""


@dataclass
class House:
    """A configuration and a store of its own, and the command line on both."""

    config: Path
    settings: Settings
    database: Database

    def run(self, *argv: str) -> str:
        found = CliRunner().invoke(cli, ["rules", *argv])
        if found.exception and not isinstance(found.exception, SystemExit):
            raise found.exception
        return found.output

    def edit(self, what: str = "A person should look", name: str = FILE) -> None:
        path = self.config / "rules" / name
        path.write_text(path.read_text("utf-8") + f"\n# {what}\n", "utf-8")

    def texts(self) -> dict[str, str]:
        return base.folder_texts()

    def start(self) -> rules.Rules:
        return asyncio.run(rules.take_in(self.settings))

    def live(self) -> int:
        found = asyncio.run(RuleVersions(self.database).live())
        return found.number if found else 0


@pytest.fixture
def house(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> House:
    config = Path(shutil.copytree(SHIPPED, tmp_path / "config"))
    monkeypatch.setattr(base, "CONFIG", config)
    url = str(database.engine.url)
    monkeypatch.setenv("HANDSHAKE_STORE__URL", url)
    return House(config, settings_module.load(store={"url": url}), database)


def test_a_first_start_makes_the_folder_version_1(house: House) -> None:
    found = house.start()
    assert (found.live.number, found.folder, found.sentence) == (1, SAME, "")
    assert found.version.texts == house.texts()
    assert house.start().live.number == 1


def test_a_changed_folder_is_taken_in_at_the_next_start(house: House) -> None:
    house.start()
    house.edit()
    assert (house.start().live.number, house.live()) == (2, 2)
    assert house.start().folder == SAME


def test_a_live_version_that_was_changed_elsewhere_stays_and_everybody_says_so(
    house: House,
) -> None:
    house.start()
    house.edit()
    house.start()
    house.run("rollback", "1", "--reason", "worse")
    found = house.start()
    assert (found.live.number, found.folder) == (1, APART)
    assert "rules export" in found.sentence
    assert "rules publish" in found.sentence
    assert check.remarks(house.settings) == [found.sentence]
    assert found.sentence in house.run("list")


def test_export_settles_it_for_the_live_version(house: House) -> None:
    house.start()
    first = house.texts()
    house.edit()
    (house.config / "rules" / "05-new.toml").write_text(NEW)
    house.start()
    house.run("rollback", "1", "--reason", "worse")
    house.run("export")
    assert house.texts() == first
    assert (house.start().live.number, check.remarks(house.settings)) == (1, [])


def test_the_next_start_takes_a_changed_folder_in_though_the_live_version_no_longer_fits(
    house: House,
) -> None:
    """A queue that only the old rules name may go together with them."""
    queues = house.config / "queues.toml"
    before = queues.read_text("utf-8")
    queues.write_text(before + '[queue.fax]\ntitle = "Fax"\nwindow = "1h"\n', "utf-8")
    path = house.config / "rules" / "05-new.toml"
    path.write_text(NEW.replace("service", "fax"), "utf-8")
    house.start()
    queues.write_text(before, "utf-8")
    path.unlink()
    assert check.check(house.settings) == []
    assert house.start().live.number == 2


def test_a_rollback_without_a_reason_is_refused(house: House) -> None:
    house.start()
    house.edit()
    house.start()
    assert "expected why" in house.run("rollback", "1", "--reason", " ")
    assert house.live() == 2


def test_the_store_that_is_meant_can_be_said(house: House, tmp_path: Path) -> None:
    house.start()
    other = tmp_path / "other.db"
    assert "*   1" in house.run("list", "--store", f"sqlite:///{other}")
    assert other.exists()


def test_export_overwrites_nothing_that_no_version_has(house: House) -> None:
    house.start()
    house.edit()
    mine = house.texts()
    with pytest.raises(Conflict, match="--force"):
        house.run("export")
    assert house.texts() == mine
    house.run("export", "--force")
    assert house.texts() != mine


def test_publish_settles_it_for_the_folder(house: House) -> None:
    house.start()
    house.edit()
    house.start()
    house.run("rollback", "1", "--reason", "worse")
    house.run("publish", "--comment", "After all", "--skip-backtest", "tried by hand")
    found = house.start()
    assert (found.live.number, found.folder) == (3, SAME)
    assert "After all" in house.run("list")


def test_publish_needs_a_back_test_or_a_reason(house: House) -> None:
    house.start()
    house.edit()
    with pytest.raises(Conflict) as refused:
        house.run("publish")
    assert refused.value.code == "backtest_needed"
    assert house.live() == 1


def test_broken_rules_are_not_published_and_say_what_is_wrong(house: House) -> None:
    house.start()
    house.edit('\n[[row]]\nid = "new"\nwhen = "mention.tex"\nthen = { close = true }\nwhy = "x"')
    with pytest.raises(ConfigError, match=r"rules/60-rest.toml: row new: when: "):
        house.run("publish", "--skip-backtest", "x")
    assert house.live() == 1


def test_a_version_that_does_not_fit_the_catalogue_any_more_stops_the_start(house: House) -> None:
    house.start()
    house.edit()
    house.start()
    house.run("rollback", "1", "--reason", "worse")
    for path in house.config.rglob("*.toml"):
        path.write_text(path.read_text("utf-8").replace("service", "helpdesk"), "utf-8")
    found = [p for p in check.check(house.settings) if p.startswith("version 1 of the rules: ")]
    assert any("'service'" in problem for problem in found)
    with pytest.raises(ConfigError, match="version 1 of the rules"):
        house.start()


def test_a_folder_that_is_wrong_is_never_taken_in(house: House) -> None:
    broken = '\n[[row]]\nid = "new"\nwhen = "mention.tex"\nthen = { close = true }\nwhy = "x"\n#'
    house.edit(broken)
    for attempt in (house.start, lambda: house.run("list")):
        with pytest.raises(ConfigError, match="row new: when"):
            attempt()
    assert house.live() == 0


def test_a_process_does_not_begin_without_a_version(house: House) -> None:
    with pytest.raises(ConfigError, match="app migrate"):
        asyncio.run(base.live_version(house.database))
    house.start()
    assert asyncio.run(base.live_version(house.database))[1].texts == house.texts()


def test_show_and_diff_print_the_texts(house: House) -> None:
    house.start()
    house.edit("New words")
    house.start()
    assert "### 10-safety.toml" in house.run("show", "1")
    told = house.run("diff", "1", "2")
    assert "+# New words" in told
    assert "10-safety" not in told


def test_before_the_first_start_the_folder_is_all_there_is(house: House) -> None:
    assert rules.known(house.settings) is None
    assert check.remarks(house.settings) == []
    assert "*   1  " in house.run("list")


def test_asking_makes_no_store(house: House, tmp_path: Path) -> None:
    nowhere = settings_module.load(store={"url": f"sqlite:///{tmp_path / 'none.db'}"})
    assert rules.known(nowhere) is None
    assert not (tmp_path / "none.db").exists()


def test_a_folder_that_goes_on_from_the_live_version_is_announced(house: House) -> None:
    house.start()
    house.edit()
    found = rules.known(house.settings)
    assert found
    assert (found.folder, found.live.number) == (CHANGED, 1)
    assert "next start" in found.sentence
