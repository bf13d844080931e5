"""Wrap-up with time enough to see it, and the looks of all that is beside answering a task."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.house import House
from tests.browser.screens import PHONE, Screens, at, offer_of, row_of, take
from tests.browser.test_looks import fits, violations
from tools.browser import running

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def started(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Its queues have their full times: a wrap-up takes a minute."""
    folder = tmp_path_factory.mktemp("calm")
    with running(folder, "--no-demo", "--offer", "10s") as run:
        house = House(run)
        yield house
        house.close()


@pytest.fixture(scope="module")
def sessions() -> dict[str, Any]:
    """Cookies of this house, not of the other tests'."""
    return {}


def test_after_the_conversation_a_code_ends_the_wrap_up(house: House, screens: Screens) -> None:
    page = screens.desk("amira")
    task_id = take(page, house)
    page.keyboard.press("w")
    expect(at(page, "wrap-up")).to_be_visible()
    left = at(page, "wrap-left")
    first = left.inner_text()
    expect(left).not_to_have_text(first)
    expect(row_of(page, task_id)).to_contain_text("Wrap-up")
    expect(at(page, "task-park")).to_be_disabled()
    at(page, "wrap-passed_on").click()
    expect(row_of(page, task_id)).to_have_count(0)
    expect(at(page, "notice")).to_have_text(re.compile("Completed: passed on"))


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_new_states_have_no_barriers(house: House, screens: Screens, theme: str) -> None:
    page = screens.desk("amira", theme=theme)
    task_id = take(page, house)
    at(page, "task-transfer").click()
    expect(at(page, "ask")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    expect(at(page, "ask-length")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    house.do("amira", task_id, "park", minutes=5, reason="a")
    expect(at(page, "parked-row")).to_be_visible()
    take(page, house)
    page.keyboard.press("w")
    expect(at(page, "wrap-up")).to_be_visible()
    assert violations(page) == []
    floor = screens.floor(theme=theme)
    house.mention()
    expect(at(floor, "floor-task")).to_have_count(3)
    assert violations(floor) == []
    at(floor, "task-more").first.click()
    expect(at(floor, "ask")).to_be_visible()
    assert violations(floor) == []


def test_the_new_states_fit_on_a_phone(house: House, screens: Screens) -> None:
    page = screens.desk("amira", phone=True)
    task_id = house.offered(house.mention(), "amira")["task_id"]
    expect(offer_of(page, task_id)).to_be_visible()
    at(page, "offer-accept").tap()
    fits(page)
    at(page, "task-park").tap()
    expect(at(page, "ask")).to_be_visible()
    fits(page)
    page.keyboard.press("Escape")
    at(page, "task-wrap").tap()
    expect(at(page, "wrap-up")).to_be_visible()
    fits(page)
    floor = screens.floor(phone=True)
    expect(at(floor, "floor-task")).to_have_count(1)
    fits(floor)
    at(floor, "task-more").tap()
    fits(floor)
    assert floor.evaluate("document.documentElement.scrollHeight") <= PHONE["height"]
