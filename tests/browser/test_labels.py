"""Correcting a score on its card, and labelling what was drawn, both by keys."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.house import House, wait_for
from tests.browser.payloads import PAYLOADS
from tests.browser.screens import Screens, at, take
from tests.browser.test_looks import fits, violations

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]


def kept(house: House, mention_id: str) -> list[dict[str, Any]]:
    """What the ledger has of people's labels of this mention, once it has any."""
    path = f"/api/v1/mentions/{mention_id}/labels"
    found: list[dict[str, Any]] = wait_for(lambda: house.get(path)["labels"], "no label of it")
    return found


def test_an_agent_corrects_the_score_on_the_card_by_keys(house: House, screens: Screens) -> None:
    """A3.2: said by the model, corrected by whom."""
    page = screens.desk()
    task_id = take(page, house)
    mention_id = house.get(f"/api/v1/tasks/{task_id}")["mention_id"]
    expect(at(page, "corrections")).to_contain_text("Said by the model.")
    page.keyboard.press("c")
    expect(at(page, "ask-confirm")).to_be_disabled()
    at(page, "ask-sentiment").select_option("positive")
    at(page, "ask-why").fill(PAYLOADS[0])
    at(page, "ask-confirm").click()
    expect(at(page, "correction")).to_have_text("amira: positive")
    [label] = kept(house, mention_id)
    assert (label["by"], label["sentiment"], label["blind"]) == ("amira", "positive", False)
    page.goto(f"/desk?task={task_id}")
    expect(at(page, "correction")).to_have_text("amira: positive")
    assert violations(page) == []


def test_a_supervisor_corrects_what_nobody_has_taken(house: House, screens: Screens) -> None:
    mention_id = house.mention()
    task_id = wait_for(lambda: house.task_of(mention_id), "no task")["task_id"]

    def scored() -> bool:
        try:
            return bool(house.facts(mention_id, "scored"))
        except httpx.HTTPStatusError:  # the ledger has not heard of the mention yet
            return False

    wait_for(scored, "no score in the ledger")
    floor = screens.floor()
    at(floor.locator(f'[data-testid="floor-task"][data-task-id="{task_id}"]'), "task-story").click()
    expect(at(floor, "corrections")).to_contain_text("The model says negative")
    at(floor, "task-correct").click()
    at(floor, "ask-urgency").select_option("low")
    at(floor, "ask-confirm").click()
    [label] = kept(house, mention_id)
    assert (label["by"], label["urgency"]) == ("sofia", "low")


ASKED = re.compile(r"/api/v1/labels\?")


def ask_again(page: Page) -> None:
    """What the page does every few seconds."""
    with page.expect_response(ASKED):
        page.evaluate("dispatchEvent(new Event('online'))")


def sample(mention_id: str) -> dict[str, Any]:
    text, at_ms = f"the text of {mention_id}", 1_700_000_000_000
    plain = {"channel": "email", "lang": "en", "at_ms": at_ms, "cut": False}
    return plain | {"mention_id": mention_id, "text": text}


def test_what_is_read_stays_though_the_list_changes_until_it_is_gone(screens: Screens) -> None:
    """A key never labels a text that came in the place of the one that was read."""
    listed = [sample("one")]
    gone = {"status": 404, "code": "unknown_sample", "title": "It waits no longer."}

    def lists(route: Route) -> None:
        route.fulfill(json={"mentions": listed, "waiting": len(listed)})

    screens.allow("404")
    page = screens.floor()
    page.route(ASKED, lists)
    page.route("**/api/v1/labels/one", lambda route: route.fulfill(status=404, json=gone))
    page.goto("/labels")
    expect(at(page, "label-text")).to_have_text("the text of one")
    listed[:] = [sample("two")]
    ask_again(page)
    expect(at(page, "labels-waiting")).to_have_text("1")
    expect(at(page, "label-text")).to_have_text("the text of one")
    page.keyboard.press("2")
    expect(at(page, "label-text")).to_have_text("the text of two")
    ask_again(page)
    expect(at(page, "label-text")).to_have_text("the text of two")


def test_what_was_drawn_is_labelled_by_a_key_before_the_answer_is_seen(
    house: House, screens: Screens
) -> None:
    """A3.2: and the text of a stranger is text."""
    mention_id = house.mention(f"Well, it is what it is. {PAYLOADS[0]}")

    def drawn() -> bool:
        return mention_id in [one["mention_id"] for one in house.get("/api/v1/labels")["mentions"]]

    wait_for(drawn, "not drawn")
    page = screens.floor()
    at(page, "nav-labels").click()
    one = page.locator(f'[data-testid="label-one"][data-mention="{mention_id}"]')
    expect(at(one, "label-text")).to_contain_text(PAYLOADS[0])
    expect(at(page, "label-told")).to_have_count(0)
    assert violations(page) == []
    page.keyboard.press("2")
    expect(at(page, "label-told")).to_contain_text("Before: you said neutral, the model")
    expect(one).to_have_count(0)
    [label] = kept(house, mention_id)
    assert (label["by"], label["sentiment"], label["blind"]) == ("sofia", "neutral", True)
    phone = screens.enter("sofia", "/labels", theme="light", phone=True)
    expect(at(phone, "agreement").first).to_be_visible()
    fits(phone)
    assert violations(phone) == []
