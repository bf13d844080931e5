"""`python -m app overrides`, over facts as the real door writes them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.adapters.redis_client import Client
from app.adapters.redis_door import RedisDoor
from app.adapters.store.database import Database
from app.cli import cli
from app.core.backtest_report import Window
from app.wiring.overrides import report, traffic_of
from tests.adapters.centre import Centre
from tests.adapters.test_decisions import keep
from tests.builders import NOON_MS, OFFER_MS, admission, do, ready, supervise, task_id


@pytest.fixture
async def centre(door: RedisDoor, redis: Client, database: Database) -> Centre:
    centre = Centre(door, redis, database)
    await centre.open()
    return centre


async def a_day(door: RedisDoor) -> None:
    """Four tasks: one goes as decided, the others are moved, put first and cancelled by people."""
    await ready(door, "ann")
    await door.admit([admission(id_, priority=90 - int(id_)) for id_ in "1234"])
    for id_ in "12":
        await door.offer(OFFER_MS)
        await do(door, "accept", task_id(id_), "ann")
    door.now_ms = NOON_MS + 60_000
    await do(door, "reply", task_id("1"), "ann")
    await do(door, "transfer", task_id("2"), "ann", reason="it is about\x1b[2J money")
    await supervise(door, "prioritise", task_id("3"))
    await supervise(door, "cancel", task_id("4"), reason="spam")


async def test_what_people_changed_is_told_rule_by_rule(centre: Centre) -> None:
    """A4.5: the alternative routes that people take are reported, with their reasons."""
    await a_day(centre.door)
    await centre.relayed()
    made = await report(traffic_of(centre.database), Window())
    assert (made["tasks"], made["overridden"], made["mediated"]) == (4, 3, 0)
    [rule] = made["rules"]
    assert rule["kinds"] == {"moved": 1, "priority": 1, "cancelled": 1}
    assert rule["routes"] == [{"from": "service", "to": "billing", "tasks": 1}]
    assert {one["name"]: one["times"] for one in rule["people"]} == {"ann": 1, "sue": 2}
    assert rule["reply_s"] == {"left": 60.0, "changed": None}


async def test_an_assignment_and_a_pull_back_count_for_who_did_them(centre: Centre) -> None:
    await ready(centre.door, "ann", "bob")
    await centre.door.admit([admission()])
    await supervise(centre.door, "assign", task_id(), to_rep="bob", reason="he asked for bob")
    await supervise(centre.door, "pull_back", task_id(), reason="bob is in a meeting")
    await centre.relayed()
    made = await report(traffic_of(centre.database), Window())
    assert made["rules"][0]["kinds"] == {"assigned": 1, "taken back": 1}
    assert made["rules"][0]["people"] == [{"name": "sue", "times": 2}]


async def test_a_mention_outside_the_window_does_not_count(centre: Centre) -> None:
    await a_day(centre.door)
    await centre.relayed()
    made = await report(traffic_of(centre.database), Window(since_ms=NOON_MS + 1))
    assert made == {"tasks": 0, "overridden": 0, "mediated": 0, "rules": []}


@pytest.fixture
async def folder(centre: Centre, tmp_path: Path) -> Path:
    await a_day(centre.door)
    await centre.relayed()
    facts = await centre.ledger.since(0)
    await asyncio.to_thread(keep, tmp_path / "own", facts)
    return tmp_path / "own"


def run(folder: Path, *args: str) -> Any:
    return CliRunner().invoke(cli, ["overrides", "--data-dir", str(folder), *args])


async def test_the_command_shows_a_table_without_the_signs_of_strangers(folder: Path) -> None:
    shown = await asyncio.to_thread(run, folder, "--since", "2020-01-01T00:00:00Z")
    assert shown.exit_code == 0, shown.output
    assert "4 tasks, 3 of them changed by people, 0 by the mediator" in shown.stdout
    assert "billing" in shown.stdout
    assert "\x1b[2J" not in shown.stdout


async def test_the_command_gives_json_to_programs(folder: Path) -> None:
    shown = await asyncio.to_thread(run, folder, "--since", "2020-01-01T00:00:00Z", "--json")
    assert json.loads(shown.stdout)["overridden"] == 3


def test_where_nothing_ran_yet_it_says_so(tmp_path: Path) -> None:
    shown = run(tmp_path)
    assert shown.exit_code != 0
    assert "there is no store" in str(shown.exception)
