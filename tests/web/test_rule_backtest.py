"""Back-tests over HTTP: one at a time, told as they go, cancelled by whoever may."""

from __future__ import annotations

from typing import Any

import pytest

from app.adapters.store.rule_backtests import DONE, FAILED, RuleBacktests
from app.adapters.store.rule_versions import RuleVersions
from app.core.backtest_report import Window
from app.web.state import Parts
from tests.builders import NOON_MS
from tests.web.conftest import Api
from tests.web.rules_house import BROKEN, FIRST, ROOT, SECOND, Rules


@pytest.fixture
async def rules(api: Api, parts: Parts) -> Rules:
    await RuleVersions(parts.base.database).take_in(FIRST, NOON_MS)
    return Rules(api, parts.base.database)


async def begin(rules: Rules, draft: str, **window: Any) -> Any:
    return await rules.api.post("sofia", f"{ROOT}/drafts/{draft}/backtest", window)


async def told(rules: Rules, id_: str) -> Any:
    return (await rules.api.get("anton", f"{ROOT}/backtests/{id_}")).json()


async def test_a_draft_runs_against_the_live_version_over_the_window_that_was_asked(
    rules: Rules, parts: Parts
) -> None:
    draft = (await rules.draft())["id"]
    answer = await begin(rules, draft, since_ms=5, until_ms=9)
    assert answer.status_code == 202
    [(id_, live, mine, window)] = parts.backtests.begun  # type: ignore[attr-defined]
    assert answer.json() == {"backtest_id": id_}
    assert (live, mine, window) == (FIRST, SECOND, Window(since_ms=5, until_ms=9))
    found = await told(rules, id_)
    assert (found["state"], found["progress"], found["report"]) == ("running", 0.0, None)


async def test_one_back_test_at_a_time(rules: Rules, parts: Parts) -> None:
    draft = (await rules.draft())["id"]
    await begin(rules, draft)
    second = await begin(rules, draft)
    assert (second.status_code, second.json()["code"]) == (409, "backtest_running")


async def test_whoever_may_write_rules_cancels_and_what_has_ended_stays(rules: Rules) -> None:
    id_ = (await begin(rules, (await rules.draft())["id"])).json()["backtest_id"]
    path = f"{ROOT}/backtests/{id_}"
    assert (await rules.api.send("DELETE", "anton", path)).status_code == 403
    assert (await rules.api.send("DELETE", "sofia", path)).json()["state"] == "cancelled"
    await RuleBacktests(rules.database).end(id_, DONE, {"mentions": 1})
    assert (await told(rules, id_))["state"] == "cancelled"
    assert (await rules.api.send("DELETE", "sofia", f"{path}x")).status_code == 404


async def test_a_failed_back_test_says_why_and_cannot_be_seen(rules: Rules) -> None:
    id_ = (await begin(rules, (await rules.draft())["id"])).json()["backtest_id"]
    await RuleBacktests(rules.database).end(id_, FAILED, {"problem": "too many mentions"})
    found = await told(rules, id_)
    assert (found["state"], found["report"]) == ("failed", None)
    assert found["problem"] == "too many mentions"
    seen = await rules.api.post("sofia", f"{ROOT}/backtests/{id_}/seen", {})
    assert (seen.status_code, seen.json()["code"]) == (409, "not_done")


async def test_broken_rules_and_windows_that_are_none_are_refused(rules: Rules) -> None:
    draft = (await rules.draft(BROKEN))["id"]
    refused = await begin(rules, draft)
    assert (refused.status_code, refused.json()["code"]) == (422, "broken_rules")
    draft = (await rules.draft())["id"]
    for window in ({"since_ms": 9, "until_ms": 9}, {"since_ms": "x"}, {"until_ms": -1}):
        assert (await begin(rules, draft, **window)).status_code == 422
    assert (await begin(rules, "nobodys")).status_code == 404
