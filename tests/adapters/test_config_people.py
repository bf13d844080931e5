"""Configuration of people and channels that can only fail is refused when it is read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app import config
from app.core.errors import ConfigError

SHIPPED = Path(__file__).parents[2] / "config"
ZOE = '[[rep]]\nname = "zoe"\ntitle = "Zoe"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "config"))


def append(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(path.read_text("utf-8") + "\n" + text, "utf-8")


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        (
            "channels.toml",
            '[channel.fax]\ntitle = "Fax"\nweight = 3.5',
            "channels.toml: channel.fax: weight: expected at most 3, the largest capacity in"
            " staff.toml, got 3.5",
        ),
        (
            "staff.toml",
            ZOE + 'role = "supervisor"\nqueues = ["service"]',
            "staff.toml: rep zoe: queues: expected none, only an agent takes tasks, got role"
            " 'supervisor'",
        ),
        (
            "staff.toml",
            ZOE + 'role = "agent"\nqueues = ["service", "sales", "service"]',
            "staff.toml: rep zoe: queues: expected 'service' once, got it 2 times",
        ),
        (
            "staff.toml",
            ZOE + 'role = "agent"\nskills = ["billing:2", "en", "billing"]',
            "staff.toml: rep zoe: skills: expected one level of 'billing', got 2",
        ),
    ],
)
def test_what_can_only_fail_is_refused_with_file_and_key(
    folder: Path, file: str, text: str, expected: str
) -> None:
    append(folder, file, text)
    with pytest.raises(ConfigError) as refused:
        config.load(folder)
    assert refused.value.problems == [expected]


def test_only_who_takes_tasks_counts_for_the_weight_of_a_channel(folder: Path) -> None:
    append(folder, "channels.toml", '[channel.fax]\ntitle = "Fax"\nweight = 4')
    append(folder, "staff.toml", ZOE + 'role = "agent"\ncapacity = 9')
    with pytest.raises(ConfigError, match=r"channel\.fax: weight"):
        config.load(folder)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("channels.toml", '[channel.fax]\ntitle = "Fax"\nweight = 3'),
        ("staff.toml", ZOE + 'role = "supervisor"'),
        ("staff.toml", ZOE + 'role = "agent"\nskills = ["billing:2", "en"]\nqueues = ["sales"]'),
        ("staff.toml", ZOE + 'role = "agent"\nskills = ["en", "en", "billing:1", "billing"]'),
    ],
)
def test_what_works_is_accepted(folder: Path, file: str, text: str) -> None:
    append(folder, file, text)
    assert config.load(folder).version
