"""What people did otherwise than the rules decided, on the page of the rules."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.house import House, wait_for
from tests.browser.payloads import PAYLOADS
from tests.browser.rules_house import open_rules
from tests.browser.screens import PHONE, Screens, at
from tests.browser.test_looks import fits, violations

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]


def test_a_rule_that_people_correct_is_shown_with_their_reasons(
    house: House, screens: Screens
) -> None:
    """A4.4, A4.10: cancelled by a supervisor, whose words are text and nothing else."""
    mention_id = house.mention()
    task = wait_for(lambda: house.task_of(mention_id), "no task")
    house.do("sofia", task["task_id"], "cancel", reason=PAYLOADS[0])
    wait_for(lambda: house.facts(mention_id, "cancelled"), "the ledger has not heard of it")
    page = open_rules(screens)
    at(page, "tab-overrides").click()
    expect(at(page, "overrides-sum")).to_contain_text("otherwise than the rules had decided")
    changed = at(page, "override").filter(has_text=PAYLOADS[0].strip())
    expect(changed).to_contain_text(re.compile(r"cancelled \d"))
    assert violations(page) == []
    at(page, "override-hours").select_option("24")
    expect(changed).to_be_visible()
    page.set_viewport_size(PHONE)
    fits(page)
