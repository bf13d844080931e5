"""The desk says what became of a reply, and before it is written whether it may get out."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.house import House
from tests.browser.screens import Screens, at, take

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]


def test_a_reply_on_a_channel_without_a_connector_says_that_it_is_only_recorded(
    house: House, screens: Screens
) -> None:
    page = screens.desk()
    take(page, house)
    at(page, "task-reply").fill("We are sorry.")
    expect(at(page, "reply-refused")).to_have_count(0)
    at(page, "task-send").click()
    expect(at(page, "reply-state")).to_have_attribute("data-state", "no_connector")
    expect(at(page, "reply-sent")).to_contain_text("not sent: this channel has no connector")


def test_after_stop_the_agent_is_told_before_they_write(house: House, screens: Screens) -> None:
    """A4.8: the reason stands at the reply box, also where STOP came while the card was open."""
    page = screens.desk()
    task_id = take(page, house)
    card = next(task for task in house.tasks() if task["task_id"] == task_id)
    house.mention("Stop!", author={"handle": card["mention"]["author"]["handle"]})
    expect(at(page, "reply-refused")).to_contain_text("A reply would not be sent: They asked us")
    expect(at(page, "reply-refused")).to_contain_text("START")
