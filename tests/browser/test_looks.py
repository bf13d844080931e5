"""For everybody: WCAG 2.2 A and AA by axe-core, both themes, and the narrow screen of a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import COMPLAINT, House, ago
from tests.browser.screens import PHONE, Screens, at, offer_of, row_of

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

_AXE = Path(__file__).parent / "vendor" / "axe.min.js"
_RULES = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']"


def violations(page: Page) -> list[str]:
    """What axe finds: the rule, the element, the reason."""
    page.evaluate(_AXE.read_text("utf-8"))
    found: Any = page.evaluate(f"axe.run({{ runOnly: {_RULES} }}).then((r) => r.violations)")
    return [
        f"{rule['id']}: {node['html'][:160]}: {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]


def _take(page: Page, house: House, **fields: Any) -> str:
    task_id: str = house.offered(house.mention(**fields), "amira")["task_id"]
    expect(offer_of(page, task_id)).to_be_visible()
    at(page, "offer-accept").click()
    expect(row_of(page, task_id)).to_have_attribute("aria-busy", "false")
    return task_id


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_pages_have_no_barriers(house: House, screens: Screens, theme: str) -> None:
    page = screens.context(theme).new_page()
    page.goto("/login")
    assert violations(page) == []
    page = screens.floor(theme=theme)
    expect(at(page, "floor-rep-row").first).to_be_visible()
    assert violations(page) == []
    page.goto("/docs")
    page.locator("summary").nth(1).click()
    assert violations(page) == []


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_desk_has_no_barriers(house: House, screens: Screens, theme: str) -> None:
    page = screens.desk(theme=theme)
    assert violations(page) == []
    _take(page, house, detected_at=ago(53))
    first = _take(page, house)
    row_of(page, first).click()
    task_id = house.offered(house.mention(), "amira")["task_id"]
    expect(offer_of(page, task_id)).to_be_visible()
    page.wait_for_timeout(300)  # the card has slid in; while it moves its colours are mixed
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(at(page, "key-sheet")).to_be_visible()
    assert violations(page) == []


def test_a_phone_shows_everything_without_scrolling_sideways(
    house: House, screens: Screens
) -> None:
    page = screens.context(phone=True).new_page()
    page.goto("/login")
    fits(page)
    page = screens.desk(phone=True)
    fits(page)
    task_id = house.offered(
        house.mention(f"{COMPLAINT} {'wide' * 60} https://example.org/{'x' * 200}"), "amira"
    )["task_id"]
    expect(offer_of(page, task_id)).to_be_visible()
    fits(page)
    at(page, "offer-accept").tap()
    expect(at(page, "task-text")).to_be_visible()
    fits(page)
    at(page, "task-reply").fill("We are sorry.")
    at(page, "task-send").tap()
    expect(at(page, "reply-sent")).to_be_visible()
    fits(page)
    page.go_back()
    expect(row_of(page, task_id)).to_be_visible()
    fits(page)
    page = screens.floor(phone=True)
    expect(at(page, "floor-rep-row").first).to_be_visible()
    fits(page)
    page.goto("/docs")
    expect(page.locator("summary").first).to_be_visible()
    fits(page)


def fits(page: Page) -> None:
    """Nothing is wider than the screen, and no button lies beyond its edge."""
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], page.url
    beyond = page.evaluate(
        "[...document.querySelectorAll('button, input, textarea, select, .rail a')]"
        ".filter((e) => e.checkVisibility({ visibilityProperty: true })).filter((e) => {"
        " const box = e.getBoundingClientRect();"
        " return box.width && (box.left < -1 || box.right > innerWidth + 1) })"
        ".map((e) => e.outerHTML.slice(0, 120))"
    )
    assert beyond == [], page.url


def test_the_theme_is_kept(house: House, screens: Screens) -> None:
    page = screens.enter("amira", "/desk", theme="light")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    at(page, "theme").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
