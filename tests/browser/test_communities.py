"""A question in a community, from the desk to its thread in the history."""

from __future__ import annotations

import uuid

import pytest
from playwright.sync_api import expect

from tests.browser.house import House, wait_for
from tests.browser.screens import Screens, at
from tests.browser.test_looks import violations

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]


def test_an_allys_answer_is_seen_by_who_has_the_question_and_on_its_thread(
    house: House, screens: Screens
) -> None:
    """A11.2, A11.3, A11.5: who they are there, what they said, with the words staying text."""
    number = uuid.uuid4().hex[:8]
    thread = {"thread": number, "title": "<b>My bag</b>"}
    asked = {"author": {"handle": f"kim_{number}"}, "channel": "community"}
    opening = thread | {"position": "opening", "standing": {"role": "regular", "posts": 340}}
    house.set_state("available", "amira")
    house.taken("amira", **asked, community=opening)
    house.set_state("offline", "amira")
    helper = {"author": {"handle": f"ann_{number}", "name": "Ann"}, "channel": "community"}
    solved = thread | {"position": "answer", "standing": {"accepted": 12}}
    house.mention("Ask at desk 4, they helped me", **helper, community=solved)
    path = f"/api/v1/history?person=community:kim_{number}"
    wait_for(
        lambda: [one for one in house.get(path)["lines"] if one["by_other"]], "not in the history"
    )
    page = screens.enter("amira", "/desk")
    expect(at(page, "context-why_now")).to_contain_text("Ann answered in the thread at")
    expect(at(page, "context-why_now")).to_contain_text("Ann is an ally")
    expect(at(page, "community")).to_contain_text("opens the thread")
    expect(at(page, "community")).to_contain_text("340")
    at(page, "profile-history").click()
    answer = page.locator('[data-testid="line"]').filter(has=at(page, "line-by-other"))
    expect(at(answer, "line-known-as")).to_have_text("ally")
    expect(at(page, "history-standing")).to_contain_text("340 posts")
    assert violations(page) == []
    at(answer, "line-thread").click()
    expect(at(page, "history-thread")).to_contain_text(f"community:{number}")
    expect(page.locator('[data-testid="line"][data-kind="said"]')).to_have_count(2)
