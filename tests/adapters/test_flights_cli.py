"""`python -m app flights`: for people, for programs, and what it says of wrong input."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.adapters.store.database import Database
from app.cli import cli
from app.core import flight_moves as moves
from app.core.errors import Conflict, Unavailable
from app.core.flight import BY_HAND
from tests.adapters.test_flights import House, decided, tick
from tests.builders import NOON_MS
from tests.core.flights_house import ANN, SUE


def run(*args: Any) -> Any:
    return CliRunner().invoke(cli, ["flights", *map(str, args)])


@pytest.fixture
def data_dir(database: Database, tmp_path: Path) -> Path:
    """A store with a closed flight and an open one whose name would steer a terminal."""

    async def fill() -> None:
        house = House(database)
        await house.open()
        await house.do(tick(1, ANN), "a")
        await house.do(
            lambda s: moves.closed(s.found.flight, BY_HAND, SUE, "It turned", s.outcome(NOON_MS)),
            "b",
        )
        await house.open("f2", name="\x1b[31mStorm\n2")
        await house.hear(decided("m1", "storm"))
        await house.watch.judge()

    asyncio.run(fill())
    return tmp_path


def test_the_list_has_the_open_ones_first_and_steers_no_terminal(data_dir: Path) -> None:
    found = run("list", "--data-dir", data_dir)
    assert found.exit_code == 0, found.output
    first, second = found.stdout.splitlines()
    assert "open" in first
    assert "1 of 1 tasks open" in first
    assert "\x1b" not in found.stdout
    assert "Storm Berta" in second
    assert "1/2 steps" in second


def test_programs_get_json(data_dir: Path) -> None:
    listed = json.loads(run("list", "--json", "--data-dir", data_dir).stdout)
    assert [each["id"] for each in listed] == ["f2", "f1"]
    shown = json.loads(run("show", "f1", "--json", "--data-dir", data_dir).stdout)
    assert shown["done"]["1"]["by"] == "ann"
    assert [event["kind"] for event in shown["history"]] == ["closed", "ticked", "opened"]
    assert shown["counts"] == {"mentions": 0, "tasks": 0, "open": 0, "ended_ms": 0}


def test_one_is_shown_with_its_route_and_how_it_ended(data_dir: Path) -> None:
    told = run("show", "f1", "--data-dir", data_dir).stdout
    for words in ("[x] Call the operator: done by ann", "[ ] Offer a bus", "It turned", "people"):
        assert words in told


def test_an_unknown_flight_and_a_store_that_there_is_not_are_told(
    data_dir: Path, tmp_path: Path
) -> None:
    assert isinstance(run("show", "f9", "--data-dir", data_dir).exception, Conflict)
    nowhere = tmp_path / "nowhere"
    assert isinstance(run("list", "--data-dir", nowhere).exception, Unavailable)
    assert not nowhere.exists()


def test_without_flights_the_list_says_so(database: Database, tmp_path: Path) -> None:
    assert "no flight" in run("list", "--data-dir", tmp_path).stdout
