"""Rules on their page: seen, edited, checked, tried, published, rolled back, by keyboard too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.house import House
from tests.browser.rules_house import (
    REACH,
    Rules,
    edit,
    line,
    lower_reach,
    open_row,
    open_rules,
    publish,
)
from tests.browser.screens import Screens, at

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

PROMISED_MS = 2_000  # from publish to effect on every process
EVERYWHERE = re.compile(r"In effect on (\d+) of \1$")


@pytest.fixture
def rules(house: House) -> Iterator[Rules]:
    rules = Rules(house)
    rules.restore()
    yield rules
    rules.restore()


def test_a_condition_is_edited_published_in_effect_and_rolled_back(
    rules: Rules, screens: Screens
) -> None:
    """A4.2, A5.6: from the edit to the next mention, and back by one button."""
    page = open_rules(screens)
    assert rules.decided_by() != REACH
    edit(page)
    lower_reach(page)
    at(page, "tab-changes").click()
    [change] = at(page, "change").all()
    expect(change.locator("del")).to_contain_text("mention.followers >= 100000")
    expect(change.locator("ins")).to_contain_text("mention.followers >= 50000")
    publish(page)
    expect(at(page, "live-comment")).to_contain_text("Reach counts from 50,000")
    expect(at(page, "in-effect")).to_have_text(EVERYWHERE)
    now = rules.overview()
    made_ms = now["versions"][0]["made_ms"]
    assert max(one["since_ms"] for one in now["in_effect"]) - made_ms < PROMISED_MS
    assert rules.decided_by() == REACH
    at(page, "tab-history").click()
    first = page.locator('[data-testid="version"][data-number="1"]')
    at(first, "version-rollback").click()
    at(page, "ask-reason").fill("Too many escalations")
    at(page, "ask-confirm").click()
    expect(at(page, "live-number")).to_have_text("1")
    expect(at(page, "live-comment")).to_have_text("Too many escalations")
    expect(at(page, "in-effect")).to_have_text(EVERYWHERE)
    assert rules.decided_by() != REACH


def test_what_is_wrong_is_told_at_its_place_while_typing(rules: Rules, screens: Screens) -> None:
    page = open_rules(screens)
    edit(page)
    open_row(page, REACH)
    at(page, "rule-condition").fill('mention.public &&\nmention.followers >= "many"')
    expect(at(page, "condition-state")).to_have_attribute("data-state", "bad")
    expect(at(page, "condition-problem")).to_contain_text("int")
    expect(at(page, "condition-place")).to_have_text("2:19")
    at(page, "condition-place").click()
    expect(at(page, "rule-condition")).to_be_focused()
    place = at(page, "rule-condition").evaluate("e => e.value.slice(e.selectionStart)")
    assert place == '>= "many"'
    at(page, "rule-save").click()
    expect(at(page, "draft-problem").first).to_contain_text(REACH)
    expect(line(page, REACH)).to_contain_text("1 problem")
    expect(at(page, "publish")).to_be_disabled()


def test_publishing_asks_for_a_comment_and_for_a_backtest_or_a_reason(
    rules: Rules, screens: Screens
) -> None:
    """A5.4: activation waits until the back-test was seen, or somebody says why not."""
    page = open_rules(screens)
    edit(page)
    expect(at(page, "publish")).to_be_disabled()
    lower_reach(page)
    at(page, "publish").click()
    confirm = at(page, "ask-confirm")
    expect(confirm).to_be_disabled()
    at(page, "ask-comment").fill("Because")
    expect(confirm).to_be_disabled()
    at(page, "ask-skip").check()
    expect(confirm).to_be_disabled()
    at(page, "ask-skip_reason").fill("Urgent")
    expect(confirm).to_have_text("Publish without a back-test")
    expect(confirm).to_be_enabled()


_FIGURES = {"tasks": 0, "breaches": 0, "never_taken": 0, "wait_p50_s": 1, "wait_p95_s": 90}
_SIDE = {
    "rule": "r", "queue": "service", "priority": 50, "window_s": 1800, "skills": [], "why": "",
}  # fmt: skip
REPORT: dict[str, Any] = {
    "mentions": 1200, "unrecorded": 3, "versions": {"live": "a", "draft": "b"},
    "window": {"since_ms": 0, "until_ms": 0}, "decisions": {"live": "a", "draft": "b"},
    "rules": [{"rule": REACH, "live": 2, "draft": 9}, {"rule": "spam", "live": 1, "draft": 1}],
    "changed": {
        "mentions": 7, "by_kind": {"queue": 7, "rule": 7},
        "moves": [{"from": "service", "to": "escalation", "mentions": 7}],
    },
    "escalations": {
        "by_rule": {"live": 2, "draft": 9, "extra": 7, "fewer": 0},
        "forecast_late": {"live": 0, "draft": 0, "extra": 0, "fewer": 0},
    },
    "breaches": {"live": 4, "draft": 3, "extra": 1, "fewer": 2, "recorded": 5},
    "queues": [
        {
            "queue": "escalation", "extra_breaches": 1, "fewer_breaches": 0,
            "live": _FIGURES | {"tasks": 2, "wait_p95_s": 60},
            "draft": _FIGURES | {"tasks": 9, "breaches": 1},
        }
    ],
    "load": [{"queue": "escalation", "hour_ms": 0, "live": 2, "draft": 6}],
    "samples": [
        {
            "mention_id": "m", "channel": "x", "text": "<b>My case</b>", "changes": ["queue"],
            "before": _SIDE,
            "after": _SIDE | {"rule": REACH, "queue": "escalation", "priority": 88},
        }
    ],
    "later": [
        {
            "rule": "nobody-takes-it", "on": "waiting",
            "live": {"fired": 0, "stopped": 0, "moved": 0, "prioritised": 0, "refused": 0},
            "draft": {"fired": 31, "stopped": 1, "moved": 17, "prioritised": 12, "refused": 4},
        }
    ],
    "moved_later": {
        "live": 0, "draft": 17, "extra": 17, "fewer": 0,
        "moves": [{"from": "service", "to": "escalation", "live": 0, "draft": 17}],
    },
    "notices": [{"to": "supervisor", "live": 3, "draft": 34}],
    "errors": [{"side": "draft", "rule": "spam", "detail": "no such thing", "mentions": 2}],
    "handling": [], "assumptions": "A forecast, not a measurement.",
}  # fmt: skip


def _backtests(page: Page) -> list[str]:
    """A server with back-tests; returns what was asked of it."""
    asked: list[str] = []
    run: dict[str, Any] = {"state": "running", "progress": 0.25, "report": None, "seen_by": ""}

    def answer(route: Route) -> None:
        asked.append(f"{route.request.method} {route.request.url.rsplit('/rules/', 1)[1]}")
        if route.request.method == "DELETE":
            run["state"] = "cancelled"
        if route.request.url.endswith("/seen"):
            run["seen_by"] = "sofia"
        if route.request.url.endswith("/backtest"):
            run.update(state="running", progress=0.25, report=None)
            return route.fulfill(status=202, json={"backtest_id": "b1"})
        if sum(one == "GET backtests/b1" for one in asked) == 4:
            run.update(state="done", progress=1.0, report=REPORT)
        return route.fulfill(json=run)

    page.route(re.compile("/backtests?(/|$)"), answer)
    return asked


def test_a_backtest_is_run_cancelled_run_again_and_seen(rules: Rules, screens: Screens) -> None:
    """A5.4: matched, changed queues, extra escalations, breaches as a forecast, load, samples."""
    page = open_rules(screens)
    asked = _backtests(page)
    edit(page)
    lower_reach(page)
    at(page, "tab-backtest").click()
    at(page, "backtest-window").select_option("week")
    at(page, "backtest-start").click()
    expect(at(page, "backtest-share")).to_have_text("25%")
    at(page, "backtest-cancel").click()
    expect(at(page, "backtest-ended")).to_contain_text("cancelled")
    at(page, "backtest-start").click()
    expect(at(page, "report-changed")).to_have_text("7")
    expect(at(page, "report-mentions")).to_have_text("1,200")
    expect(at(page, "report-escalations")).to_have_text("7")
    expect(at(page, "report")).to_contain_text("Extra breaches, a forecast")
    expect(at(page, "report-rules")).to_contain_text(REACH)
    expect(at(page, "report-rules")).not_to_contain_text("spam")
    expect(at(page, "report-later")).to_contain_text("nobody-takes-it")
    expect(at(page, "report-later").locator('[data-label="Moved"]')).to_contain_text("17")
    expect(at(page, "report-later-moves")).to_contain_text("Escalation")
    expect(at(page, "report-notices")).to_contain_text("supervisor")
    expect(at(page, "report-sample")).to_contain_text("<b>My case</b>")
    at(page, "backtest-see").click()
    expect(at(page, "backtest-seen")).to_contain_text("Seen by sofia")
    at(page, "publish").click()
    expect(at(page, "ask-skip")).to_have_count(0)
    at(page, "ask-comment").fill("Seen")
    expect(at(page, "ask-confirm")).to_be_enabled()
    at(page, "ask-cancel").click()
    assert "DELETE backtests/b1" in asked
    # another edit: what was seen is about another draft
    open_row(page, REACH)
    at(page, "rule-priority").fill("77")
    at(page, "rule-save").click()
    expect(at(page, "backtest-old")).to_be_visible()


def test_a_server_without_backtests_says_so(rules: Rules, screens: Screens) -> None:
    screens.allow("status of 404")
    page = open_rules(screens)
    problem = {"status": 404, "code": "not_found", "detail": "Not Found"}
    page.route("**/backtest", lambda route: route.fulfill(status=404, json=problem))
    edit(page)
    lower_reach(page)
    at(page, "tab-backtest").click()
    at(page, "backtest-start").click()
    expect(at(page, "backtest-problem")).to_contain_text("no back-tests yet")


def test_a_mention_is_tried_on_the_live_rules_and_on_the_draft(
    rules: Rules, screens: Screens
) -> None:
    rules.decided_by()
    page = open_rules(screens)
    at(page, "try-mention").select_option(index=1)
    at(page, "try-go").click()
    expect(at(page, "try-result")).to_be_visible()
    expect(line(page, REACH)).to_have_attribute("data-result", "miss")
    edit(page)
    lower_reach(page)
    expect(line(page, REACH)).to_have_attribute("data-result", "hit")
    expect(at(page, "try-queue")).to_have_text("Escalation")
    at(page, "try-way-typed").click()
    at(page, "try-text").fill("Everything is lovely")
    at(page, "try-sentiment").select_option("positive")
    at(page, "try-emotion").select_option("joy")
    at(page, "try-pillar").select_option("innovation")
    at(page, "try-irony").fill("75")
    at(page, "try-go").click()
    expect(line(page, REACH)).to_have_attribute("data-result", re.compile("miss|not_reached"))
    at(page, "try-values").click()
    for seen in (
        "score.emotionjoy",
        "score.irony0.75",
        "score.complaint-1",
        "score.pillarinnovation",
    ):
        expect(at(page, "try-result")).to_contain_text(seen)
    at(page, "try-clear").click()
    expect(at(page, "rule-result")).to_have_count(0)


def test_rows_are_inserted_moved_and_deleted_and_it_can_be_undone(
    rules: Rules, screens: Screens
) -> None:
    page = open_rules(screens)
    edit(page)
    [head] = rules.overview()["drafts"]
    before = rules.read(head["id"])["texts"]
    file = "30-reach.toml"
    open_row(page, REACH)
    at(page, "rule-insert-above").click()
    at(page, "rule-id").fill("zebra")
    at(page, "rule-condition").fill('mention.text.says("zebra")')
    at(page, "rule-queue").select_option("billing")
    at(page, "rule-window").fill("20m")
    at(page, "rule-why").fill("Zebras are special.")
    at(page, "rule-save").click()
    expect(line(page, "zebra")).to_contain_text("within 20m")
    assert rules.order(head["id"], file)[:2] == ["zebra", REACH]
    open_row(page, "zebra")
    at(page, "rule-down").click()
    expect(at(page, "rule-up")).to_be_enabled()
    assert rules.order(head["id"], file)[:2] == [REACH, "zebra"]
    at(page, "rule-delete").click()
    expect(at(page, "notice").last).to_contain_text("Deleted zebra")
    page.keyboard.press("z")
    expect(line(page, "zebra")).to_be_visible()
    open_row(page, "zebra")
    at(page, "rule-delete").click()
    expect(at(page, "rule-form")).to_have_count(0)
    expect(line(page, "zebra")).to_have_count(0)
    assert rules.read(head["id"])["texts"] == before


def test_the_whole_edit_by_keyboard_alone(rules: Rules, screens: Screens) -> None:
    page = screens.floor()
    expect(at(page, "total-waiting")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.wait_for_url("**/rules")
    expect(line(page, REACH)).to_be_visible()
    page.keyboard.press("e")
    expect(at(page, "publish")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("influential")
    expect(at(page, "rule-row")).to_have_count(2)
    page.keyboard.press("Tab")
    for _ in range(2):
        page.keyboard.press("j")  # the select has the focus: letters are its own
    page.evaluate("document.activeElement.blur()")
    for key in "jjk":
        page.keyboard.press(key)
    expect(at(line(page, REACH), "rule-open")).to_be_focused()
    page.keyboard.press("Enter")
    expect(at(page, "rule-condition")).to_be_focused()
    page.keyboard.press("Control+End")
    page.keyboard.type(" && mention.followers < 9000000")
    page.keyboard.press("Control+Enter")
    expect(at(line(page, REACH), "rule-open")).to_be_focused()
    expect(at(page, "change")).to_contain_text("9000000")
    page.keyboard.press("Enter")
    expect(at(page, "rule-condition")).to_be_focused()
    page.keyboard.press("Escape")
    expect(at(page, "rule-form")).to_have_count(0)
    expect(at(line(page, REACH), "rule-open")).to_be_focused()
    at(page, "publish").focus()
    page.keyboard.press("Enter")
    expect(at(page, "ask-comment")).to_be_focused()
    page.keyboard.type("No giants")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("by keyboard")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(at(page, "live-comment")).to_contain_text("No giants")


def test_a_draft_in_shadow_shows_how_often_it_agrees(rules: Rules, screens: Screens) -> None:
    page = open_rules(screens)
    edit(page)
    lower_reach(page)
    at(page, "tab-shadow").click()
    at(page, "shadow-on").click()
    expect(at(page, "shadow-state")).to_contain_text("Draft of sofia")
    page.wait_for_timeout(1_500)  # the workers look for it twice a second
    rules.decided_by()
    rules.decided_by(followers=3)
    expect(at(page, "shadow-agreement")).to_have_text("50%")
    expect(at(page, "shadow-sample")).to_contain_text(REACH)
    at(page, "shadow-off").click()
    expect(at(page, "shadow-on")).to_be_visible()
