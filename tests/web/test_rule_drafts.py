"""Drafts over HTTP: two who edit do not overwrite each other, and the gate holds."""

from __future__ import annotations

from typing import Any

import pytest

from app.adapters.store.rule_drafts import Draft, RuleDrafts
from app.adapters.store.rule_versions import RuleVersions
from app.web.state import Parts
from tests.builders import NOON_MS
from tests.web.conftest import Api
from tests.web.rules_house import BROKEN, FIRST, ROOT, SECOND, Rules, row, rules_of
from tests.web.test_rules import code_of

FILE = "10-own.toml"
NEW = {"id": "new", "when": "mention.public", "then": {"queue": "billing"}, "why": "New."}


@pytest.fixture
async def rules(api: Api, parts: Parts) -> Rules:
    await RuleVersions(parts.base.database).take_in(FIRST, NOON_MS)
    return Rules(api, parts.base.database)


async def test_a_draft_is_made_read_changed_and_dropped(rules: Rules) -> None:
    api, made = rules.api, await rules.draft()
    path = f"{ROOT}/drafts/{made['id']}"
    assert (made["based_on"], made["made_by"], made["problems"]) == (1, "sofia", [])
    read = await api.get("anton", path)
    assert (read.json(), read.headers["etag"]) == (made, '"1"')
    changed = await api.send("PUT", "ada", path, {"title": "Ours", "texts": FIRST}, '"1"')
    assert (changed.headers["etag"], changed.json()["changed_by"]) == ('"2"', "ada")
    assert (changed.json()["title"], changed.json()["texts"]) == ("Ours", FIRST)
    assert [d["id"] for d in (await rules.overview())["drafts"]] == [made["id"]]
    dropped = await api.send("DELETE", "sofia", path, seen='"2"')
    assert dropped.status_code == 200
    assert code_of(await api.get("sofia", path)) == (404, "unknown_draft")


async def test_a_draft_without_texts_begins_as_the_live_version(rules: Rules) -> None:
    made = await rules.api.post("sofia", f"{ROOT}/drafts", {"title": "Mine"})
    assert made.json()["texts"] == FIRST


async def test_a_draft_may_be_wrong_and_says_what_is(rules: Rules) -> None:
    made = await rules.draft(BROKEN)
    assert {p["row"] for p in made["problems"]} >= {"danger", "otherwise"}


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ("", (428, "if_match_needed")),
        ('"7"', (412, "stale_draft")),
        ("x", (412, "stale_draft")),
        ("*", (412, "stale_draft")),
    ],
)
async def test_an_edit_of_something_else_than_was_seen_is_refused(
    rules: Rules, seen: str, expected: tuple[int, str]
) -> None:
    path = f"{ROOT}/drafts/{(await rules.draft())['id']}"
    edits: list[tuple[str, str, Any]] = [
        ("PUT", path, {"title": "x"}),
        ("DELETE", path, None),
        ("POST", f"{path}/rows", {"file": FILE, "row": NEW}),
        ("PUT", f"{path}/rows/danger", {"row": NEW}),
        ("DELETE", f"{path}/rows/danger", None),
    ]
    for method, where, body in edits:
        assert code_of(await rules.api.send(method, "sofia", where, body, seen)) == expected
    assert (await rules.api.get("sofia", path)).headers["etag"] == '"1"'


async def test_a_row_is_changed_and_nothing_else(rules: Rules) -> None:
    """A4.2: whoever owns a situation edits its row; comments and order stay."""
    texts = rules_of(
        "# Look out.\n" + row("danger", queue="urgent"), "# Last.\n" + row("otherwise")
    )
    path = f"{ROOT}/drafts/{(await rules.draft(texts))['id']}"
    new = {"id": "danger", "when": "true", "then": {"queue": "billing"}, "why": "Because."}
    found = await rules.api.send("PUT", "sofia", f"{path}/rows/danger", {"row": new}, '"1"')
    assert found.json()["texts"][FILE] == texts[FILE].replace('"urgent"', '"billing"')
    assert found.headers["etag"] == '"2"'


