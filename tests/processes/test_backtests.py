"""Back-tests for the page: really run, told in the store, and ended when somebody says so."""

from __future__ import annotations

import asyncio

import pytest

from app import settings
from app.adapters.store.database import Database
from app.adapters.store.ledger import Ledger
from app.adapters.store.rule_backtests import (
    CANCELLED,
    DONE,
    FAILED,
    RUNNING,
    Backtest,
    RuleBacktests,
)
from app.config import load
from app.core.backtest_report import Window
from app.processes.backtests import Backtests
from app.settings import CONFIG
from app.wiring.base import Base, folder_texts
from tests.builders import NOON_MS
from tests.logged import deliveries, log_of

EVERYTHING = Window()


def base_of(database: Database) -> Base:
    nothing = None  # no back-test asks Redis or the door
    return Base(
        settings=settings.load(),
        config=load(CONFIG),
        redis=nothing,  # type: ignore[arg-type]
        door=nothing,  # type: ignore[arg-type]
        database=database,
        ledger=Ledger(database),
    )


async def added(database: Database, id_: str = "b1") -> RuleBacktests:
    store = RuleBacktests(database)
    await store.add(
        Backtest(
            id=id_, draft_id="d", draft_digest="x", live_digest="y", made_by="sofia",
            made_ms=NOON_MS,
        )
    )  # fmt: skip
    return store


async def ended(store: RuleBacktests, id_: str = "b1") -> Backtest:
    for _ in range(600):
        found = await store.get(id_)
        if found.state != RUNNING:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("it never ended")


@pytest.mark.timeout(120)
async def test_a_back_test_runs_over_the_ledger_and_leaves_its_report(database: Database) -> None:
    """A4.10: what a draft would have changed, before it is switched on."""
    log = await log_of(load(CONFIG), deliveries(40))
    await Ledger(database).append(log.facts)
    store, live = await added(database), folder_texts()
    draft = {**live, "60-rest.toml": live["60-rest.toml"].replace("priority = 30", "priority = 31")}
    runs = Backtests(base_of(database))
    assert runs.begin("b1", live, draft, EVERYTHING)
    assert not runs.begin("b2", live, draft, EVERYTHING)
    found = await ended(store)
    assert (found.state, found.progress) == (DONE, 1.0)
    assert found.report is not None
    assert found.report["mentions"] > 20
    assert found.report["changed"]["mentions"] > 0
    await runs.close()


@pytest.mark.timeout(120)
async def test_rules_that_do_not_load_here_fail_the_run_with_the_reason(database: Database) -> None:
    store, live = await added(database), folder_texts()
    runs = Backtests(base_of(database))
    runs.begin("b1", live, {"10-own.toml": "title = 7"}, EVERYTHING)
    found = await ended(store)
    assert found.state == FAILED
    assert found.report is not None
    assert "rules/10-own.toml" in found.report["problem"]
    assert not runs.busy


async def test_what_a_killed_process_ran_is_told_as_interrupted_at_the_next_start(
    database: Database,
) -> None:
    store = await added(database)
    await Backtests(base_of(database)).begin_anew()
    found = await store.get("b1")
    assert found.state == FAILED
    assert found.report is not None
    assert "interrupted" in found.report["problem"]


@pytest.mark.timeout(120)
async def test_a_process_that_ends_leaves_no_run_behind(database: Database) -> None:
    store, live = await added(database), folder_texts()
    runs = Backtests(base_of(database))
    runs.begin("b1", live, live, EVERYTHING)
    await asyncio.sleep(0)
    await runs.close()
    assert (await store.get("b1")).state == CANCELLED
