"""Work that changes hands: hand on, park, wrap up; a supervisor's hand; hostile reasons."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.house import House, wait_for
from tests.browser.payloads import PAYLOADS
from tests.browser.screens import Screens, at, offer_of, row_of, take

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

REASON = "He speaks to this customer every week."


def _floor_row(floor: Page, task_id: str) -> Locator:
    return floor.locator(f'[data-testid="floor-task"][data-task-id="{task_id}"]')


@pytest.mark.parametrize("how", ["click", "t"])
def test_a_task_is_handed_to_a_colleague_with_the_reason(
    house: House, screens: Screens, how: str
) -> None:
    """A5.4: the next agent reads on the offer who handed it on and why."""
    amira = screens.desk("amira")
    task_id = take(amira, house)
    ben = screens.desk("ben")
    if how == "click":
        at(amira, "task-transfer").click()
    else:
        amira.keyboard.press("t")
    expect(at(amira, "ask-to")).to_be_focused()
    at(amira, "ask-to").select_option(label="Ben Okafor")
    expect(at(amira, "ask-confirm")).to_be_disabled()
    at(amira, "ask-reason").fill(REASON)
    at(amira, "ask-confirm").click()
    expect(at(amira, "ask")).to_have_count(0)
    expect(row_of(amira, task_id)).to_have_count(0)
    expect(at(amira, "notice")).to_have_text(re.compile("Handed on to Ben"))
    offer = offer_of(ben, task_id)
    expect(offer).to_contain_text(f"Handed on by amira: {REASON}")
    expect(offer).to_contain_text("Kept for you")


def test_a_task_is_handed_to_a_queue(house: House, screens: Screens) -> None:
    page = screens.desk("amira")
    task_id = take(page, house)
    at(page, "task-transfer").click()
    at(page, "ask-to").select_option(label="Escalation")
    at(page, "ask-reason").fill("It is about money.")
    at(page, "ask-confirm").dblclick()
    expect(row_of(page, task_id)).to_have_count(0)
    card = house.get(f"/api/v1/tasks/{task_id}")
    assert card["queue"] == "escalation"
    wait_for(lambda: house.facts(card["mention_id"], "transferred"), "no transferred fact")
    assert len(house.facts(card["mention_id"], "transferred")) == 1


def test_a_refusal_stays_in_the_dialog_in_plain_words(house: House, screens: Screens) -> None:
    screens.allow("status of 409")
    page = screens.desk("amira")
    task_id = take(page, house)
    house.set_state("offline", "ben")
    at(page, "task-transfer").click()
    at(page, "ask-to").select_option(label="Ben Okafor")
    at(page, "ask-reason").fill(REASON)
    at(page, "ask-confirm").click()
    expect(at(page, "ask-problem")).to_have_text(re.compile("not available now"))
    expect(at(page, "ask-reason")).to_have_value(REASON)
    page.keyboard.press("Escape")
    expect(at(page, "ask")).to_have_count(0)
    expect(row_of(page, task_id)).to_have_count(1)


def test_a_task_is_parked_and_resumed(house: House, screens: Screens) -> None:
    page = screens.desk("amira")
    task_id = take(page, house)
    page.keyboard.press("s")
    expect(at(page, "ask-length")).to_be_focused()
    at(page, "ask-length").select_option(label="15 minutes")
    at(page, "ask-reason").fill("Asked for the booking number.")
    at(page, "ask-customer").check()
    at(page, "ask-confirm").click()
    expect(row_of(page, task_id)).to_have_count(0)
    parked = page.locator(f'[data-testid="parked-row"][data-task-id="{task_id}"]')
    expect(at(parked, "parked-back")).to_contain_text(re.compile(r"back in 1[45]m"))
    expect(parked).to_contain_text("waiting for the customer")
    expect(at(page, "my-state")).to_contain_text("0 of 3")
    page.reload()
    at(parked, "parked-resume").click()
    expect(parked).to_have_count(0)
    expect(offer_of(page, task_id)).to_contain_text("Kept for you")


def test_a_supervisor_pulls_a_task_back_and_assigns_it(house: House, screens: Screens) -> None:
    """A4.4: who supervises moves work, with a reason that the agents can read."""
    floor = screens.floor()
    amira = screens.desk("amira")
    task_id = take(amira, house)
    row = _floor_row(floor, task_id)
    expect(at(row, "floor-task-state")).to_have_text("In work")
    expect(at(row, "floor-task-rep")).to_have_text("Amira Haddad")
    house.set_state("paused", "amira")
    at(row, "task-pull-back").click()
    at(floor, "ask-reason").fill("She has too much to do.")
    at(floor, "ask-confirm").click()
    expect(at(floor, "ask")).to_have_count(0)
    expect(row_of(amira, task_id)).to_have_count(0)
    expect(at(amira, "notice")).to_contain_text("taken back")
    expect(at(row, "floor-task-state")).to_have_text("Waiting")
    expect(at(row, "floor-task-cause")).to_have_text(re.compile("paused|here"))
    expect(at(floor, "unroutable-count")).to_have_text("1")

    miriam = screens.desk("miriam")
    at(row, "task-assign").click()
    at(floor, "ask-rep").select_option("miriam")
    at(floor, "ask-reason").fill("She knows the case.")
    at(floor, "ask-confirm").click()
    expect(offer_of(miriam, task_id)).to_be_visible()
    expect(at(floor, "unroutable")).to_have_count(0)
    at(miriam, "offer-accept").click()
    expect(at(row, "floor-task-rep")).to_have_text("Miriam Vogel")


def test_a_supervisor_changes_the_priority_parks_and_cancels(
    house: House, screens: Screens
) -> None:
    floor = screens.floor()
    mention_id = house.mention()
    wait_for(lambda: house.task_of(mention_id), "no task")
    task_id = house.task_of(mention_id)["task_id"]  # type: ignore[index]
    row = _floor_row(floor, task_id)
    for move, reason in (("prioritise", "On television."), ("park", "No."), ("cancel", "A test.")):
        at(row, "task-more").click()
        at(floor, "ask-move").select_option(move)
        if move == "prioritise":
            at(floor, "ask-priority").fill("95")
        at(floor, "ask-reason").fill(reason)
        at(floor, "ask-confirm").click()
        expect(at(floor, "ask")).to_have_count(0)
        if move == "prioritise":
            expect(row.locator('[data-label="Priority"]')).to_have_text("95")
        if move == "park":
            expect(at(row, "floor-task-state")).to_have_text("Parked")
    expect(row).to_have_count(0)


def test_who_only_looks_on_has_no_buttons(house: House, screens: Screens) -> None:
    mention_id = house.mention()
    wait_for(lambda: house.task_of(mention_id), "no task")
    page = screens.enter("anton", "/floor")
    expect(at(page, "floor-task")).to_have_count(1)
    expect(at(page, "task-more")).to_have_count(0)


def test_who_is_assigned_a_task_reads_why_and_a_hostile_reason_is_text(
    house: House, screens: Screens
) -> None:
    reason = "\n".join(PAYLOADS[6:12])[:500]
    ben = screens.desk("ben")
    card = house.offered(house.mention(), "ben")
    house.set_state("available", "amira")
    house.do("sofia", card["task_id"], "assign", rep="amira", reason=reason)
    amira = screens.enter("amira", "/desk")
    offer = offer_of(amira, card["task_id"])
    for shown in (offer, at(amira, "conversation")):
        note = shown.locator('[data-note="assigned"]')
        expect(note).to_contain_text("Assigned to you by sofia")
        assert reason in note.evaluate("e => e.textContent")
        if shown is offer:
            at(amira, "offer-accept").click()
    assert amira.evaluate("window.ran") is None
    expect(offer_of(ben, card["task_id"])).to_have_count(0)


def test_a_hostile_reason_is_text_too(house: House, screens: Screens) -> None:
    reason = "\n".join(PAYLOADS[:6])[:500]
    ben = screens.desk("ben")
    house.set_state("available", "amira")
    card = house.offered(house.mention(), "ben")
    house.do("ben", card["task_id"], "accept")
    house.do("ben", card["task_id"], "transfer", to_rep="amira", reason=reason)
    amira = screens.enter("amira", "/desk")
    note = offer_of(amira, card["task_id"]).locator('[data-note="handed-on"]')
    expect(note).to_be_visible()
    assert reason in note.evaluate("e => e.textContent")
    assert amira.evaluate("window.ran") is None
    expect(row_of(ben, card["task_id"])).to_have_count(0)
