"""The context card at the desk: four parts, what each clause stands on, and reasons on demand."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import House, ago
from tests.browser.screens import Screens, at, offer_of, take
from tests.browser.test_looks import fits, violations

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]


def clause(page: Page, key: str, part: str = "context") -> None:
    """Go to this clause by its key."""
    at(page, part).locator(f'[data-key="{key}"]').focus()


def test_an_agent_reads_who_why_and_what_and_sees_what_it_stands_on(
    house: House, screens: Screens
) -> None:
    """A8.1, A8.4: each clause leads to its entries, by keyboard as by pointer."""
    page = screens.desk()
    task_id = take(page, house)
    mention_id = house.get(f"/api/v1/tasks/{task_id}")["mention_id"]
    card = at(page, "context")
    expect(at(card, "context-who")).to_contain_text("on E-mail")
    expect(at(card, "context-why_you")).to_contain_text("it was the most pressing that fits you")
    expect(at(card, "context-why_now")).to_contain_text("an answer is due at")
    clause(page, "pressing")
    entry = at(card, "context-entry")
    [offered] = house.facts(mention_id, "offered")
    expect(entry).to_have_attribute("data-entry", offered["fact_id"])
    expect(entry).to_contain_text("Offered")
    card.locator('[data-key="due"]').hover()
    expect(entry).to_contain_text("Queued")
    expect(entry).to_contain_text("deadline_ms")
    card.locator('[data-key="pressing"]').click()
    card.locator('[data-key="due"]').hover()  # on the way to the entries
    expect(entry).to_contain_text("Offered")
    at(card, "context-trail").click()
    marked = page.locator('[data-testid="trail-line"][data-asked="true"]')
    expect(marked).to_have_attribute("data-entry", offered["fact_id"])
    expect(at(page, "trail-line")).to_have_count(
        len(house.get(f"/api/v1/mentions/{mention_id}/why")["facts"])
    )
    page.keyboard.press("Escape")
    expect(at(page, "trail-line")).to_have_count(0)
    reasons = at(card, "context-reasons")
    expect(reasons.locator("li").first).to_be_hidden()
    reasons.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(reasons.locator("li").first).to_contain_text("decided where it goes")


def test_what_another_system_says_comes_onto_the_open_card(house: House, screens: Screens) -> None:
    """A8.5: the parcel is late, and the agent learns it while they write."""
    page = screens.desk()
    handle = {"handle": "parcel_guest", "name": "Parcel Guest"}
    task_id = house.offered(house.mention(author=handle), "amira")["task_id"]
    expect(offer_of(page, task_id)).to_be_visible()
    expect(at(page, "offer-context")).to_contain_text("it was the most pressing that fits you")
    at(page, "offer-accept").click()
    expect(at(page, "context-who")).to_be_visible()
    hostile = "<b>Parcel</b> \u202eP-1"
    fact_id = house.signal(
        subject=hostile, handles=[{"channel": "email", "handle": "parcel_guest"}], at=ago(3600)
    )
    card = at(page, "context")
    expect(at(card, "context-why_now")).to_contain_text(
        "told by logistics: <b>Parcel</b> P-1 was delayed at"
    )
    clause(page, "signal:delay", "context-why_now")
    expect(at(card, "context-entry").first).to_have_attribute("data-entry", fact_id)
    at(card, "context-trail").click()
    expect(at(page, "trail-beside")).to_contain_text("Signalled")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_context_card_has_no_barriers(house: House, screens: Screens, theme: str) -> None:
    page = screens.desk(theme=theme)
    take(page, house)
    clause(page, "pressing")
    at(page, "context-reasons").locator("summary").click()
    assert violations(page) == []
    at(page, "context-trail").click()
    expect(at(page, "trail-line").first).to_be_visible()
    assert violations(page) == []


def test_a_phone_still_shows_what_the_customer_said(house: House, screens: Screens) -> None:
    """A8.2: the right device; one clause of each part there, the others on demand."""
    page = screens.desk(phone=True)
    task_id = house.offered(house.mention(), "amira")["task_id"]
    expect(offer_of(page, task_id)).to_be_visible()
    at(page, "offer-accept").tap()
    expect(at(page, "context-why_you")).to_be_visible()
    expect(at(page, "context-why_you").locator("[data-key]")).to_have_count(1)
    expect(at(page, "task-text")).to_be_in_viewport()
    fits(page)
    at(page, "more-why_you").tap()
    expect(at(page, "context-why_you").locator("[data-key]")).to_have_count(3)
    fits(page)
