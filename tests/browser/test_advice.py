"""What the users' rules say to an agent: labels, a reply that they may use, and a case."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.house import House, wait_for
from tests.browser.rules_house import Rules
from tests.browser.screens import Screens, at, take
from tests.browser.test_looks import violations

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

DRAFT = "Dear guest, <b>we</b> are sorry about your bag."
RULES = f"""title = "Advice"
[[rule]]
id = "bags"
on = "mention"
when = 'mention.text.says("suitcase")'
do = [{{ label = "late-bag" }}, {{ case = "Late <i>bag</i>" }}, {{ draft = "{DRAFT}" }}]
why = "A bag is late."

[[row]]
id = "all"
when = "true"
then = {{ queue = "service" }}
why = "Somebody should look."
"""


@pytest.fixture(autouse=True)
def advised(house: House) -> Iterator[None]:
    rules = Rules(house)
    rules.put_in_effect({"1.toml": RULES})
    yield
    rules.restore()


def test_an_agent_sees_what_rules_advise_and_uses_the_proposed_reply(
    house: House, screens: Screens
) -> None:
    """A4.11: what and how to respond; nothing is sent by itself."""
    page = screens.desk()
    take(page, house)
    notes = at(page, "conversation").get_by_test_id("task-notes")
    expect(notes).to_contain_text("Late-bag")
    expect(at(page, "proposed-reply")).to_contain_text(DRAFT)
    at(page, "use-draft").click()
    expect(at(page, "task-reply")).to_have_value(DRAFT)
    expect(at(page, "task-reply")).to_be_focused()
    expect(at(page, "proposed-reply")).to_have_count(0)
    page.keyboard.type(" We will bring it.")
    page.keyboard.press("Control+Enter")
    expect(at(page, "reply-sent")).to_contain_text(f"{DRAFT} We will bring it.")


def test_a_case_that_a_rule_opened_is_seen_and_closed_on_the_timeline(
    house: House, screens: Screens
) -> None:
    """A4.8, A7.1: on the context card, on the timeline, and closed by whoever has seen to it."""
    handle = f"kim_{uuid.uuid4().hex[:8]}"
    house.mention("My suitcase is lost", author={"handle": handle, "name": "Kim"})
    asked = f"person=email:{handle}"
    told = f"/api/v1/history?{asked}&kind=case_opened"
    wait_for(lambda: house.get(told)["lines"], "no case on the timeline")
    page = screens.enter("amira", f"/history?{asked}")
    case = page.locator('[data-testid="line"][data-kind="case_opened"]')
    expect(at(case, "line-text")).to_have_text("Late <i>bag</i>")
    expect(at(case, "line-case-state")).to_have_text("Open")
    expect(at(page, "history-totals")).to_contain_text("1 open case")
    assert violations(page) == []
    at(case, "line-case-close").click()
    at(page, "ask-reason").fill("The <b>bag</b> is found")
    at(page, "ask-confirm").click()
    closed = page.locator('[data-testid="line"][data-kind="case_closed"]')
    expect(at(closed, "line-text")).to_have_text("The <b>bag</b> is found")
    expect(at(case, "line-case-state")).to_have_text("Closed")
    expect(at(case, "line-case-close")).to_have_count(0)
