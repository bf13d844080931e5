"""The main job at the desk: an offer comes, is accepted, answered and completed; live all along."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import COMPLAINT, House, wait_for
from tests.browser.screens import Screens, at, never_reloaded, offer_of, row_of, still_there

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]


def test_an_offer_appears_without_reload_and_tells_all(house: House, screens: Screens) -> None:
    page = screens.desk()
    never_reloaded(page)
    expect(at(page, "desk-empty")).to_contain_text("Nothing on your desk")
    card = house.offered(house.mention(), "amira")
    offer = offer_of(page, card["task_id"])
    expect(offer).to_be_visible()
    expect(offer).to_contain_text(COMPLAINT)
    expect(offer).to_contain_text(card["mention"]["author"]["name"])
    expect(at(offer, "offer-reason")).to_contain_text(card["reason"])
    expect(at(offer, "sla")).to_have_attribute("data-sla", "ok")
    first = int(at(offer, "offer-countdown").inner_text())
    assert 0 < first <= 6
    expect(at(offer, "offer-countdown")).to_have_text(str(first - 1))
    expect(page).to_have_title(re.compile(r"^\(1\)"))
    expect(at(page, "offer-spoken")).to_contain_text("New offer from")
    assert still_there(page)


@pytest.mark.parametrize("how", ["click", "Alt+A"])
def test_accept_reply_complete(house: House, screens: Screens, how: str) -> None:
    page = screens.desk()
    never_reloaded(page)
    mention_id = house.mention()
    task_id = house.offered(mention_id, "amira")["task_id"]
    expect(offer_of(page, task_id)).to_be_visible()
    if how == "click":
        at(page, "offer-accept").click()
    else:
        page.keyboard.press(how)
    expect(row_of(page, task_id)).to_have_attribute("aria-busy", "false")
    expect(at(page, "offer-card")).to_have_count(0)
    expect(at(page, "task-text")).to_have_text(COMPLAINT)
    expect(at(page, "score-pillar")).to_have_text("For service")
    expect(at(page, "my-state")).to_contain_text("1 of 3")
    at(page, "task-reply").fill("We are sorry. A new suitcase is on its way.")
    at(page, "task-send").click()
    expect(at(page, "reply-sent")).to_contain_text("A new suitcase is on its way.")
    expect(at(page, "conversation").locator(".sla")).to_have_attribute("data-sla", "met")
    at(page, "task-complete").click()
    expect(row_of(page, task_id)).to_have_count(0)
    expect(at(page, "notice")).to_have_text(re.compile("Completed: resolved"))
    expect(at(page, "my-state")).to_contain_text("0 of 3")
    assert still_there(page)
    wait_for(lambda: house.facts(mention_id, "completed"), "no completed fact")
    [replied] = house.facts(mention_id, "replied")
    assert replied["data"]["text"] == "We are sorry. A new suitcase is on its way."


def test_the_floor_follows_the_desk(house: House, screens: Screens) -> None:
    floor = screens.floor()
    never_reloaded(floor)
    _floor_shows(floor, house, waiting=0, offered=0, accepted=0)
    expect(at(floor, "scoring")).to_have_text(re.compile("^Scored by (full|cascade|fast|lexicon)"))
    mentions = [house.mention(), house.mention()]
    _floor_shows(floor, house, waiting=2, offered=0, accepted=0)
    desk = screens.desk()
    _floor_shows(floor, house, waiting=1, offered=1, accepted=0)
    rep = floor.locator('[data-testid="floor-rep-row"][data-rep="amira"]')
    expect(at(rep, "rep-state")).to_have_attribute("data-state", "available")
    for accepted in (1, 2):
        expect(at(desk, "offer-card")).to_be_visible()
        at(desk, "offer-accept").click()
        expect(at(desk, "task-row")).to_have_count(accepted)
    _floor_shows(floor, house, waiting=0, offered=0, accepted=2)
    expect(rep).to_contain_text("2 of 3")
    for left in (1, 0):
        at(desk, "task-complete").click()
        expect(at(desk, "task-row")).to_have_count(left)
        _floor_shows(floor, house, waiting=0, offered=0, accepted=left)
    assert still_there(floor)
    assert all(house.task_of(mention_id) is None for mention_id in mentions)


def _floor_shows(floor: Page, house: House, waiting: int, offered: int, accepted: int) -> None:
    """The floor, without a reload, shows these figures, and the API says the same."""
    row = floor.locator('[data-testid="floor-queue-row"][data-queue="service"]')
    expect(at(row, "queue-waiting")).to_have_text(str(waiting))
    expect(at(row, "queue-offered")).to_have_text(str(offered))
    expect(at(row, "queue-accepted")).to_have_text(str(accepted))
    expect(at(floor, "total-waiting")).to_have_text(str(waiting))
    [queue] = [queue for queue in house.get("/api/v1/queues") if queue["name"] == "service"]
    for figure in ("waiting", "at_risk", "breached"):
        shown = at(row, f"queue-{figure.replace('_', '-')}").inner_text()
        assert int(shown) == queue[figure], figure


def test_going_offline_gives_the_offer_back(house: House, screens: Screens) -> None:
    page = screens.desk()
    task_id = house.offered(house.mention(), "amira")["task_id"]
    expect(offer_of(page, task_id)).to_be_visible()
    at(page, "state-offline").click()
    expect(at(page, "offer-card")).to_have_count(0)
    expect(at(page, "desk-empty")).to_contain_text("You are offline")
    at(page, "empty-ready").click()
    expect(offer_of(page, task_id)).to_be_visible()
