"""The whole job without a mouse, by shortcuts and by Tab and Enter alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from tests.browser.house import House
from tests.browser.screens import Screens, at, offer_of, row_of, take

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

_FAR = 60  # presses of Tab: more stops than any page has


def _type_login(page: Page, user: str, password: str) -> None:
    page.goto("/login")
    expect(at(page, "login-name")).to_be_focused()
    page.keyboard.type(user)
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/(desk|floor)$"))


def _tab_to(page: Page, test_id: str) -> None:
    for _ in range(_FAR):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.testid") == test_id:
            seen = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert seen != "none", f"the focus on {test_id} cannot be seen"
            return
    raise AssertionError(f"Tab never comes to {test_id}")


def test_the_flow_by_shortcuts(house: House, screens: Screens) -> None:
    page = screens.context().new_page()
    _type_login(page, "amira", house.passwords["amira"])
    expect(at(page, "my-state")).to_have_attribute("data-state", "offline")
    page.keyboard.press("Alt+p")
    expect(at(page, "my-state")).to_have_attribute("data-state", "available")
    task_id = house.offered(house.mention(), "amira")["task_id"]
    expect(offer_of(page, task_id)).to_be_visible()
    page.keyboard.press("Alt+a")
    expect(row_of(page, task_id)).to_have_attribute("aria-busy", "false")
    page.keyboard.press("r")
    expect(at(page, "task-reply")).to_be_focused()
    page.keyboard.type("We are sorry, just keep it: e j k ? are letters here.")
    page.keyboard.press("Control+Enter")
    expect(at(page, "reply-sent")).to_contain_text("e j k ? are letters here.")
    page.keyboard.press("e")
    expect(row_of(page, task_id)).to_have_count(0)
    page.keyboard.press("?")
    expect(at(page, "key-sheet")).to_be_visible()
    page.keyboard.press("Escape")
    expect(at(page, "key-sheet")).to_have_count(0)


def test_a_reply_counts_as_sent_only_when_the_next_key_will_be_heard(
    house: House, screens: Screens
) -> None:
    """The stream may tell of the reply before its answer is here: `e` would be lost until then."""
    page = screens.desk()
    task_id = take(page, house)
    held: list[tuple[Route, APIResponse]] = []
    page.route("**/reply", lambda route: held.append((route, route.fetch())))
    page.keyboard.press("r")
    page.keyboard.type("On its way.")
    page.keyboard.press("Control+Enter")
    expect(row_of(page, task_id)).to_have_attribute("aria-busy", "false")  # so says the stream
    expect(at(page, "reply-pending")).to_be_visible()
    expect(at(page, "task-complete")).to_be_disabled()
    route, answer = held.pop()
    route.fulfill(response=answer)
    expect(at(page, "reply-sent")).to_be_visible()
    page.keyboard.press("e")
    expect(row_of(page, task_id)).to_have_count(0)


def test_the_flow_by_tab_and_enter(house: House, screens: Screens) -> None:
    page = screens.context().new_page()
    _type_login(page, "amira", house.passwords["amira"])
    expect(at(page, "my-state")).to_be_visible()
    _tab_to(page, "state-ready")
    page.keyboard.press("Enter")
    expect(at(page, "my-state")).to_have_attribute("data-state", "available")
    task_id = house.offered(house.mention(), "amira")["task_id"]
    expect(offer_of(page, task_id)).to_be_visible()
    _tab_to(page, "offer-accept")
    page.keyboard.press("Enter")
    expect(row_of(page, task_id)).to_have_attribute("aria-busy", "false")
    expect(page.locator("#conversation-name")).to_be_focused()
    _tab_to(page, "task-reply")
    page.keyboard.type("We are sorry.")
    _tab_to(page, "task-send")
    page.keyboard.press("Enter")
    expect(at(page, "reply-sent")).to_be_visible()
    _tab_to(page, "task-complete")
    page.keyboard.press("Enter")
    expect(row_of(page, task_id)).to_have_count(0)
    _tab_to(page, "logout")
    page.keyboard.press("Enter")
    page.wait_for_url("**/login")


def test_an_offer_never_takes_the_focus_from_a_writer(house: House, screens: Screens) -> None:
    page = screens.desk()
    first = house.offered(house.mention(), "amira")["task_id"]
    expect(offer_of(page, first)).to_be_visible()
    page.keyboard.press("Alt+a")
    expect(row_of(page, first)).to_have_attribute("aria-busy", "false")
    page.keyboard.press("r")
    page.keyboard.type("Dear ")
    second = house.offered(house.mention(), "amira")["task_id"]
    expect(offer_of(page, second)).to_be_visible()
    page.keyboard.type("Ms Guest")
    expect(at(page, "task-reply")).to_have_value("Dear Ms Guest")
    page.keyboard.press("Alt+a")
    expect(row_of(page, second)).to_have_attribute("data-unread", "true")
    expect(at(page, "conversation")).to_have_attribute("data-task-id", first)
    expect(at(page, "task-reply")).to_have_value("Dear Ms Guest")
    expect(at(page, "task-reply")).to_be_focused()


def test_letters_lead_between_the_pages(house: House, screens: Screens) -> None:
    page = screens.floor()
    expect(at(page, "total-waiting")).to_be_visible()
    for letter, path in (("d", "/desk"), ("f", "/floor")):
        page.keyboard.press("g")
        page.keyboard.press(letter)
        page.wait_for_url(f"**{path}")
        expect(at(page, "connection")).to_be_visible()


def test_no_key_is_lost_between_one_question_and_the_next(house: House, screens: Screens) -> None:
    """Whoever types fast leaves one dialog and asks for another within one frame."""
    page = screens.desk("amira")
    take(page, house)
    for _ in range(5):
        page.keyboard.press("t")
        expect(at(page, "ask")).to_be_visible()
        page.keyboard.press("Escape")
        page.keyboard.press("s")
        expect(at(page, "ask-length")).to_be_visible()
        page.keyboard.press("Escape")
