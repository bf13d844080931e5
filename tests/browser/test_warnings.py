"""To be told before they ask: a supervisor sees whom it hurts, and lets them be told."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.house import House, ago, wait_for
from tests.browser.screens import Screens, at
from tests.browser.test_looks import violations

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

HOSTILE = "<b>Parcel</b> P-7"


def test_a_supervisor_lets_people_be_told_before_they_ask(house: House, screens: Screens) -> None:
    """A8.6: warn the customer before the problem; nothing is sent by itself."""
    handles = [{"channel": "email", "handle": f"silent_{n}@example.org"} for n in (1, 2)]
    house.signal(subject=HOSTILE, handles=handles, at=ago(60))
    wait_for(lambda: house.get("/api/v1/proactive")["signals"], "the signal is not listed")
    page = screens.floor()
    line = at(page, "warning")
    expect(line).to_contain_text(HOSTILE)
    expect(at(line, "warning-people")).to_have_text("2 people")
    expect(line).to_contain_text("silent_1@example.org on Email")
    assert violations(page) == []
    at(line, "warning-text").fill("It comes on Friday.")
    at(line, "warning-tell").click()
    expect(at(page, "to-be-told")).to_have_count(0)
    expect(page.get_by_text("2 people will be told")).to_be_visible()
    wait_for(lambda: not house.get("/api/v1/proactive")["signals"], "they are still listed")
    page = screens.enter("anton", "/floor")
    expect(at(page, "total-waiting")).to_be_visible()
    expect(at(page, "to-be-told")).to_have_count(0)
