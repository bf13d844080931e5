"""sla.toml and calendars.toml: read, and everything that is wrong with them said at once."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from app import config
from app.core.calendar import between
from app.core.errors import ConfigError
from app.core.policy import Slas

SHIPPED = Path(__file__).parents[2] / "config"
STANDARD = '[[policy]]\nname = "standard"\n'
ALWAYS = "[calendar.always]\nalways = true\n"
MONDAY_MS = 1_795_392_000_000  # 2026-11-23T00:00:00Z


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped configuration, to be broken."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "config"))


def write(folder: Path, policies: str = "", calendars: str = "") -> None:
    (folder / "sla.toml").write_text(STANDARD + policies, "utf-8")
    (folder / "calendars.toml").write_text(ALWAYS + calendars, "utf-8")


def slas_of(folder: Path, scale: float = 1.0) -> Slas:
    return config.load(folder, scale).catalogue.slas


def problems_of(folder: Path) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        config.load(folder)
    return refused.value.problems


def policy(name: str, **given: object) -> str:
    lines = "".join(f"{key} = {value!r}\n" for key, value in given.items())
    return f'[[policy]]\nname = "{name}"\n{lines}'


def test_the_shipped_policy_keeps_every_window_as_the_queues_and_rules_say() -> None:
    slas = slas_of(SHIPPED)
    [standard] = slas.policies
    assert (standard.name, standard.calendar.always) == ("standard", True)
    assert standard.response_s("first_response", 0.0, 1800.0) == 1800.0
    assert slas.queue_windows["sales"] == 3600.0
    assert slas.rule_windows["danger-to-people"] == 600.0


def test_a_calendar_is_read_with_its_periods_zone_and_named_holidays(folder: Path) -> None:
    hours = 'monday = ["13:00-18:00", "08:00-12:30"]\nsunday = ["00:00-24:00"]\n'
    free = '[calendar.shop.holidays]\n2026-11-30 = "Saint Andrew"\n'
    write(
        folder,
        policy("shop", tiers=["gold"], calendar="shop", first_response="2h"),
        f'[calendar.shop]\nzone = "Europe/Berlin"\n{hours}{free}',
    )
    shop = next(p for p in slas_of(folder).policies if p.name == "shop")
    day = 24 * 3_600_000
    assert between(shop.calendar, MONDAY_MS, MONDAY_MS + day) == 9.5 * 3_600_000
    assert between(shop.calendar, MONDAY_MS + 7 * day, MONDAY_MS + 8 * day) == 0
    [holiday] = shop.calendar.holidays
    assert (holiday.day, holiday.name) == (date(2026, 11, 30), "Saint Andrew")


def test_windows_of_policies_stretch_with_the_standard_window(folder: Path) -> None:
    write(folder, policy("gold", tiers=["gold"], first_response="10m", resolution="1h"))
    gold = slas_of(folder, scale=0.1).policies[1]
    assert (gold.first_response_s, gold.resolution_s) == (60.0, 360.0)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ('zone = "Europe/Berlin"\nmonday = ["8-12"]', "expected hours of one day such as"),
        ('zone = "Europe/Berlin"\nmonday = ["22:00-06:00"]', "work over midnight is"),
        ('zone = "Europe/Berlin"\nmonday = ["08:00-24:30"]', "expected hours of one day"),
        ('zone = "Europe/Berlin"\nmonday = ["08:00-08:00"]', "expected hours of one day"),
        (
            'zone = "Europe/Berlin"\nmonday = ["08:00-12:00", "11:00-13:00"]',
            "expected hours apart, 11:00 is in two",
        ),
        ('zone = "Europe/Berlin"', "expected hours on at least one day, or always = true"),
        ('zone = "Mars/Olympus"\nmonday = ["08:00-12:00"]', "got 'Mars/Olympus'"),
        ('zone = "../etc"\nmonday = ["08:00-12:00"]', "expected a time zone such as"),
        ('monday = ["08:00-12:00"]', "expected a time zone such as Europe/Berlin, got ''"),
        ('always = true\nmonday = ["08:00-12:00"]', "expected always = true alone"),
        ('always = true\nzone = "Europe/Berlin"', "expected always = true alone"),
        ('always = true\nmoonday = ["08:00-12:00"]', "calendar.shop.moonday: "),
        ('always = true\n[calendar.shop.holidays]\n2026-02-30 = "None"', "2026-02-30"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused(folder: Path, entry: str, expected: str) -> None:
    write(folder, calendars=f"[calendar.shop]\n{entry}\n")
    [problem] = problems_of(folder)
    assert problem.startswith("config/calendars.toml: calendar.shop")
    assert expected in problem


def test_all_that_is_wrong_with_the_policies_comes_at_once(folder: Path) -> None:
    """A5.1: conflicts, unknown names and policies that never apply."""
    queues = sorted(slas_of(folder).queue_windows)
    write(
        folder,
        policy("lost", queues=["nowhere"], channels=["pigeon"], calendar="lunar")
        + policy("one", tiers=["gold", "silver"])
        + policy("two", tiers=["silver"])
        + policy("bronze", tiers=["bronze"])
        + policy("bronze-each", tiers=["bronze"], queues=queues)
        + policy("twice", channels=["x"])
        + policy("twice", channels=["email"]),
    )
    place = "config/sla.toml: policy"
    assert problems_of(folder) == [
        f"{place} twice: name: expected one of this name, got 2",
        f"{place} lost: calendar: no calendar is named 'lunar'",
        f"{place} lost: queues: no queue is named 'nowhere'",
        f"{place} lost: channels: no channel is named 'pigeon'",
        f"{place} two: conflicts with policy one: both apply to tier 'silver', and neither is"
        " more specific",
        f"{place} bronze: never applies, more specific policies take everything that it names",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[[policy]]\nname = "gold"\ntiers = ["gold"]', "policy standard: expected one that"),
        ('[[policy]]\nname = "standard"\ntiers = ["gold"]', "policy standard: expected one that"),
        (STANDARD + 'first_response = "0s"', "policy.0.first_response: "),
        (STANDARD + 'first_response = "2h"\nresolution = "1h"', "expected a resolution no shorter"),
        (STANDARD + 'resolution = "400d"', "policy.0.resolution: "),
        (STANDARD + 'first_reply = "1h"', "policy.0.first_reply: "),
        (STANDARD + policy("all"), "policy all: conflicts with policy standard: both apply to"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(folder: Path, text: str, expected: str) -> None:
    (folder / "sla.toml").write_text(text, "utf-8")
    [problem] = problems_of(folder)
    assert problem.startswith("config/sla.toml: policy")
    assert expected in problem


@pytest.mark.parametrize("name", ["sla.toml", "calendars.toml"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert problems_of(folder) == [f"config/{name}: the file is missing"]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("sla.toml", 'resolution = "24h"', 'resolution = "25h"'),
        ("calendars.toml", "always = true", 'zone = "UTC"\nmonday = ["08:00-12:30"]'),
        ("queues.toml", 'window = "1h"', 'window = "2h"'),
        ("rules/10-safety.toml", 'window = "10m"', 'window = "11m"'),
    ],
)
def test_whatever_moves_a_deadline_changes_the_version_of_the_policies(
    folder: Path, file: str, old: str, new: str
) -> None:
    """And nothing else does: open tasks are not touched without need."""
    before = slas_of(folder).version
    assert slas_of(folder).version == before
    (folder / "channels.toml").open("a").write('[channel.fax]\ntitle = "Fax"\n')
    assert slas_of(folder).version == before
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")
    assert slas_of(folder).version != before
