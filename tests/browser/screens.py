"""Pages as the tests use them: who is signed in, what the console says, where things are."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

from tests.browser.house import House

WIDE = {"width": 1440, "height": 810}
PHONE = {"width": 390, "height": 844}
BUSY = 15_000  # ms; the machine that runs this may be busy with other tests


class Screens:
    """All pages of one test; none of them may complain on its console."""

    def __init__(self, browser: Browser, house: House) -> None:
        self._browser = browser
        self._house = house
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

    def desk(self, user: str = "amira", **options: Any) -> Page:
        """This agent's desk, ready for work by the button."""
        page = self.sign_in(user, **options)
        at(page, "state-ready").click()
        expect(at(page, "my-state")).to_have_attribute("data-state", "available")
        # the button shows the state at once; the server must know it too
        expect(page.locator(".desk")).to_have_attribute("data-loaded", "true")
        return page

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


def offer_of(page: Page, task_id: str) -> Locator:
    return page.locator(f'[data-testid="offer-card"][data-task-id="{task_id}"]')


def row_of(page: Page, task_id: str) -> Locator:
    return page.locator(f'[data-testid="task-row"][data-task-id="{task_id}"]')


def never_reloaded(page: Page) -> None:
    """Leave a mark that a reload would wipe off; `still_there` looks for it."""
    page.evaluate("window.mark = 1")


def still_there(page: Page) -> bool:
    return bool(page.evaluate("window.mark === 1"))
