"""Fixtures of the browser tests: one Handshake and one Chromium, a clean floor for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.house import House
from tests.browser.screens import BUSY, Screens
from tools.browser import chromium_args, find_chromium, running

SLA, OFFER = "60s", "6s"  # short enough to see them end, long enough to act within


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium. Without it there is nothing to test: CI must not miss that."""
    path = find_chromium()
    if path is None:
        why = "no Chromium on the PATH; install one or set HANDSHAKE_TESTS__CHROMIUM to its path"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    return path


# Playwright keeps an event loop running in this thread while it lives, and pytest-asyncio bears
# no other: so it lives for this package only.
@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    expect.set_options(timeout=BUSY)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=chromium_args())
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def started(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    # Whatever is said is drawn to be labelled, so that no test depends on what a model is sure of.
    drawn = {"HANDSHAKE_LABELS__PER_DAY": "100000", "HANDSHAKE_LABELS__UNSURE_BELOW": "1.0"}
    env = {"HANDSHAKE_CHAT__ON": "true"} | drawn
    with running(folder, "--no-demo", "--sla", SLA, "--offer", OFFER, env=env) as run:
        house = House(run)
        yield house
        house.close()


@pytest.fixture
def house(started: House) -> House:
    """The running Handshake with no open task and nobody at work."""
    started.clean()
    return started


@pytest.fixture(scope="session")
def sessions() -> dict[str, Any]:
    """The cookies of who has signed in already."""
    return {}


@pytest.fixture
def screens(browser: Browser, house: House, sessions: dict[str, Any]) -> Iterator[Screens]:
    screens = Screens(browser, house, sessions)
    yield screens
    assert screens.close() == [], "the browser's console must stay silent"
