"""How an offer ends otherwise: time runs out, it is declined, somebody was faster."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import House, wait_for
from tests.browser.screens import Screens, at, offer_of, row_of, wait_on

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]


def test_a_missed_offer_goes_to_the_next_agent(house: House, screens: Screens) -> None:
    amira = screens.desk("amira")
    ben = screens.desk("ben")  # ready after amira: the longest idle is offered first
    floor = screens.floor()
    mention_id = house.mention()
    task_id = house.offered(mention_id, "amira")["task_id"]
    expect(offer_of(amira, task_id)).to_be_visible()
    expect(at(ben, "offer-card")).to_have_count(0)

    expect(offer_of(ben, task_id)).to_be_visible()
    expect(at(amira, "offer-card")).to_have_count(0)
    expect(at(amira, "my-state")).to_have_attribute("data-state", "paused")
    expect(at(amira, "desk-empty")).to_contain_text(re.compile("missed an offer", re.I))
    expect(at(amira, "notice")).to_contain_text("Time ran out")
    row = floor.locator('[data-testid="floor-rep-row"][data-rep="amira"]')
    expect(at(row, "rep-state")).to_have_attribute("data-state", "paused")
    at(ben, "offer-accept").click()
    expect(row_of(ben, task_id)).to_have_count(1)

    house.set_state("offline", "ben")
    at(amira, "empty-ready").click()
    expect(at(row, "rep-state")).to_have_attribute("data-state", "available")
    other = house.offered(house.mention(), "amira")["task_id"]
    expect(offer_of(amira, other)).to_be_visible()
    at(amira, "offer-accept").click()
    expect(row_of(amira, other)).to_have_attribute("aria-busy", "false")


@pytest.mark.parametrize("how", ["click", "Alt+R"])
def test_a_declined_offer_goes_to_the_next_agent(house: House, screens: Screens, how: str) -> None:
    amira = screens.desk("amira")
    house.set_state("available", "ben")
    mention_id = house.mention()
    task_id = house.offered(mention_id, "amira")["task_id"]
    expect(offer_of(amira, task_id)).to_be_visible()
    if how == "click":
        at(amira, "offer-reject").click()
    else:
        amira.keyboard.press(how)
    expect(at(amira, "notice")).to_contain_text("Declined")
    expect(at(amira, "offer-card")).to_have_count(0)
    expect(at(amira, "my-state")).to_have_attribute("data-state", "available")
    house.offered(mention_id, "ben")
    house.do("ben", task_id, "accept")
    expect(at(amira, "task-row")).to_have_count(0)


def _click_at(page: Page, moment: float) -> None:
    page.evaluate(
        "at => setTimeout(() => document.querySelector('[data-testid=offer-accept]').click(),"
        " at - Date.now())",
        moment,
    )


def test_two_tabs_accept_at_once(house: House, screens: Screens) -> None:
    screens.allow("status of 409")
    first = screens.desk("amira")
    second = first.context.new_page()
    second.goto("/desk")
    answers: list[int] = []
    for page in (first, second):
        page.on(
            "response",
            lambda response: answers.append(response.status) if "/accept" in response.url else None,
        )
    mention_id = house.mention()
    task_id = house.offered(mention_id, "amira")["task_id"]
    for page in (first, second):
        expect(offer_of(page, task_id)).to_be_visible()
    moment = first.evaluate("Date.now() + 500")
    _click_at(first, moment)
    _click_at(second, moment)
    # it is amira's in both tabs; the slower one was told that its own press came to nothing
    for page in (first, second):
        expect(at(page, "offer-card")).to_have_count(0)
        expect(row_of(page, task_id)).to_have_attribute("aria-busy", "false")
    wait_on(first, lambda: len(answers) == 2, "no two answers")
    assert sorted(answers) == [200, 409]
    told = [page for page in (first, second) if at(page, "notice").count()]
    assert len(told) == 1
    expect(at(told[0], "notice")).to_have_text(re.compile("not offered to you|another window"))
    wait_for(lambda: house.facts(mention_id, "accepted"), "no accepted fact")
    assert len(house.facts(mention_id, "accepted")) == 1
    for page in (first, second):
        assert row_of(page, task_id).count() == 1
