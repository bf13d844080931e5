"""The customers' page: written without signing in, never lost, text and nothing else, for all."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.house import COMPLAINT, House, wait_for
from tests.browser.payloads import PAYLOADS, WORLD
from tests.browser.screens import Screens, at, never_reloaded, offer_of, still_there
from tests.browser.test_looks import fits, violations

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

BAG = "My suitcase did not come with me. Where is it?"
SEND = "**/api/v1/chat/messages"


def opened(screens: Screens, theme: str = "dark", phone: bool = False) -> Page:
    page = screens.context(theme, phone).new_page()
    page.goto("/chat")
    expect(at(page, "chat-empty")).to_contain_text("A person reads it")
    return page


def say(page: Page, text: str) -> None:
    at(page, "chat-text").fill(text)
    at(page, "chat-send").click()
    expect(at(page, "chat-customer").last.locator("p")).to_have_text(text)
    expect(at(page, "chat-text")).to_have_value("")


def task_of(house: House, text: str) -> dict[str, object]:
    """The task that came of what somebody wrote at the page."""

    def found() -> dict[str, object] | None:
        return next((t for t in house.tasks() if t["mention"]["text"] == text), None)

    task: dict[str, object] = wait_for(found, "no task")
    return task


def test_what_is_written_becomes_a_task_and_is_there_after_a_reload(
    house: House, screens: Screens
) -> None:
    page = opened(screens)
    at(page, "chat-name").fill("Mara")
    say(page, BAG)
    expect(at(page, "chat-standing")).to_contain_text("A person will answer")
    mention = task_of(house, BAG)["mention"]
    assert isinstance(mention, dict)
    assert (mention["channel"], mention["author"]["name"]) == ("webchat", "Mara")
    page.reload()
    expect(at(page, "chat-customer")).to_have_text(re.compile(re.escape(BAG)))
    expect(at(page, "chat-name")).to_have_count(0)
    other = opened(screens)
    expect(at(other, "chat-customer")).to_have_count(0)


def test_the_keyboard_is_enough(house: House, screens: Screens) -> None:
    page = opened(screens)
    at(page, "chat-text").focus()
    page.keyboard.type("One line")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("and another")
    page.keyboard.press("Enter")
    line = at(page, "chat-customer").locator("p")
    expect(line).to_have_text("One line\nand another", use_inner_text=True)
    expect(at(page, "chat-text")).to_be_focused()


def test_what_cannot_be_sent_stays_in_the_box_and_is_sent_once(
    house: House, screens: Screens
) -> None:
    """The answer is lost, not the message: sent again by hand, it is the same one."""
    screens.allow("ERR_FAILED|status of 503")
    page = opened(screens)
    keys: list[str] = []

    def lose(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()  # it arrived
        route.abort()

    page.route(SEND, lose)
    at(page, "chat-text").fill(BAG)
    at(page, "chat-send").click()
    expect(at(page, "chat-sending")).to_contain_text("Sending")
    expect(at(page, "chat-problem")).to_contain_text("still in the box")
    expect(at(page, "chat-text")).to_have_value(BAG)
    page.reload()
    expect(at(page, "chat-text")).to_have_value(BAG)
    page.unroute(SEND)
    page.on("request", lambda r: keys.append(r.headers.get("idempotency-key", "")))
    at(page, "chat-send").click()
    expect(at(page, "chat-text")).to_have_value("")
    expect(at(page, "chat-customer")).to_have_count(1)
    assert len(set(keys) - {""}) == 1


def test_a_store_that_is_away_is_told_and_the_same_words_go_out_later(
    house: House, screens: Screens
) -> None:
    screens.allow("status of 503")
    page = opened(screens)
    away = '{"status": 503, "code": "unavailable", "detail": "away"}'
    page.route(SEND, lambda route: route.fulfill(status=503, body=away))
    at(page, "chat-text").fill(BAG)
    at(page, "chat-send").click()
    expect(at(page, "chat-problem")).to_contain_text("still in the box")
    page.unroute(SEND)
    at(page, "chat-send").click()
    expect(at(page, "chat-customer")).to_have_count(1)
    expect(at(page, "chat-problem")).to_have_count(0)


def test_a_message_that_is_too_long_is_said_to_be_while_it_is_typed(
    house: House, screens: Screens
) -> None:
    page = opened(screens)
    at(page, "chat-text").fill("a" * 2_001)
    expect(at(page, "chat-too-long")).to_contain_text("2,001 of at most 2,000")
    expect(at(page, "chat-send")).to_be_disabled()
    at(page, "chat-text").fill("a" * 2_000)
    expect(at(page, "chat-send")).to_be_enabled()


def test_a_cut_is_told_and_the_page_goes_on_by_itself(house: House, screens: Screens) -> None:
    screens.allow("ERR_INTERNET_DISCONNECTED|ERR_INCOMPLETE_CHUNKED")
    page = opened(screens)
    say(page, BAG)
    never_reloaded(page)
    page.context.set_offline(True)
    expect(at(page, "chat-reconnecting")).to_contain_text("No connection")
    at(page, "chat-text").fill("Still here")
    page.context.set_offline(False)
    expect(at(page, "chat-reconnecting")).to_have_count(0)
    at(page, "chat-send").click()
    expect(at(page, "chat-customer")).to_have_count(2)
    assert still_there(page)


def test_the_page_has_no_barriers_and_fits_a_phone(house: House, screens: Screens) -> None:
    for theme in ("dark", "light"):
        page = opened(screens, theme)
        assert violations(page) == []
        say(page, BAG)
        at(page, "chat-text").fill("a" * 2_001)
        expect(at(page, "chat-too-long")).to_be_visible()
        assert violations(page) == []
    phone = opened(screens, phone=True)
    fits(phone)
    say(phone, f"{BAG} {'wide' * 60} https://example.org/{'x' * 200}")
    fits(phone)


def test_hostile_text_is_text_on_both_sides(house: House, screens: Screens) -> None:
    page = opened(screens)
    texts = [f"{BAG}\n{first}\n{second}" for first, second in zip(PAYLOADS, WORLD, strict=False)]
    for text in texts:
        say(page, text.strip())
    said = at(page, "chat-customer").locator("p").evaluate_all("es => es.map(e => e.textContent)")
    assert said == [text.strip() for text in texts]
    assert page.evaluate("window.ran") is None
    assert page.locator("main :is(script, iframe, object, embed, img)").count() == 0


def accepted(desk: Page, house: House, said: str) -> str:
    """What this customer wrote is offered at the desk and accepted there; the mention."""
    task = task_of(house, said)
    expect(offer_of(desk, str(task["task_id"]))).to_be_visible()
    at(desk, "offer-accept").click()
    expect(at(desk, "task-text")).to_have_text(said)
    return str(task["mention_id"])


def reply(desk: Page, text: str) -> None:
    at(desk, "task-reply").fill(text)
    at(desk, "task-send").click()
    expect(at(desk, "reply-sent")).to_contain_text(text)


def test_a_whole_conversation(house: House, screens: Screens) -> None:
    """A4.8: the customer writes, an agent answers at the desk, the customer reads it at once."""
    desk, customer = screens.desk(), opened(screens)
    never_reloaded(customer)
    say(customer, COMPLAINT)
    accepted(desk, house, COMPLAINT)
    expect(at(customer, "chat-standing")).to_contain_text("looking after it")
    text = "We have found it.\nIt is on its way <b>to you</b>."
    reply(desk, text)
    expect(at(desk, "reply-state")).to_have_attribute("data-state", "sent")
    ours = at(customer, "chat-agent").locator("p")
    expect(ours).to_have_text(text, use_inner_text=True)
    expect(at(customer, "chat")).to_have_attribute("data-standing", "answered")
    at(desk, "task-complete").click()
    expect(at(customer, "chat-standing")).to_contain_text("closed")
    assert still_there(customer)
    customer.reload()
    expect(ours).to_have_text(text, use_inner_text=True)
    order = customer.locator(".chat-line").evaluate_all("es => es.map(e => e.dataset.side)")
    assert order == ["customer", "agent"]
    assert violations(customer) == []


def test_who_writes_stop_is_sent_nothing(house: House, screens: Screens) -> None:
    """A4.8: the agent reads why before they write, and the customer that it is so."""
    desk, customer = screens.desk(), opened(screens)
    say(customer, COMPLAINT)
    mention_id = accepted(desk, house, COMPLAINT)
    say(customer, "STOP")
    expect(at(customer, "chat-standing")).to_contain_text("You asked us to stop")
    expect(at(desk, "reply-refused")).to_contain_text("A reply would not be sent: They asked us")
    reply(desk, "We have found it.")
    expect(at(desk, "reply-state")).to_have_attribute("data-state", "refused")
    [refused] = wait_for(lambda: house.facts(mention_id, "not_sent"), "no refusal")
    assert refused["data"]["code"] == "stopped"
    customer.reload()
    expect(at(customer, "chat-customer")).to_have_count(2)
    expect(at(customer, "chat-agent")).to_have_count(0)
    expect(at(customer, "chat-standing")).to_contain_text("Write START")
