"""The checks of the house see what they are for: each is red once, on a source that is broken."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.adapters.kafka import MAX_BYTES, TOPICS
from app.cli import cli
from app.settings import Settings
from tests import test_architecture as house

ROOT = Path(__file__).parents[1]

# Read from the environment by processes, beside the settings.
BESIDE_SETTINGS = {"HANDSHAKE_HEALTH_PORT", "HANDSHAKE_HOME", "HANDSHAKE_CONFIG"}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the product's code, to be broken."""
    for part in ("app", "agents"):
        leave = shutil.ignore_patterns("__pycache__", "static", "templates")
        shutil.copytree(ROOT / part, tmp_path / part, ignore=leave)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )


def add(file: Path, line: str) -> None:
    file.write_text(file.read_text("utf-8") + f"\n{line}\n", "utf-8")


def test_the_import_check_is_green_on_a_copy(tree: Path) -> None:
    found = lint_imports(tree)
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize(
    ("file", "line", "named"),
    [
        ("app/core/text.py", "import app.adapters.kafka", "app.core.text -> app.adapters.kafka"),
        ("app/adapters/kafka.py", "import app.web.hub", "app.adapters.kafka -> app.web.hub"),
        ("app/steps/parse.py", "import faust", "app.steps.parse -> faust"),
    ],
)
def test_an_import_upwards_or_outwards_is_found(
    tree: Path, file: str, line: str, named: str
) -> None:
    add(tree / file, line)
    found = lint_imports(tree)
    assert found.returncode == 1
    assert named in found.stdout


@pytest.fixture
def one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only file of a tree that the checks look at."""
    monkeypatch.setattr(house, "ROOT", tmp_path)
    (tmp_path / "app").mkdir()
    return tmp_path / "app" / "one.py"


def test_a_file_of_one_line_too_many_is_found(one_file: Path) -> None:
    one_file.write_text("x = 1\n" * house.LONGEST_FILE)
    house.test_no_file_is_longer_than_a_person_reads_at_once()
    add(one_file, "x = 1")
    with pytest.raises(AssertionError, match=r"one\.py"):
        house.test_no_file_is_longer_than_a_person_reads_at_once()


def test_a_function_of_one_line_too_many_is_found(one_file: Path) -> None:
    one_file.write_text("def long():\n" + "    x = 1\n" * (house.LONGEST_FUNCTION - 1))
    house.test_no_function_is_longer_than_a_screen()
    one_file.write_text(one_file.read_text() + "    x = 1\n")
    with pytest.raises(AssertionError, match="long"):
        house.test_no_function_is_longer_than_a_screen()


def test_a_module_without_a_word_about_itself_is_found(one_file: Path) -> None:
    one_file.write_text('"""Says it."""\n')
    house.test_every_module_says_what_it_is_for()
    one_file.write_text("x = 1\n")
    with pytest.raises(AssertionError, match=r"one\.py"):
        house.test_every_module_says_what_it_is_for()


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    return loaded


def ours() -> dict[str, dict[str, Any]]:
    return {n: s for n, s in compose()["services"].items() if "build" in s}


def setting_names() -> set[str]:
    names = set()
    for section, field in Settings.model_fields.items():
        keys = getattr(field.annotation, "model_fields", None)
        names |= {f"{section}__{key}" for key in keys} if keys else {section}
    return {f"HANDSHAKE_{name.upper()}" for name in names}


def test_the_compose_file_names_only_settings_that_there_are() -> None:
    named = {key for service in ours().values() for key in service["environment"]}
    assert {"HANDSHAKE_STORE__URL", "HANDSHAKE_SECRET"} <= named
    assert named - BESIDE_SETTINGS <= setting_names()


def test_the_compose_file_runs_commands_that_there_are() -> None:
    known = {command.name or command.callback.__name__ for command in cli.registered_commands}
    assert {service["command"][-1] for service in ours().values()} <= known


def test_the_compose_file_makes_every_topic() -> None:
    script = compose()["services"]["topics"]["command"][0]
    assert f"for topic in {' '.join(TOPICS.values())};" in script
    assert f"max.message.bytes={MAX_BYTES}" in script


def test_the_containers_have_no_rights_and_no_secret_of_their_own() -> None:
    services = compose()["services"]
    assert {"kafka", "redis", "postgres", "worker", "web", "watch"} <= services.keys()
    for name, service in services.items():
        assert service["user"] not in ("root", "0"), name
        assert service["cap_drop"] == ["ALL"], name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
        for key, value in service.get("environment", {}).items():
            if re.search("SECRET|PASSWORD", f"{key}{value}"):
                assert re.search(r"\$\{\w+:(\?[^}]+|-)\}", value), f"{name} {key}"
