"""The page of partners: what they were sent, how it went, and once more by hand."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.house import House, wait_for
from tests.browser.payloads import PAYLOADS
from tests.browser.screens import Screens, at
from tests.browser.test_looks import fits, violations
from tests.partner import SECRET, Engine, in_thread, says
from tools.browser import ROOT, running

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

RULES = """title = "Hand-offs"

[[rule]]
id = "to-crm"
on = "mention"
when = 'mention.text.says("suitcase")'
do = [{ hand_off = "crm" }]
why = "They look for suitcases."
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with in_thread(Engine()) as engine:
        yield engine


@pytest.fixture(scope="module")
def started(
    chromium: str, engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("partners")
    config = folder / "config"
    shutil.copytree(ROOT / "config", config)
    (config / "handoffs.toml").write_text(
        f'[partner.crm]\ntitle = "CRM"\nurl = "{engine.url}"\ninner = true\nretries = 0\n', "utf-8"
    )
    (config / "rules" / "00-handoffs.toml").write_text(RULES, "utf-8")
    env = {"HANDSHAKE_CONFIG": str(config), "HANDSHAKE_HANDOFFS__CRM_SECRET": SECRET}
    with running(folder / "var", "--no-demo", env=env) as run:
        house = House(run)
        yield house
        house.close()


@pytest.fixture(scope="module")
def sessions() -> dict[str, Any]:
    """Cookies of this house, not of the other tests'."""
    return {}


def failed(house: House, engine: Engine, answer: str) -> str:
    """A mention that the partner would not have; its id."""
    engine.script = [says(answer, 400)]
    mention_id = house.mention("They broke my suitcase")
    wait_for(
        lambda: house.get(f"/api/v1/handoffs?state=failed&mention_id={mention_id}"), "not failed"
    )
    return mention_id


def test_a_hand_off_that_failed_is_seen_and_sent_once_more(
    house: House, engine: Engine, screens: Screens
) -> None:
    """A4.7, A4.12: manual replay, with the reason in the mention's trail."""
    mention_id = failed(house, engine, PAYLOADS[0])
    page = screens.enter("sam", "/handoffs")
    line = page.locator(f'[data-testid="handoff"][data-mention="{mention_id}"]')
    expect(at(line, "handoff-state")).to_have_text("failed")
    expect(at(line, "handoff-answer")).to_contain_text("400")
    assert violations(page) == []
    at(line, "handoff-replay").click()
    at(page, "ask-reason").fill("They have mended it")
    at(page, "ask-confirm").click()
    expect(at(line, "handoff-state")).to_have_text("delivered")
    told = wait_for(lambda: house.facts(mention_id, "handoff_status"), "no fact of the replay")
    assert "They have mended it" in [fact["reason"] for fact in told]
    assert len({event["id"] for event in engine.events}) == 1


def test_the_log_is_narrowed_by_state_and_mention(
    house: House, engine: Engine, screens: Screens
) -> None:
    mention_id = failed(house, engine, "no")
    page = screens.enter("sofia", "/handoffs")
    at(page, "handoffs-mention").fill(mention_id)
    at(page, "handoffs-mention").press("Enter")
    expect(at(page, "handoff")).to_have_count(1)
    expect(at(page, "handoff-replay")).to_have_count(0)  # a supervisor looks on
    at(page, "handoffs-state").select_option("delivered")
    expect(at(page, "handoffs-none")).to_be_visible()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_phone_shows_the_log_without_barriers(
    house: House, engine: Engine, screens: Screens, theme: str
) -> None:
    failed(house, engine, "no")
    page = screens.enter("sam", "/handoffs", theme=theme, phone=True)
    expect(at(page, "handoff").first).to_be_visible()
    fits(page)
    assert violations(page) == []


def test_agents_have_no_such_page(house: House, screens: Screens) -> None:
    screens.allow("status of 403")
    page = screens.enter("amira", "/desk")
    expect(at(page, "nav-handoffs")).to_have_count(0)
    answer = page.goto("/handoffs")
    assert answer is not None
    assert answer.status == 403