async def test_a_row_is_inserted_and_taken_out_again(rules: Rules) -> None:
    path = f"{ROOT}/drafts/{(await rules.draft(FIRST))['id']}"
    body = {"file": FILE, "row": NEW, "before": "otherwise"}
    found = (await rules.api.send("POST", "sofia", f"{path}/rows", body, '"1"')).json()
    ids = [line for line in found["texts"][FILE].splitlines() if line.startswith("id")]
    assert ids == ['id = "danger"', 'id = "new"', 'id = "otherwise"']
    assert found["problems"] == []
    back = await rules.api.send("DELETE", "sofia", f"{path}/rows/new", seen='"2"')
    assert back.json()["texts"] == FIRST


@pytest.mark.parametrize(
    ("method", "where", "body", "status"),
    [
        ("POST", "rows", {"file": "other.toml", "row": NEW}, 422),
        ("POST", "rows", {"file": FILE, "row": NEW, "before": "danger", "after": "danger"}, 422),
        ("POST", "rows", {"file": FILE, "row": NEW, "before": "nobody"}, 422),
        ("POST", "rows", {"file": FILE, "row": NEW, "kind": "table"}, 422),
        ("POST", "rows", {"file": FILE, "row": {"id": "x", "why": None}}, 422),
        ("POST", "rows", {"file": FILE, "row": {"why": "x"}}, 422),
        ("POST", "rows", {"file": FILE, "row": [1]}, 422),
        ("PUT", "rows/danger", {"row": {"id": "danger", "when": [None]}}, 422),
        ("PUT", "rows/nobody", {"row": NEW}, 404),
        ("DELETE", "rows/nobody", None, 404),
        ("DELETE", "rows/" + "x" * 300, None, 404),
        ("PUT", "", {"texts": {"../x.toml": ""}}, 422),
        ("PUT", "", {"based_on": 9}, 404),
        ("PUT", "", {"title": "x" * 81}, 422),
    ],
)
async def test_an_edit_that_is_wrong_is_refused_and_changes_nothing(
    rules: Rules, method: str, where: str, body: Any, status: int
) -> None:
    path = f"{ROOT}/drafts/{(await rules.draft())['id']}"
    full = f"{path}/{where}" if where else path
    assert (await rules.api.send(method, "sofia", full, body, '"1"')).status_code == status
    assert (await rules.api.get("sofia", path)).json()["texts"] == SECOND


async def test_a_draft_sent_twice_with_one_key_is_one_draft(rules: Rules) -> None:
    body = {"title": "Mine", "texts": SECOND}
    first, second, other = [
        (await rules.api.post("sofia", f"{ROOT}/drafts", body, Idempotency_Key=key)).json()["id"]
        for key in ("k", "k", "l")
    ]
    assert first == second != other


async def test_nothing_is_published_before_somebody_saw_its_back_test(rules: Rules) -> None:
    """A10.5, A4.10: the gate before a change of the rules."""
    draft = await rules.draft()
    assert code_of(await rules.publish(draft["id"])) == (409, "backtest_needed")
    test = await rules.tested(SECOND, FIRST)
    given = {"backtest_id": test, "comment": "Better"}
    assert code_of(await rules.publish(draft["id"], **given)) == (409, "backtest_needed")
    seen = await rules.api.post("sofia", f"{ROOT}/backtests/{test}/seen")
    assert (seen.json()["seen_by"], seen.json()["report"]) == ("sofia", {"matched": 3})
    assert (await rules.publish(draft["id"], **given)).json()["number"] == 2
    newest = (await rules.overview())["versions"][0]
    assert (newest["backtest_id"], newest["skip_reason"]) == (test, "")


async def test_a_back_test_of_an_earlier_edit_opens_no_gate(rules: Rules) -> None:
    draft = await rules.draft(rules_of(row("otherwise")))
    test = await rules.tested(rules_of(row("otherwise")), FIRST)
    await rules.api.post("sofia", f"{ROOT}/backtests/{test}/seen")
    path = f"{ROOT}/drafts/{draft['id']}"
    await rules.api.send("PUT", "sofia", path, {"texts": SECOND}, '"1"')
    assert code_of(await rules.publish(draft["id"], backtest_id=test)) == (409, "backtest_needed")


