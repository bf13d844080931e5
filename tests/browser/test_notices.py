"""A task waits, a rule moves it up, and the people who should know are told on their screens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import House, wait_for
from tests.browser.rules_house import Rules
from tests.browser.screens import Screens, at, never_reloaded, row_of, still_there
from tests.browser.test_looks import violations

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

HOSTILE = "<img src=x onerror=alert(1)> waits too long"
# A minute is two seconds here: the house runs with a window of 60 s in place of 30 min.
RULES = f"""title = "Waits"
[[rule]]
id = "waits-too-long"
on = "waiting"
after = "1m"
when = 'mention.text.says("suitcase") && task.queue == "service"'
do = [
  {{ priority = 88 }},
  {{ label = "slow" }},
  {{ notify = {{ to = "supervisor", text = "{HOSTILE}" }} }},
]
why = "Nobody has taken it for a <b>minute</b>."

[[rule]]
id = "handed-to-me"
on = "replied"
when = 'true'
do = [{{ notify = {{ to = "amira", text = "Close it soon." }} }}]
why = "Answered tasks should end."

[[rule]]
id = "press"
on = "mention"
when = 'mention.text.says("newsroom")'
do = [{{ notify = {{ to = "supervisor", text = "The press asks." }} }}]
why = "Promise nothing."

[[row]]
id = "all"
when = "true"
then = {{ queue = "service", priority = 30 }}
why = "Somebody should look."
"""


@pytest.fixture(autouse=True)
def ruled(house: House) -> Iterator[None]:
    rules = Rules(house)
    rules.put_in_effect({"1.toml": RULES})
    yield
    rules.restore()
    for user in ("sofia", "amira"):
        ids = [one["notice_id"] for one in house.get("/api/v1/notices", user)["notices"]]
        if ids:
            house.post(user, "/api/v1/notices/read", {"ids": ids})


def opened(page: Page) -> None:
    at(page, "bell").click()
    expect(page.get_by_role("dialog", name="Notices")).to_be_visible()


def test_a_waiting_task_is_moved_up_and_a_supervisor_is_told(
    house: House, screens: Screens
) -> None:
    """A4.1, A5.5: the rule acts in time, and the person is told, without looking for it."""
    page = screens.floor()
    expect(at(page, "bell")).to_have_attribute("aria-label", "No unread notices")
    never_reloaded(page)
    mention_id = house.mention()
    expect(at(page, "bell-count")).to_have_text("1")
    expect(at(page, "told-spoken")).to_contain_text("1 new notice")
    card = wait_for(
        lambda: (c := house.task_of(mention_id)) and c["priority"] == 88 and c, "no move"
    )
    [fact] = wait_for(lambda: house.facts(mention_id, "prioritised"), "no fact")
    assert (fact["actor"]["id"], fact["reason"][:20]) == (
        "rule:waits-too-long",
        "Rule waits-too-long:",
    )
    opened(page)
    expect(at(page, "told")).to_contain_text(HOSTILE)
    expect(at(page, "told")).to_contain_text("while it waited")
    assert violations(page) == []
    at(page, "told-show").click()
    expect(at(page, "rule-act")).to_contain_text("priority 88; labelled slow; told supervisor")
    expect(at(page, "rule-act")).to_contain_text("Nobody has taken it for a <b>minute</b>.")
    expect(at(page, "story-said")).to_contain_text("suitcase")
    assert violations(page) == []
    at(page, "story-go").click()
    row = page.locator(f'[data-testid="floor-task"][data-task-id="{card["task_id"]}"]')
    expect(at(row, "task-story")).to_be_focused()
    page.keyboard.press("Enter")  # its row leads there, too
    expect(at(page, "rule-act")).to_contain_text("waits-too-long")
    assert still_there(page)


def test_a_notice_of_the_mention_names_its_rule_and_says_that_it_was_told_then(
    house: House, screens: Screens
) -> None:
    page = screens.floor()
    house.mention("This is the newsroom of the Morning Post.")
    expect(at(page, "bell-count")).to_have_text("1")
    opened(page)
    expect(at(page, "told")).to_contain_text("rule press")
    at(page, "told-show").click()
    expect(at(page, "story-none")).to_contain_text("Rules told this when the mention was decided")
    assert violations(page) == []


def test_a_notice_survives_a_reload_and_goes_when_it_is_read(
    house: House, screens: Screens
) -> None:
    page = screens.floor()
    house.mention()
    expect(at(page, "bell-count")).to_have_text("1")
    page.reload()
    expect(at(page, "bell-count")).to_have_text("1")
    other = screens.floor(phone=True, theme="light")
    expect(at(other, "bell-count")).to_have_text("1")
    opened(other)
    assert violations(other) == []
    at(other, "told-read").click()
    expect(at(other, "told-none")).to_be_visible()
    expect(at(page, "bell-count")).to_have_count(0)  # in the other window, too
    page.reload()
    expect(at(page, "bell")).to_have_attribute("data-unread", "false")


def test_an_agent_reads_at_the_task_what_rules_did(house: House, screens: Screens) -> None:
    mention_id = house.mention()
    wait_for(lambda: (c := house.task_of(mention_id)) and c["priority"] == 88, "no move")
    page = screens.desk()
    task_id = house.offered(mention_id, "amira")["task_id"]
    at(page, "offer-accept").click()
    expect(row_of(page, task_id)).to_have_attribute("aria-busy", "false")
    expect(at(page, "rule-act")).to_contain_text("waits-too-long while it waited")
    expect(at(page, "conversation")).not_to_contain_text(HOSTILE)  # that was for supervisors
    assert violations(page) == []
    at(page, "task-reply").fill("We are on it.")
    page.keyboard.press("Control+Enter")
    expect(at(page, "bell-count")).to_have_text("1")
    opened(page)
    at(page, "told-show").click()
    at(page, "story-go").click()
    expect(at(page, "conversation")).to_have_attribute("data-task-id", task_id)
