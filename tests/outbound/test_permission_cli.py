"""`python -m app permission`: who it is, what they said about consent, what they may be sent."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.adapters.store.database import Database
from app.adapters.store.outbound import OutboundLog
from app.cli import cli
from app.core.consent import STOP, ConsentEvent
from tests.builders import NOON_MS, keep_customer


@pytest.fixture
def store(database: Database) -> str:
    """Anna has written STOP by e-mail, with evidence that would steer a terminal."""
    stop = ConsentEvent(
        event_id="e1", handle_key="email:anna@x.example", kind=STOP, at_ms=NOON_MS,
        channel="email", source="message", evidence="\x1b[31mmention m1", by="anna@x.example",
    )  # fmt: skip

    async def fill() -> None:
        await keep_customer(database, "c1", "sms:+491", "email:anna@x.example", name="Anna")
        await OutboundLog(database).take(("send", 1), [stop], [], NOON_MS)

    asyncio.run(fill())
    return str(database.engine.url)


def run(*args: str) -> Any:
    return CliRunner().invoke(cli, ["permission", *args], env={"COLUMNS": "250"})


def test_it_tells_why_nothing_may_be_sent_on_any_handle(store: str) -> None:
    done = run("sms:+491", "--store", store)
    assert done.exit_code == 0, done.output
    assert "one person: email:anna@x.example, sms:+491" in done.output
    assert "stop email" in done.output
    assert "They asked us to stop on email" in done.output
    assert "\x1b[31mmention" not in done.output


def test_programs_read_the_same(store: str) -> None:
    found = json.loads(run("email:@ANNA@x.example", "--store", store, "--json").stdout)
    assert {one["refusal"]["code"] for one in found["now"]} == {"stopped"}
    assert [event["kind"] for event in found["events"]] == ["stop"]


def test_a_stranger_may_be_answered(store: str) -> None:
    found = json.loads(run("x:nobody", "--store", store, "--json").stdout)
    [answer] = [one for one in found["now"] if one["purpose"] == "answer"]
    assert answer["refusal"] is None


def test_a_handle_without_its_channel_is_refused_with_an_example(store: str) -> None:
    done = run("anna", "--store", store)
    assert done.exit_code == 2
    assert "email:anna@x.example" in done.output


def test_where_there_is_no_store_nothing_is_made(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'none.db'}"
    assert run("x:anna", "--store", url).exit_code != 0
    assert not (tmp_path / "none.db").exists()
