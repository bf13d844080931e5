"""While tasks cannot be changed every screen says so soon, does nothing, and goes on by itself."""

from __future__ import annotations

import json
import os
import signal
import time

import pytest
from playwright.sync_api import Route, expect

from tests.browser.house import House
from tests.browser.screens import Screens, at, never_reloaded, row_of, still_there, take

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

SOON_MS = 3_000  # an agent who presses a button in vain must know why by then


def test_screens_are_read_only_while_redis_hangs_and_then_go_on(
    house: House, screens: Screens
) -> None:
    screens.allow("status of 503")
    desk, floor = screens.desk("amira"), screens.floor()
    task_id = take(desk, house)
    expect(at(floor, "floor-task-state")).to_have_text("In work")
    at(desk, "task-reply").fill("What I typed")
    for page in (desk, floor):
        never_reloaded(page)
    redis = house.pid("redis")
    os.kill(redis, signal.SIGSTOP)
    try:
        began = time.monotonic()
        expect(at(desk, "read-only")).to_be_visible(timeout=SOON_MS)
        left_ms = SOON_MS - (time.monotonic() - began) * 1000
        expect(at(floor, "read-only")).to_be_visible(timeout=max(1.0, left_ms))
        for button in ("task-send", "task-complete", "task-transfer", "task-park", "state-pause"):
            expect(at(desk, button)).to_be_disabled()
        for button in ("task-assign", "task-pull-back", "task-more"):
            expect(at(floor, button).first).to_be_disabled()
        desk.keyboard.press("Escape")
        desk.keyboard.press("t")
        expect(at(desk, "ask")).to_have_count(0)
        expect(row_of(desk, task_id)).to_have_count(1)
    finally:
        os.kill(redis, signal.SIGCONT)
    for page in (desk, floor):
        expect(at(page, "read-only")).to_have_count(0)
        assert still_there(page)
    expect(at(desk, "task-reply")).to_have_value("What I typed")
    at(desk, "task-send").click()
    expect(at(desk, "reply-sent")).to_contain_text("What I typed")


def test_a_reply_that_may_have_been_recorded_is_retried_with_its_own_key(
    house: House, screens: Screens
) -> None:
    """Also where a later try is refused for certain: that says nothing of the first one."""
    screens.allow("status of 503")
    desk = screens.desk("amira")
    take(desk, house)
    answers = ["unknown_outcome", "read_only"]
    keys: list[str] = []

    def turn_away(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) > len(answers):
            route.continue_()
            return
        problem = {"status": 503, "code": answers[len(keys) - 1], "title": "", "detail": ""}
        route.fulfill(status=503, content_type="application/problem+json", body=json.dumps(problem))

    desk.route("**/reply", turn_away)
    at(desk, "task-reply").fill("What I typed")
    at(desk, "task-send").click()
    for tries in (1, 2):
        expect(at(desk, "task-problem")).to_contain_text("It is not known whether this was done")
        assert len(keys) == tries
        at(desk, "task-problem").get_by_role("button", name="Retry").click()
    expect(at(desk, "reply-sent")).to_contain_text("What I typed")
    assert len(keys) == 3
    assert len(set(keys)) == 1
