"""The page of people: pairs decided by key, a join taken back, and who may do neither."""

from __future__ import annotations

import itertools
import uuid

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import House, wait_for
from tests.browser.payloads import PAYLOADS
from tests.browser.screens import Screens, at
from tests.browser.test_looks import fits, violations

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

_NUMBERS = itertools.count(1)


def caller(house: House, name: str, number: str) -> str:
    """Somebody who writes from the web chat, with a number that it attests; their node."""
    visitor = f"visitor-{uuid.uuid4().hex[:8]}"
    house.mention(
        channel="webchat", author={"handle": visitor, "name": name},
        meta={"identity": {"phone": number}},
    )  # fmt: skip
    node = f"handle:webchat:{visitor}"
    wait_for(lambda: known(house, node), "the handle was not taken in")
    return node


def known(house: House, node: str) -> bool:
    found = house.get(f"/api/v1/people?find={node}")["people"]
    return any(
        each["node"] == node or node.partition(":")[2] in each["handle_keys"] for each in found
    )


def new_number() -> str:
    return f"+4477009{next(_NUMBERS) + 20_000:05d}"


def pair_of(house: House, page: Page, names: tuple[str, str]) -> None:
    """Two of other names with one number, shown on this page."""
    number = new_number()
    for name in names:
        caller(house, name, number)
    row = at(page, "pair-row").filter(has_text=names[0]).filter(has_text=names[1])
    row.click(timeout=15_000)
    expect(at(page, "pair-why")).to_contain_text("family")


def test_pairs_are_decided_by_key_and_a_join_is_taken_back(house: House, screens: Screens) -> None:
    """A2.3, D9: the evidence side by side; the same; un-joined with a reason."""
    page = screens.enter("sofia", "/people")
    pair_of(house, page, ("Ada Marsh", "Robin Stone"))
    expect(at(page, "evidence")).to_contain_text("attested for both")
    expect(at(page, "evidence")).to_contain_text("different")
    assert violations(page) == []
    page.keyboard.press("s")
    expect(at(page, "pair-row").filter(has_text="Ada Marsh")).to_have_count(0)
    at(page, "people-find").fill("no such person")
    at(page, "people-find").press("Enter")
    expect(at(page, "found-nobody")).to_be_visible()


def test_a_person_is_found_and_taken_apart_again(house: House, screens: Screens) -> None:
    page = screens.enter("sofia", "/people")
    first = caller(house, "Kim Lee", number := new_number())
    second = caller(house, "Kim Lee", number)
    wait_for(
        lambda: len(house.get(f"/api/v1/people?find={second}")["people"][0]["handle_keys"]) == 2,
        "not joined by their number",
    )
    at(page, "people-find").fill(first)
    at(page, "people-find").press("Enter")
    expect(at(page, "person")).to_be_visible()
    expect(at(page, "history-line")).to_have_count(2)
    at(page, "unjoin").click()
    at(page, "ask-reason").fill("Two colleagues share a telephone")
    at(page, "ask-confirm").click()
    expect(at(page, "apart")).to_contain_text("visitor-")
    expect(at(page, "join")).to_have_count(0)
    assert violations(page) == []


def test_hostile_names_are_text(house: House, screens: Screens) -> None:
    page = screens.enter("anton", "/people", theme="light")
    pair_of(house, page, (f"Eve {PAYLOADS[0]}"[:200], "Mallory Jones"))
    expect(at(page, "pair")).to_contain_text("Mallory Jones")
    page.keyboard.press("n")
    expect(at(page, "pair-row").filter(has_text="Mallory Jones")).to_have_count(0)


def test_agents_look_on(house: House, screens: Screens) -> None:
    deciding = screens.enter("ada", "/people")
    pair_of(house, deciding, ("Lena Berg", "Omar Said"))
    page = screens.enter("amira", "/people", phone=True)
    expect(at(page, "pair")).to_be_visible()
    expect(at(page, "pair-join")).to_have_count(0)
    fits(page)
    assert violations(page) == []
