"""Pages as the tests use them: who is signed in, what the console says, where things are."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

from tests.browser.house import House

WIDE = {"width": 1440, "height": 810}
PHONE = {"width": 390, "height": 844}
BUSY = 15_000  # ms; the machine that runs this may be busy with other tests


class Screens:
    """All pages of one test; none of them may complain on its console."""

    def __init__(self, browser: Browser, house: House, sessions: dict[str, Any]) -> None:
        self._browser = browser
        self._house = house
        self._sessions = sessions  # cookies by user, kept between tests: hashing is slow
        self._contexts: list[BrowserContext] = []
        self._complaints: list[str] = []
        self._allowed: list[str] = []

    def allow(self, pattern: str) -> None:
        """Complaints that this test causes on purpose."""
        self._allowed.append(pattern)

    def context(self, theme: str = "dark", phone: bool = False) -> BrowserContext:
        size: Any = PHONE if phone else WIDE
        context = self._browser.new_context(
            base_url=self._house.web, viewport=size, has_touch=phone, locale="en-GB"
        )
        context.add_cookies([{"name": "theme", "value": theme, "url": self._house.web}])
        context.on("console", self._hear)
        context.on("weberror", lambda error: self._complaints.append(str(error.error)))
        self._contexts.append(context)
        return context

    def sign_in(self, user: str, theme: str = "dark", phone: bool = False) -> Page:
        """A page of a new browser profile on which this user has signed in."""
        page = self.context(theme, phone).new_page()
        page.goto("/login")
        fill_login(page, user, self._house.passwords[user])
        page.wait_for_url(re.compile("/(desk|floor)$"))
        return page

    def enter(self, user: str, path: str, theme: str = "dark", phone: bool = False) -> Page:
        """A page of a new browser profile with a session that this user began earlier."""
        if user not in self._sessions:
            page = self.sign_in(user)
            self._sessions[user] = page.context.cookies()
            page.context.close()
        context = self.context(theme, phone)
        cookies: Any = [cookie for cookie in self._sessions[user] if cookie["name"] != "theme"]
        context.add_cookies(cookies)
        page = context.new_page()
        page.goto(path)
        return page

    def desk(self, user: str = "amira", **options: Any) -> Page:
        """This agent's desk, ready for work by the button."""
        page = self.enter(user, "/desk", **options)
        be_ready(page)
        return page

    def floor(self, **options: Any) -> Page:
        return self.enter("sofia", "/floor", **options)

    def close(self) -> list[str]:
        """Close all pages; return what they complained about."""
        for context in self._contexts:
            context.close()
        return [
            said
            for said in self._complaints
            if not any(re.search(pattern, said) for pattern in self._allowed)
        ]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._complaints.append(message.text)


def at(scope: Page | Locator, test_id: str) -> Locator:
    return scope.get_by_test_id(test_id)


def fill_login(page: Page, user: str, password: str) -> None:
    at(page, "login-name").fill(user)
    at(page, "login-password").fill(password)
    at(page, "login-submit").click()


def be_ready(page: Page) -> None:
    """Press Ready, and wait until the server has heard it: the button shows it at once."""
    with page.expect_response("**/api/v1/me/state"):
        at(page, "state-ready").click()
    expect(at(page, "my-state")).to_have_attribute("data-state", "available")


def offer_of(page: Page, task_id: str) -> Locator:
    return page.locator(f'[data-testid="offer-card"][data-task-id="{task_id}"]')


def row_of(page: Page, task_id: str) -> Locator:
    return page.locator(f'[data-testid="task-row"][data-task-id="{task_id}"]')


def take(page: Page, house: House, user: str = "amira") -> str:
    """A task that this agent accepts at the desk."""
    task_id: str = house.offered(house.mention(), user)["task_id"]
    expect(offer_of(page, task_id)).to_be_visible()
    at(page, "offer-accept").click()
    expect(row_of(page, task_id)).to_have_attribute("aria-busy", "false")
    return task_id


def wait_on(page: Page, found: Callable[[], bool], failure: str) -> None:
    """Wait for what the page's own events bring: they are told only while the page is asked."""
    deadline = time.monotonic() + BUSY / 1000
    while not found():
        assert time.monotonic() < deadline, failure
        page.wait_for_timeout(50)


def never_reloaded(page: Page) -> None:
    """Leave a mark that a reload would wipe off; `still_there` looks for it."""
    page.evaluate("window.mark = 1")


def still_there(page: Page) -> bool:
    return bool(page.evaluate("window.mark === 1"))
