"""Event rules on the page of the rules: made, changed and kept without loss, action by action."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.house import House
from tests.browser.rules_house import Rules, edit, line, open_rules
from tests.browser.screens import PHONE, Screens, at
from tests.browser.test_looks import fits, violations

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

FILE = "20-risk.toml"
HELD = """title = "Held"

# The press may call at any time.
[[rule]]
id = "press"
on = "mention"
for = { customers = ["@kim", "Smith, John"], tier = "gold" }
level = 3
when = 'mention.text.says("reporter")'
do = [
  { label = "press" },
  { notify = { to = "supervisor", text = "The press\\nis asking." } },
  { priority = 95 },
  { reply = { text = "We call\\nyou back." } },
]
why = "The press is asking."

[[row]]
id = "rest"
when = "true"
then = { queue = "service" }
why = "The rest."
"""


@pytest.fixture
def rules(house: House) -> Iterator[Rules]:
    rules = Rules(house)
    rules.restore()
    yield rules
    rules.restore()


def act(page: Page, kind: str, value: str = "", to: str = "") -> Locator:
    """Add an action to the open rule."""
    at(page, "act-add").click()
    added = at(page, "act").last
    at(added, "act-kind").select_option(kind)
    if to:
        at(added, "act-to").fill(to)
    if kind == "queue":
        at(added, "act-value").select_option(value)
    elif value:
        at(added, "act-value").fill(value)
    return added


def begun(screens: Screens, id_: str) -> Page:
    """The page with the form of a new event rule open."""
    page = open_rules(screens)
    edit(page)
    section = page.locator(f'[data-testid="rule-file"][data-file="{FILE}"]')
    at(section, "rule-add-event").click()
    at(page, "rule-id").fill(id_)
    return page


def said(rules: Rules, draft_id: str, file: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads(rules.read(draft_id)["texts"][file])["rule"]
    return found


def test_an_event_rule_is_written_in_the_form_and_says_what_was_meant(
    rules: Rules, screens: Screens
) -> None:
    """A4.1, A4.3: event, for whom, actions in their order; the file says exactly that."""
    draft = rules.draft()
    page = begun(screens, "kim-first")
    at(page, "rule-condition").fill('score.intent != "praise"')
    at(page, "rule-customers").fill("C-1021\n@kim")
    at(page, "rule-level").fill("2")
    act(page, "label", "kim")
    act(page, "queue", "billing")
    act(page, "priority", "90")
    act(page, "notify", "Kim has written.", to="supervisor")
    act(page, "reply", "Kim, we are on it.", to="acknowledgement")
    at(act(page, "case", "wrong"), "act-drop").click()
    at(page, "rule-why").fill("Kim comes first.")
    assert violations(page) == []
    page.set_viewport_size(PHONE)
    fits(page)
    at(page, "rule-save").click()
    expect(line(page, "kim-first")).to_be_visible()
    assert said(rules, draft["id"], FILE)[-1] == {
        "id": "kim-first",
        "on": "mention",
        "for": {"customers": ["C-1021", "@kim"]},
        "level": 2,
        "when": 'score.intent != "praise"',
        "do": [
            {"label": "kim"},
            {"queue": "billing"},
            {"priority": 90},
            {"notify": {"to": "supervisor", "text": "Kim has written."}},
            {"reply": {"text": "Kim, we are on it.", "purpose": "acknowledgement"}},
        ],
        "why": "Kim comes first.",
    }
    assert rules.read(draft["id"])["problems"] == []


def test_a_condition_is_checked_for_the_event_at_which_it_is_asked(
    rules: Rules, screens: Screens
) -> None:
    """A5.5: a task has waited; at the mention there is no task yet."""
    draft = rules.draft()
    page = begun(screens, "left-alone")
    at(page, "rule-condition").fill('task.queue == "service"')
    expect(at(page, "condition-state")).to_have_attribute("data-state", "bad")
    at(page, "rule-on").select_option("waiting")
    expect(at(page, "condition-state")).to_have_attribute("data-state", "good")
    at(page, "rule-after").fill("10m")
    act(page, "priority", "90")
    at(page, "rule-why").fill("Ten minutes are long.")
    at(page, "rule-save").click()
    expect(line(page, "left-alone")).to_contain_text("when waiting 10m")
    assert said(rules, draft["id"], FILE)[-1]["after"] == "10m"
    assert rules.read(draft["id"])["problems"] == []


def test_what_the_form_does_not_touch_stays_as_it_was_written(
    rules: Rules, screens: Screens
) -> None:
    draft = rules.draft({"10-held.toml": HELD})
    page = open_rules(screens)
    at(page, "showing").select_option(draft["id"])
    row = line(page, "press")
    expect(row).to_contain_text("for @kim; Smith, John")
    expect(row).to_contain_text("notify supervisor: The press")
    at(row, "rule-open").click()
    at(at(page, "act").nth(2), "act-value").fill("97")
    at(page, "rule-save").click()
    expect(line(page, "press")).to_contain_text("priority 97")
    text = rules.read(draft["id"])["texts"]["10-held.toml"]
    assert tomllib.loads(text) == tomllib.loads(HELD.replace("95", "97"))
    assert "# The press may call at any time." in text
