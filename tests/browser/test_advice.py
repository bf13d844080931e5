"""What the users' rules say to an agent: labels, a case, and a reply that they may use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.house import House
from tests.browser.rules_house import Rules
from tests.browser.screens import Screens, at, take

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
    expect(notes).to_contain_text("Open a case: Late <i>bag</i>")
    expect(at(page, "proposed-reply")).to_contain_text(DRAFT)
    at(page, "use-draft").click()
    expect(at(page, "task-reply")).to_have_value(DRAFT)
    expect(at(page, "task-reply")).to_be_focused()
    expect(at(page, "proposed-reply")).to_have_count(0)
    page.keyboard.type(" We will bring it.")
    page.keyboard.press("Control+Enter")
    expect(at(page, "reply-sent")).to_contain_text(f"{DRAFT} We will bring it.")
