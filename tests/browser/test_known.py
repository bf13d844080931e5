"""The customer panel: what each source says of the customer, with its age."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.house import COMPLAINT, House, wait_for
from tests.browser.payloads import PAYLOADS
from tests.browser.screens import Screens, at
from tests.browser.test_looks import violations

pytestmark = [pytest.mark.live, pytest.mark.timeout(90)]


def say(house: House, **said: object) -> None:
    since = (datetime.now(UTC) - timedelta(hours=3)).isoformat()
    house.post("ada", "/api/v1/profiles", {"customer_id": "K1", "at": since} | said)


def test_what_sources_say_differently_stands_side_by_side_with_source_and_age(
    house: House, screens: Screens
) -> None:
    """A2.4, A2.8: and hostile text in it is text."""
    say(house, source="crm", name=PAYLOADS[0], tier="gold", handles={"x": "known_kim"})
    say(house, source="rewards", tier="silver", rewards=1200, household=PAYLOADS[1][:80])

    def cached() -> bool:
        try:
            house.get("/api/v1/people/K1/profile")
        except httpx.HTTPStatusError:
            return False
        return True

    wait_for(cached, "not kept")
    page = screens.enter("amira", "/desk")
    house.set_state("available", "amira")
    author = {"handle": "known_kim", "name": "Kim"}
    card = house.taken("amira", channel="x", author=author, text=COMPLAINT)
    page.goto(f"/desk?task={card['task_id']}")
    expect(at(page, "profile-name")).to_contain_text(PAYLOADS[0][:20])
    at(page, "known-facts").locator("summary").click()
    tier = page.locator('[data-testid="known-fact"][data-field="tier"]')
    expect(tier).to_contain_text("sources differ")
    expect(tier.locator("li").first).to_contain_text("gold")
    expect(tier.locator("li").first).to_contain_text("crm, 3h")
    expect(tier.locator("li").nth(1)).to_contain_text("silver")
    assert violations(page) == []
