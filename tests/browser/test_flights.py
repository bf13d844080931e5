"""Flights in the browser: opened, seen on a task, ticked off by a group, closed by their goal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser.house import COMPLAINT, House
from tests.browser.payloads import PAYLOADS
from tests.browser.rules_house import ROOT as RULES
from tests.browser.rules_house import Rules
from tests.browser.screens import Screens, at, never_reloaded, row_of, still_there, take
from tests.browser.test_looks import fits, violations

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

ROOT = "/api/v1/flights"
SAY = "Trains north of Oslo are cancelled until noon. We will bring you home by bus."
STORM = """title = "The storm"

[[rule]]
id = "storm"
on = "mention"
when = 'mention.text.says("storm")'
do = [{ label = "storm" }]
why = "A storm cancels trains."
"""
_WATCH = """
window.violations = [];
addEventListener("securitypolicyviolation", (e) => window.violations.push(e.violatedDirective));
"""


class Flights:
    def __init__(self, house: House) -> None:
        self.house = house

    def open(self, user: str = "sofia", **given: Any) -> Any:
        """A flight that Amira follows."""
        fields: dict[str, Any] = {
            "name": "Storm Berta",
            "say": SAY,
            "goal": {"words": "Everybody knows how they get home", "kind": "steps"},
            "steps": [{"what": "Call the operator"}, {"what": "Offer a bus"}],
            "group": {"reps": ["amira"]},
        }
        return self.house.post(user, ROOT, fields | given)

    def clean(self) -> None:
        for head in self.house.get(ROOT)["open"]:
            self.house.post("sofia", f"{ROOT}/{head['id']}/close", {"reason": "the test is over"})


@pytest.fixture
def flights(house: House) -> Iterator[Flights]:
    flights = Flights(house)
    flights.clean()
    yield flights
    flights.clean()


@pytest.fixture
def storm(house: House) -> Iterator[None]:
    """The live rules label what speaks of a storm."""
    rules = Rules(house)
    rules.restore()
    rules.put_in_effect(house.get(f"{RULES}/versions/1")["texts"] | {"05-storm.toml": STORM})
    yield
    rules.restore()


def fill_form(page: Page) -> None:
    page.keyboard.press("n")
    at(page, "flight-name").fill("Storm Berta")
    at(page, "flight-labels").get_by_label("Storm").check()
    at(page, "flight-words").fill("Everybody knows how they get home")
    at(page, "flight-kind").select_option("steps")
    at(page, "flight-step").fill("Call the operator")
    at(page, "flight-add-step").click()
    at(page, "flight-step").nth(1).fill("Offer a bus")
    at(page, "flight-step-who").nth(1).select_option("queue:service")
    at(page, "flight-reps").get_by_label("Amira Haddad").check()
    at(page, "flight-say").fill(SAY)


def test_a_flight_is_opened_seen_on_a_task_ticked_off_and_closes_itself(
    storm: None, flights: Flights, screens: Screens
) -> None:
    """Item 7 of the issue: a start, a destination and a route that a group follows together."""
    house = flights.house
    page = screens.enter("sofia", "/flights")
    expect(at(page, "flights-list")).to_be_visible()
    fill_form(page)
    at(page, "flight-save").click()
    expect(at(page, "flight-shown")).to_have_text("Storm Berta")
    expect(at(page, "flight-progress")).to_have_text("0 of 2 done")
    never_reloaded(page)

    desk = screens.desk()
    mention_id = house.mention(f"The storm! {COMPLAINT}")
    house.offered(mention_id, "amira")
    expect(at(desk, "offer-flight")).to_contain_text("On flight Storm Berta: step 1 of 2")
    at(desk, "offer-accept").click()
    block = at(desk, "card-flight")
    expect(block).to_contain_text("Storm Berta")
    expect(at(block, "card-flight-step")).to_contain_text("Step 1 of 2 Call the operator")
    expect(at(block, "card-flight-others")).to_contain_text("1 open")
    expect(at(page, "flight-task")).to_have_attribute("data-mention-id", mention_id)
    expect(at(page, "flight-task")).to_contain_text("In work")
    at(desk, "task-reply").fill("Dear guest")
    at(block, "card-flight-use").click()
    expect(at(desk, "task-reply")).to_have_value(f"Dear guest\n\n{SAY}")

    at(block, "card-flight-tick").click()
    expect(at(block, "card-flight-step")).to_contain_text(
        "Step 2 of 2 Offer a bus for queue service"
    )
    expect(at(page, "flight-progress")).to_have_text("1 of 2 done")
    expect(at(page, "flight-step-line").first).to_contain_text("done by amira")
    at(desk, "task-send").click()
    expect(at(desk, "reply-sent")).to_be_visible()
    at(page, "flight-tick").nth(1).click()
    expect(at(page, "flight-state")).to_have_text("Goal reached")
    expect(block).to_have_count(0)
    expect(at(page, "flight-outcome")).to_contain_text("2 of 2")
    expect(at(page, "flight-history").locator('[data-kind="closed"]')).to_contain_text("handshake")
    assert still_there(page)


def test_an_agent_adds_their_task_and_a_supervisor_takes_it_out(
    flights: Flights, screens: Screens
) -> None:
    flights.open()
    page = screens.enter("sofia", "/flights")
    desk = screens.desk()
    take(desk, flights.house)
    desk.keyboard.press("f")
    at(desk, "ask-confirm").click()
    expect(at(desk, "card-flight")).to_contain_text("Storm Berta")
    expect(at(page, "flight-task")).to_contain_text("by amira")
    floor = screens.floor()
    expect(at(floor, "floor-task-flight")).to_have_text("Storm Berta")
    at(page, "flight-remove").click()
    at(page, "ask-reason").fill("Not the storm")
    at(page, "ask-confirm").click()
    expect(at(page, "flight-task")).to_have_count(0)
    expect(at(desk, "card-flight")).to_have_count(0)


def test_what_somebody_else_changed_is_taken_over_and_mine_stays(
    flights: Flights, screens: Screens
) -> None:
    screens.allow("status of 409")
    made = flights.open()
    page = screens.enter("sofia", "/flights")
    at(page, "flight-edit").click()
    at(page, "flight-name").fill("Storm Carla")
    at(page, "flight-step").nth(1).fill("Offer a train")
    theirs = {
        "name": "Storm Berta", "say": "The trains run again.",
        "goal": {"words": "All are at home", "kind": "steps"}, "group": {"reps": ["amira"]},
        "steps": [{"id": step["id"], "what": step["what"]} for step in made["steps"]]
        + [{"what": "Tell the press"}],
    }  # fmt: skip
    flights.house.post("amira", f"{ROOT}/{made['id']}/tick", {"step": 1})
    flights.house.send("PUT", "ada", f"{ROOT}/{made['id']}", theirs | {"version": 2})
    at(page, "flight-save").click()
    expect(at(page, "flight-merged")).to_contain_text("Somebody has changed this flight")
    expect(at(page, "flight-say")).to_have_value("The trains run again.")
    expect(at(page, "flight-name")).to_have_value("Storm Carla")
    at(page, "flight-save").click()
    expect(at(page, "flight-shown")).to_have_text("Storm Carla")
    expect(at(page, "flight-goal")).to_have_text("All are at home")
    expect(at(page, "flight-progress")).to_have_text("1 of 3 done")
    expect(at(page, "flight-step-line").locator(".step-what")).to_have_text(
        ["Call the operator", "Offer a train", "Tell the press"]
    )


def test_a_wrong_plan_is_told_field_by_field(flights: Flights, screens: Screens) -> None:
    screens.allow("status of 422")
    page = screens.enter("sofia", "/flights")
    at(page, "flight-new").click()
    at(page, "flight-name").fill("Storm")
    at(page, "flight-words").fill("Quiet")
    at(page, "flight-save").click()
    expect(at(page, "flight-problem")).to_contain_text("group: expected at least one agent")
    expect(at(page, "flight-name")).to_have_value("Storm")


def test_closed_by_hand_and_reopened_each_with_a_reason(flights: Flights, screens: Screens) -> None:
    flights.open()
    page = screens.enter("sofia", "/flights")
    at(page, "flight-close").click()
    at(page, "ask-reason").fill("The storm has turned")
    at(page, "ask-confirm").click()
    expect(at(page, "flight-state")).to_have_text("Closed by hand")
    expect(at(page, "flight-outcome")).to_contain_text("The storm has turned")
    at(page, "flight-reopen").click()
    at(page, "ask-reason").fill("It is back")
    at(page, "ask-confirm").click()
    expect(at(page, "flight-state")).to_have_text("Open")


def test_who_looks_on_ticks_and_changes_nothing(flights: Flights, screens: Screens) -> None:
    flights.open()
    page = screens.enter("anton", "/flights")
    expect(at(page, "flight-tick").first).to_be_disabled()
    for button in ("flight-new", "flight-edit", "flight-close", "flight-add-task"):
        expect(at(page, button)).to_have_count(0)
    page.keyboard.press("n")
    page.keyboard.press("e")
    expect(at(page, "flight-form")).to_have_count(0)


def test_hostile_text_is_shown_and_never_runs(flights: Flights, screens: Screens) -> None:
    house = flights.house
    desk = screens.desk()
    task_id = take(desk, house)
    made = flights.open(
        name=PAYLOADS[0][:80], say=PAYLOADS[1], labels=[],
        goal={"words": PAYLOADS[2][:300], "kind": "quiet", "minutes": 9},
        steps=[{"what": text[:300]} for text in PAYLOADS[:8]],
    )  # fmt: skip
    house.post("amira", f"{ROOT}/{made['id']}/add_task", {"task_id": task_id})
    house.post("amira", f"{ROOT}/{made['id']}/tick", {"step": 1, "note": PAYLOADS[3]})
    page = screens.enter("sofia", "/flights")
    for screen in (page, desk):
        happened: list[str] = []

        def dismiss(dialog: Dialog, happened: list[str] = happened) -> None:
            happened.append(dialog.message)
            dialog.dismiss()

        screen.on("dialog", dismiss)
        screen.add_init_script(_WATCH)
        screen.reload()
        if screen is desk:
            row_of(desk, task_id).click()
            expect(at(desk, "card-flight-say")).to_have_text(PAYLOADS[1].strip())
        else:
            expect(at(page, "flight-say-shown")).to_be_visible()
            assert (
                at(page, "flight-shown").evaluate("e => e.textContent") == PAYLOADS[0][:80].strip()
            )
        assert happened == []
        assert screen.evaluate("[window.ran, window.violations]") == [None, []]
        assert screen.locator("#app :is(script, iframe, object, embed, base, meta)").count() == 0


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_page_has_no_barriers(flights: Flights, screens: Screens, theme: str) -> None:
    made = flights.open()
    flights.open(name="Strike", goal={"words": "Over", "kind": "quiet", "minutes": 9})
    desk = screens.desk(theme=theme)
    task_id = take(desk, flights.house)
    house = flights.house
    house.post("amira", f"{ROOT}/{made['id']}/add_task", {"task_id": task_id})
    house.post("amira", f"{ROOT}/{made['id']}/tick", {"step": 1, "note": "Kari knows"})
    expect(at(desk, "card-flight")).to_be_visible()
    assert violations(desk) == []
    page = screens.enter("sofia", f"/flights#{made['id']}", theme=theme)
    expect(at(page, "flight-task")).to_be_visible()
    assert violations(page) == []
    at(page, "flight-edit").click()
    expect(at(page, "flight-form")).to_be_visible()
    assert violations(page) == []
    at(page, "flight-back-out").click()
    house.post("sofia", f"{ROOT}/{made['id']}/close", {"reason": "over"})
    expect(at(page, "flight-outcome")).to_be_visible()
    assert violations(page) == []


def test_a_phone_shows_everything_without_scrolling_sideways(
    flights: Flights, screens: Screens
) -> None:
    wide = "wide" * 18
    made = flights.open(
        name=wide, say=f"https://example.org/{'x' * 200}", steps=[{"what": wide * 3}]
    )
    desk = screens.desk(phone=True)
    task_id = flights.house.taken("amira")["task_id"]
    flights.house.post("amira", f"{ROOT}/{made['id']}/add_task", {"task_id": task_id})
    row_of(desk, task_id).tap()
    expect(at(desk, "card-flight")).to_be_visible()
    fits(desk)
    page = screens.enter("sofia", "/flights", phone=True)
    expect(at(page, "flight-task")).to_be_visible()
    fits(page)
    at(page, "flight-edit").click()
    expect(at(page, "flight-form")).to_be_visible()
    fits(page)


def test_the_keys_lead_to_the_flights_and_through_them(flights: Flights, screens: Screens) -> None:
    flights.open(name="First")
    flights.open(name="Second")
    page = screens.floor()
    expect(at(page, "floor-rep-row").first).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("l")
    expect(at(page, "flight-shown")).to_have_text("Second")
    page.keyboard.press("j")
    expect(at(page, "flight-shown")).to_have_text("First")
    page.keyboard.press("g")
    page.keyboard.press("f")
    expect(page).to_have_url(re.compile("/floor$"))