async def test_a_back_test_against_an_older_live_version_opens_no_gate(rules: Rules) -> None:
    test = await rules.tested(SECOND, FIRST)
    await rules.api.post("sofia", f"{ROOT}/backtests/{test}/seen")
    await rules.published(rules_of(row("otherwise")))
    draft = await rules.draft(SECOND)
    assert code_of(await rules.publish(draft["id"], backtest_id=test)) == (409, "backtest_needed")


async def test_the_gate_is_skipped_with_a_reason_that_stays(rules: Rules) -> None:
    assert await rules.published() == 2
    assert (await rules.overview())["versions"][0]["skip_reason"] == "a test"


async def test_a_draft_that_is_wrong_is_not_published(rules: Rules) -> None:
    draft = await rules.draft(BROKEN)
    answer = await rules.publish(draft["id"], skip_reason="x")
    assert code_of(answer) == (422, "broken_rules")
    assert len(answer.json()["errors"]) >= 2
    assert await rules.live() == 1


async def test_a_click_on_publish_twice_is_one_version(rules: Rules) -> None:
    draft = await rules.draft()
    for _ in range(2):
        answer = await rules.publish(draft["id"], skip_reason="x")
        assert answer.json()["number"] == 2
    assert len((await rules.overview())["versions"]) == 2


async def test_a_draft_of_an_older_version_is_looked_at_again_before_it_is_published(
    rules: Rules,
) -> None:
    old = await rules.draft(SECOND)
    await rules.published(rules_of(row("otherwise")))
    assert code_of(await rules.publish(old["id"], skip_reason="x")) == (409, "live_moved")
    path = f"{ROOT}/drafts/{old['id']}"
    await rules.api.send("PUT", "sofia", path, {"based_on": 2}, '"1"')
    assert (await rules.publish(old["id"], skip_reason="x")).json()["number"] == 3


async def test_unknown_drafts_and_back_tests_are_told(rules: Rules) -> None:
    assert code_of(await rules.publish("nobody")) == (404, "unknown_draft")
    for method in ("GET", "POST"):
        path = f"{ROOT}/backtests/nobody" + ("/seen" if method == "POST" else "")
        answer = await rules.api.send(method, "sofia", path)
        assert code_of(answer) == (404, "unknown_backtest")


async def test_an_id_that_the_store_cannot_be_asked_for_never_reaches_it(
    rules: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL refuses a question with NUL in it."""
    asked, get = [], RuleDrafts.get

    async def listening(drafts: RuleDrafts, id_: str) -> Draft:
        asked.append(id_)
        return await get(drafts, id_)

    monkeypatch.setattr(RuleDrafts, "get", listening)
    answer = await rules.api.get("sofia", f"{ROOT}/drafts/%00")
    assert code_of(answer) == (404, "unknown_draft")
    assert asked == ["\ufffd"]


async def test_a_draft_goes_into_shadow_and_out_again(rules: Rules) -> None:
    nothing = (await rules.api.get("sofia", f"{ROOT}/shadow")).json()
    assert (nothing["run"], nothing["agreement"]) == (0, None)
    draft = await rules.draft()
    begun = await rules.api.post("sofia", f"{ROOT}/shadow", {"draft_id": draft["id"]})
    found = (await rules.api.get("anton", f"{ROOT}/shadow")).json()
    assert (found["run"], found["running"]) == (begun.json()["run"], True)
    assert (found["draft_id"], found["agreement"], found["samples"]) == (draft["id"], None, [])
    await rules.api.post("sofia", f"{ROOT}/shadow", {"draft_id": None, "reason": "enough"})
    found = (await rules.overview())["shadow"]
    assert (found["running"], found["ended_why"]) == (False, "enough")


async def test_a_draft_that_is_wrong_does_not_go_into_shadow(rules: Rules) -> None:
    draft = await rules.draft(BROKEN)
    answer = await rules.api.post("sofia", f"{ROOT}/shadow", {"draft_id": draft["id"]})
    assert code_of(answer) == (422, "broken_rules")
    assert (await rules.overview())["shadow"] is None
