"""The page of the contact history: search, one person's timeline, and what is written by hand."""

from __future__ import annotations

import re
import uuid
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.house import House, wait_for
from tests.browser.payloads import PAYLOADS
from tests.browser.screens import Screens, at
from tests.browser.test_looks import fits, violations

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

THANKS = "Thank you so much, that was a great and friendly answer, I love it!"


def somebody() -> str:
    return f"kim_{uuid.uuid4().hex[:8]}"


def answered(house: House, handle: str, text: str = "My suitcase is lost, I am angry") -> str:
    """This customer's mention, answered and completed by amira; its id."""
    author = {"handle": handle, "name": "Kim"}
    house.set_state("available", "amira")
    card = house.taken("amira", text=text, author=author)
    house.do("amira", card["task_id"], "reply", text="We have found your suitcase.")
    house.do("amira", card["task_id"], "complete", code="resolved")
    house.set_state("offline", "amira")
    wait_for(lambda: len(lines(house, handle)) >= 3, "not in the history")
    mention_id: str = card["mention_id"]
    return mention_id


def lines(house: House, handle: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = house.get(f"/api/v1/history?person=email:{handle}")["lines"]
    return found


def timeline(screens: Screens, handle: str, who: str = "amira", **look: object) -> Page:
    page = screens.enter(who, f"/history?person=email:{handle}", **look)  # type: ignore[arg-type]
    expect(at(page, "history-who")).to_be_visible()
    return page


def test_a_timeline_shows_what_was_said_answered_and_fed_back(
    house: House, screens: Screens
) -> None:
    """A7.1, A7.2, A7.4, A12.1: mention, response, upshot and feedback on one page."""
    handle = somebody()
    answered(house, handle)
    house.mention(THANKS, author={"handle": handle, "name": "Kim"})
    page = timeline(screens, handle)
    kinds = ["feedback", "completed", "replied", "said"]
    expect(page.locator('[data-testid="line"][data-kind="feedback"]')).to_have_count(1)
    shown = [each.get_attribute("data-kind") for each in at(page, "line").all()]
    assert [kind for kind in shown if kind in kinds] == kinds
    feedback = page.locator('[data-testid="line"][data-kind="feedback"]')
    expect(at(feedback, "line-upshot")).to_have_text("Satisfied")
    expect(feedback).to_contain_text("of amira")
    said = page.locator('[data-testid="line"][data-kind="said"]')
    expect(at(said, "line-ended")).to_have_text("Resolved")
    expect(at(said, "line-feedback")).to_have_text("Customer: satisfied")
    expect(at(page, "history-totals")).to_contain_text("1 satisfied")
    assert violations(page) == []


def test_a_call_is_written_down_and_comes_onto_the_timeline(house: House, screens: Screens) -> None:
    """A7.3: offline interactions stand beside all others."""
    handle = somebody()
    answered(house, handle)
    page = timeline(screens, handle)
    page.keyboard.press("n")
    at(page, "ask-kind").select_option("visit")
    at(page, "ask-text").fill(PAYLOADS[0])
    at(page, "ask-upshot").select_option("satisfied")
    assert violations(page) == []
    at(page, "ask-confirm").click()
    visit = page.locator('[data-testid="line"][data-kind="offline"]')
    expect(at(visit, "line-text")).to_have_text(PAYLOADS[0])
    expect(at(visit, "line-upshot")).to_have_text("Satisfied")
    expect(visit).to_contain_text("amira wrote down a visit")


def test_a_search_marks_what_it_found_and_leads_to_the_person(
    house: House, screens: Screens
) -> None:
    """A7.1, A12.2, A4.9: hostile text is shown as it is; words stand out; the person is a click."""
    handle, word = somebody(), f"quux{uuid.uuid4().hex[:6]}"
    answered(house, handle, text=f"My suitcase {word} {PAYLOADS[0]}")
    page = screens.enter("sofia", "/desk")
    page.keyboard.press("g")
    page.keyboard.press("h")
    page.wait_for_url(re.compile("/history$"))
    page.keyboard.press("/")
    at(page, "history-q").fill(word[:6].upper())
    at(page, "history-q").press("Enter")
    found = page.locator(f'[data-testid="line"]:has-text("{word}")')
    expect(found).to_have_count(1)
    expect(found.locator("mark")).to_have_text([word])
    expect(at(found, "line-text")).to_have_text(f"My suitcase {word} {PAYLOADS[0]}")
    at(found, "line-person").click()
    expect(at(page, "history-who")).to_contain_text(handle)
    at(page, "history-kind").select_option("replied")
    expect(at(page, "line")).to_have_count(1)
    at(page, "history-status").select_option("waiting")
    expect(at(page, "history-none")).to_be_visible()


def test_earlier_lines_are_a_click_away(house: House, screens: Screens) -> None:
    handle = somebody()
    for number in range(60):
        body = {"kind": "card", "person": f"email:{handle}", "text": f"card {number}"}
        house.post("amira", "/api/v1/history", body)
    wait_for(lambda: len(lines(house, handle)) == 50, "not in the history")
    page = timeline(screens, handle, "anton")
    expect(at(page, "history-note")).to_have_count(0)  # an analyst reads on
    expect(at(page, "line")).to_have_count(50)
    at(page, "history-more").click()
    expect(at(page, "line")).to_have_count(60)
    expect(at(page, "history-more")).to_have_count(0)


def test_the_card_of_a_task_leads_to_the_timeline(house: House, screens: Screens) -> None:
    """A8.1: the agent sees what was before."""
    handle = somebody()
    author = {"handle": handle, "name": "Kim"}
    house.set_state("available", "amira")
    house.taken("amira", author=author)
    page = screens.enter("amira", "/desk")
    at(page, "profile-history").click()
    expect(at(page, "history-who")).to_contain_text(handle)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_phone_shows_the_timeline_without_barriers(
    house: House, screens: Screens, theme: str
) -> None:
    handle = somebody()
    answered(house, handle)
    page = timeline(screens, handle, theme=theme, phone=True)
    expect(at(page, "line").first).to_be_visible()
    fits(page)
    assert violations(page) == []


def test_an_sre_has_no_such_page(screens: Screens) -> None:
    screens.allow("status of 403")
    page = screens.enter("sam", "/floor")
    expect(at(page, "nav-history")).to_have_count(0)
    answer = page.goto("/history")
    assert answer is not None
    assert answer.status == 403


def case_line(seq: int, kind: str, about: str) -> dict[str, Any]:
    """A line of a mention with two cases, of which one was open when its page was read."""
    matter = {
        "status": "waiting", "queue": "service", "upshot": "", "rep": "", "feedback": "",
        "cases": 1, "thread": "", "position": "", "known_as": "",
    }  # fmt: skip
    return {
        "seq": seq, "fact_id": f"{about}/{kind}", "mention_id": "m1", "handle_key": "email:kim",
        "kind": kind, "channel": "email", "at_ms": 1_796_000_000_000 + seq, "by": "bags",
        "text": "Late bag", "cut": False, "parts": None, "upshot": "", "about": about,
        "by_other": False, "matter": matter,
    }  # fmt: skip


def test_a_case_that_was_closed_is_closed_on_older_pages_too(screens: Screens) -> None:
    """A4.8, A7.1: beyond the newest page, and each of two cases of one mention by itself."""
    page = screens.enter("amira", "/history")
    newest = [case_line(9, "case_closed", "case-a")]
    older = [case_line(2, "case_opened", "case-b"), case_line(1, "case_opened", "case-a")]

    def read(route: Route) -> None:
        before = parse_qs(urlsplit(route.request.url).query).get("before")
        found = {"lines": older, "next": ""} if before else {"lines": newest, "next": "9"}
        route.fulfill(json=found | {"person": None})

    def close(route: Route) -> None:
        newest.insert(0, case_line(10, "case_closed", "case-b"))
        route.fulfill(status=202, json={"case": "case-b"})

    page.route(re.compile(r"/api/v1/history\?"), read)
    page.route("**/cases/case-b/close", close)
    page.reload()
    at(page, "history-more").click()
    states = page.locator('[data-kind="case_opened"]').get_by_test_id("line-case-state")
    expect(states).to_have_text(["Open", "Closed"])
    at(page, "line-case-close").click()
    at(page, "ask-reason").fill("The bag is found")
    at(page, "ask-confirm").click()
    expect(states).to_have_text(["Closed", "Closed"])
    expect(at(page, "line-case-close")).to_have_count(0)
