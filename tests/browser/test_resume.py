"""After a cut the desk shows what it missed, once; it says how old its picture is meanwhile."""

from __future__ import annotations

import os
import re
import signal
import time

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.house import House, wait_for
from tests.browser.screens import (
    Screens,
    at,
    never_reloaded,
    offer_of,
    row_of,
    still_there,
    wait_on,
)

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

_CUT = "ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE"
_LATE_MS = 900  # before ben's offer ends: a new web process takes longer than that to come up


def test_an_offer_during_a_network_cut_is_there_afterwards(house: House, screens: Screens) -> None:
    screens.allow(_CUT)
    page = screens.desk()
    never_reloaded(page)
    page.context.set_offline(True)
    expect(at(page, "connection")).to_have_attribute("data-status", "reconnecting")
    task_id = house.offered(house.mention(), "amira")["task_id"]
    assert at(page, "offer-card").count() == 0
    page.context.set_offline(False)
    expect(offer_of(page, task_id)).to_be_visible()
    expect(at(page, "connection")).to_have_attribute("data-status", "live")
    expect(at(page, "connection-bar")).to_contain_text("Caught up")
    assert at(page, "offer-card").count() == 1
    _take(page, house, task_id)
    assert still_there(page)


def test_a_long_cut_is_told_and_the_tasks_stay(house: House, screens: Screens) -> None:
    screens.allow(_CUT)
    page = screens.desk()
    task_id = house.offered(house.mention(), "amira")["task_id"]
    _take(page, house, task_id)
    at(page, "task-reply").fill("Half a sentence")
    page.context.set_offline(True)
    expect(at(page, "connection")).to_have_attribute("data-status", "stale")
    expect(at(page, "connection-bar")).to_contain_text("No connection. Showing data from")
    expect(row_of(page, task_id)).to_be_visible()
    house.do("amira", task_id, "reply", text="Answered from another device.")
    page.context.set_offline(False)
    expect(at(page, "reply-sent")).to_have_text(re.compile("Answered from another device"))
    expect(at(page, "connection-bar")).to_contain_text("Caught up")
    assert at(page, "task-row").count() == 1
    assert at(page, "reply-sent").count() == 1


def test_an_offer_while_the_web_process_is_dead(house: House, screens: Screens) -> None:
    """kill -9 just before an offer passes from ben to amira: her desk misses it, and gets it."""
    screens.allow(_CUT)
    house.set_state("available", "ben")
    page = screens.desk("amira")
    never_reloaded(page)
    mention_id = house.mention()
    card = house.offered(mention_id, "ben")
    time.sleep(max(0.0, (card["expires_ms"] - _LATE_MS) / 1000 - time.time()))
    killed = house.pid("web")
    os.kill(killed, signal.SIGKILL)

    expect(offer_of(page, card["task_id"])).to_be_visible()
    assert at(page, "offer-card").count() == 1
    _take(page, house, card["task_id"])
    assert still_there(page)
    assert wait_for(lambda: house.pid("web") != killed, "no new web process")
    wait_for(lambda: house.facts(mention_id, "accepted"), "no accepted fact")
    assert [fact["rep"] for fact in house.facts(mention_id, "offered")] == ["ben", "amira"]


def test_an_accept_is_sent_once_while_the_line_flickers(house: House, screens: Screens) -> None:
    """The first tries are lost on the way back: the repeats carry the same key."""
    screens.allow("ERR_FAILED")
    page = screens.desk()
    keys: list[str | None] = []

    def lose_the_answer(route: Route, request: Request) -> None:
        keys.append(request.headers.get("idempotency-key"))
        if len(keys) <= 2:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/accept", lose_the_answer)
    mention_id = house.mention()
    task_id = house.offered(mention_id, "amira")["task_id"]
    _take(page, house, task_id)
    wait_on(page, lambda: len(keys) == 3, "no third try")
    assert len(set(keys)) == 1
    wait_for(lambda: house.facts(mention_id, "accepted"), "no accepted fact")
    assert len(house.facts(mention_id, "accepted")) == 1
    expect(at(page, "notice")).to_have_count(0)


def _take(page: Page, house: House, task_id: str) -> None:
    expect(offer_of(page, task_id)).to_be_visible()
    at(page, "offer-accept").click()
    expect(row_of(page, task_id)).to_have_count(1)
    expect(row_of(page, task_id)).to_have_attribute("aria-busy", "false")
    expect(at(page, "offer-card")).to_have_count(0)
