"""The SLA chip: at risk, late and met, on the offer, on the task and on the floor."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.house import House, ago
from tests.browser.screens import Screens, at, offer_of, row_of

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

# The window of the queue Service is 60 s here, and a task is at risk after 48 s.
_AT_RISK_S, _LATE_S = 52.0, 61.0


def test_a_task_at_risk_becomes_late(house: House, screens: Screens) -> None:
    floor = screens.floor()
    page = screens.desk()
    mention_id = house.mention(detected_at=ago(_AT_RISK_S))
    task_id = house.offered(mention_id, "amira")["task_id"]
    offer = offer_of(page, task_id)
    expect(at(offer, "sla")).to_have_attribute("data-sla", "at_risk")
    expect(at(offer, "sla")).to_contain_text("at risk")
    expect(at(floor, "total-at-risk")).to_have_text("1")
    at(page, "offer-accept").click()
    chip = at(row_of(page, task_id), "sla")
    expect(chip).to_have_attribute("data-sla", "at_risk")
    expect(chip).to_have_attribute("data-sla", "late")
    expect(chip).to_contain_text("late ")
    expect(at(floor, "total-breached")).to_have_text("1")
    expect(at(floor, "total-at-risk")).to_have_text("0")
    totals = house.get("/api/v1/floor")["totals"]
    assert (totals["at_risk"], totals["breached"]) == (0, 1)
    assert len(house.facts(mention_id, "breached")) == 1


def test_a_late_task_that_waits_comes_to_the_mediator(house: House, screens: Screens) -> None:
    page = screens.desk("miriam")
    mention_id = house.mention(detected_at=ago(_LATE_S))
    card = house.offered(mention_id, "miriam")
    offer = offer_of(page, card["task_id"])
    expect(at(offer, "sla")).to_have_attribute("data-sla", "late")
    expect(offer).to_contain_text("Escalation")
    at(page, "offer-accept").click()
    row = row_of(page, card["task_id"])
    expect(row).to_contain_text("escalated")
    # an answer stops the clock; it does not make a late task a punctual one
    at(page, "task-reply").fill("We are sorry that this took so long.")
    at(page, "task-send").click()
    expect(at(page, "reply-sent")).to_be_visible()
    expect(at(row, "sla")).to_have_attribute("data-sla", "late")
