"""The report of what people did by hand, over HTTP."""

from __future__ import annotations

import pytest

from app.adapters.redis_outbox import RedisOutbox
from app.processes.relay import Relay
from app.web import rule_overrides
from app.web.state import Parts
from tests.builders import admission, supervise, task_id
from tests.doubles import KeepingProducer
from tests.web.conftest import Api
from tests.web.rules_house import ROOT

PATH = f"{ROOT}/overrides"


@pytest.fixture
async def cancelled(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    """One task that a supervisor cancelled, an hour ago."""
    base = parts.base
    await base.door.admit([admission()])
    await supervise(base.door, "cancel", task_id(), reason="<b>spam</b>")
    relay = Relay(RedisOutbox(base.redis), base.ledger, KeepingProducer())  # type: ignore[arg-type]
    while await relay.move(block_ms=0):
        pass
    assert base.door.now_ms
    hour_later = base.door.now_ms + 3_600_000
    monkeypatch.setattr(rule_overrides, "system_ms", lambda: hour_later)


@pytest.mark.usefixtures("cancelled")
async def test_who_looks_on_sees_what_people_changed(api: Api) -> None:
    made = (await api.get("anton", PATH)).json()
    assert (made["hours"], made["tasks"], made["overridden"]) == (168, 1, 1)
    assert made["rules"][0]["reasons"] == [{"reason": "<b>spam</b>", "times": 1}]


@pytest.mark.usefixtures("cancelled")
async def test_the_hours_bound_what_is_looked_at(api: Api) -> None:
    assert (await api.get("sofia", f"{PATH}?hours=2")).json()["tasks"] == 1
    assert (await api.get("sofia", f"{PATH}?hours=0")).json()["tasks"] == 0


@pytest.mark.parametrize("hours", ["", "-1", "1.5", "2161", "9" * 40, "week"])
async def test_hours_that_are_none_are_refused_by_name(api: Api, hours: str) -> None:
    answer = await api.get("sofia", f"{PATH}?hours={hours}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "hours"


@pytest.mark.usefixtures("cancelled")
async def test_a_window_that_holds_too_much_is_refused_with_a_way_out(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule_overrides, "_MOST_MENTIONS", 0)
    answer = await api.get("sofia", PATH)
    assert answer.status_code == 422
    assert "app overrides" in answer.json()["detail"]


async def test_agents_do_not_see_it(api: Api) -> None:
    assert (await api.get("amira", PATH)).status_code == 403
