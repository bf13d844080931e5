"""Signing in and out: each role comes to its own page, and nobody without a session to any."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.house import House
from tests.browser.screens import Screens, at, fill_login

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]


@pytest.mark.parametrize(
    ("user", "home", "pages"),
    [
        ("amira", "/desk", ["desk"]),
        ("sofia", "/floor", ["desk", "floor"]),
        ("sam", "/floor", ["floor"]),
        ("anton", "/floor", ["floor"]),
        ("ada", "/floor", ["desk", "floor"]),
    ],
)
def test_each_role_lands_on_its_page(
    house: House, screens: Screens, user: str, home: str, pages: list[str]
) -> None:
    page = screens.sign_in(user)
    assert page.url == house.web + home
    shown = [name for name in ("desk", "floor") if at(page, f"nav-{name}").count()]
    assert shown == pages
    for name in [*pages, "docs"]:
        at(page, f"nav-{name}").click()
        page.wait_for_url(f"**/{name}")
        expect(page.locator("h1, h2").first).to_be_visible()


def test_a_page_without_a_session_leads_to_the_login(house: House, screens: Screens) -> None:
    page = screens.context().new_page()
    for path in ("/", "/desk", "/floor"):
        page.goto(path)
        assert page.url == f"{house.web}/login"


def test_a_wrong_password_is_told_and_opens_nothing(house: House, screens: Screens) -> None:
    screens.allow("status of 401")
    page = screens.context().new_page()
    page.goto("/login")
    fill_login(page, "amira", "wrong")
    expect(at(page, "login-error")).to_have_text("Name and password do not fit.")
    page.goto("/desk")
    assert page.url == f"{house.web}/login"


def test_signing_out_ends_the_session(house: House, screens: Screens) -> None:
    page = screens.sign_in("amira")
    [cookie] = [c for c in page.context.cookies() if "session" in c["name"]]
    assert cookie["httpOnly"]
    at(page, "logout").click()
    page.wait_for_url("**/login")
    # the old cookie is worthless, not merely forgotten by the browser
    page.context.add_cookies([{"name": cookie["name"], "value": cookie["value"], "url": house.web}])
    page.goto("/desk")
    assert page.url == f"{house.web}/login"


def test_a_desk_whose_session_ended_elsewhere_says_so(house: House, screens: Screens) -> None:
    screens.allow("status of 401")
    page = screens.sign_in("amira")
    expect(at(page, "my-state")).to_be_visible()
    other = page.context.new_page()
    other.goto("/desk")
    at(other, "logout").click()
    other.wait_for_url("**/login")
    expect(at(page, "sign-in-again")).to_be_visible()
