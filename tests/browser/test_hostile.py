"""What customers write is text and nothing else, whatever they write; in any script."""

from __future__ import annotations

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser.house import COMPLAINT, House
from tests.browser.payloads import PAYLOADS, WORLD
from tests.browser.screens import Screens, at, be_ready, offer_of

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

_AGENT = "ben"  # serves most queues: some of these texts sound urgent to the rules

_WATCH = """
window.violations = [];
addEventListener("securitypolicyviolation", (e) => window.violations.push(e.violatedDirective));
"""


def _guarded(screens: Screens) -> tuple[Page, list[str]]:
    """A desk that notes dialogs, violations of the policy, and requests to elsewhere."""
    page = screens.enter(_AGENT, "/desk")
    happened: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        happened.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    page.on("request", lambda r: happened.append(r.url) if "evil" in r.url else None)
    page.on("popup", lambda popup: happened.append(popup.url))
    page.add_init_script(_WATCH)
    page.goto("/desk")
    be_ready(page)
    return page, happened


def _unharmed(page: Page, happened: list[str]) -> None:
    assert happened == []
    assert page.evaluate("[window.ran, window.violations]") == [None, []]
    assert page.locator("#app :is(script, iframe, object, embed, base, meta)").count() == 0


def _shown(page: Page, house: House, said: str, **fields: object) -> None:
    """Send it, see it offered and opened as it was written, and complete it."""
    text = f"{COMPLAINT}\n{said}"
    mention_id = house.mention(text, **fields)
    card = house.offered(mention_id, _AGENT)
    offer = offer_of(page, card["task_id"])
    expect(offer).to_be_visible()
    excerpt = offer.locator(".offer-text").evaluate("e => e.textContent")
    assert excerpt.strip().startswith(text[:200].strip())
    name = offer.locator("strong").evaluate("e => e.textContent")
    assert name.strip() == card["mention"]["author"]["name"].strip()
    house.do(_AGENT, card["task_id"], "accept")
    expect(
        page.locator(f'[data-testid=conversation][data-task-id="{card["task_id"]}"]')
    ).to_be_visible()
    assert at(page, "task-text").evaluate("e => e.textContent") == card["mention"]["text"]
    assert said.strip() in card["mention"]["text"]
    house.do(_AGENT, card["task_id"], "complete")
    expect(at(page, "task-row")).to_have_count(0)


def test_hostile_text_is_shown_and_never_runs(house: House, screens: Screens) -> None:
    page, happened = _guarded(screens)
    # two at a time: both in the text, one as the name, the other as the handle
    for first, second in zip(PAYLOADS[::2], PAYLOADS[1::2], strict=True):
        author = {"handle": first, "name": second}
        said = f"{first}\n{second}"
        _shown(page, house, said, author=author, url="javascript:window.ran=1")
        assert page.locator('a[href^="javascript"]').count() == 0
        _unharmed(page, happened)


def test_a_hostile_reply_is_text_too(house: House, screens: Screens) -> None:
    page, happened = _guarded(screens)
    reply = "\n".join(PAYLOADS[:10])
    task_id = house.offered(house.mention(), _AGENT)["task_id"]
    expect(offer_of(page, task_id)).to_be_visible()
    at(page, "offer-accept").click()
    at(page, "task-reply").fill(reply)
    at(page, "task-send").click()
    sent = at(page, "reply-sent")
    expect(sent).to_be_visible()
    assert sent.locator("p").evaluate("e => e.textContent") == reply
    _unharmed(page, happened)


def test_other_scripts_and_emoji_are_shown(house: House, screens: Screens) -> None:
    page, happened = _guarded(screens)
    for text in WORLD:
        _shown(page, house, text, author={"handle": "guest", "name": text[:40]})
        _unharmed(page, happened)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= page.evaluate("innerWidth")


def test_right_to_left_text_runs_right_to_left(house: House, screens: Screens) -> None:
    page, _ = _guarded(screens)
    task_id = house.offered(house.mention(f"{WORLD[0]} {COMPLAINT}"), _AGENT)["task_id"]
    expect(offer_of(page, task_id)).to_be_visible()
    at(page, "offer-accept").click()
    expect(at(page, "task-text")).to_have_css("direction", "rtl")
    expect(at(page, "task-text")).to_contain_text(WORLD[0])
