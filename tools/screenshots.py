"""The screenshots of the documentation: `python -m tools.screenshots` takes them anew.

`python -m tools.screenshots rules` takes those of the rules alone, `flights` those of the flights.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from app.demo.world import profiles
from tools.browser import ROOT, chromium_args, find_chromium, running

FOLDER = ROOT / "docs" / "screenshots"
WIDE: Any = {"width": 1440, "height": 810}
PHONE: Any = {"width": 390, "height": 844}
AGENT, SUPERVISOR = "ben", "sofia"
REPLY = "I am sorry that you had to wait. I have found your case and "
# A picture of an idle house says little: this long the demo's traffic fills it.
LIVE_MS = 30_000
OFFER_MS = 90_000  # somebody's offer comes within this time
STORY_MS = 4_000  # the agents have taken what they can of the story
ADOPTED_S = 60.0  # every process has new rules in effect within this time, on a busy machine too
SETTLE_MS = 700  # the offer has slid in, the fonts are there
# What our customers wrote, and how many minutes ago, of a window of 30: more than the agents of
# the demo can take at once, so that tasks wait, are at risk, and one is late.
STORY = (
    ("Third day without internet at home, and your hotline hangs up on me every time.", 25.2),
    ("The refund that you promised me in writing has still not arrived.", 26.5),
    ("My new router went to the wrong address, and nobody answers my messages.", 12.0),
    ("How do I move my plan to a new address? The form ends in an error.", 5.0),
    ("You charged me twice for the same ticket. Please pay one back.", 21.0),
    ("Mein Vertrag wurde ohne Grund verlängert, das ist eine Frechheit.", 24.6),
    ("I am very disappointed: my suitcase arrived broken, and your staff were rude.", 8.0),
    ("Ma facture est fausse pour la deuxième fois, je suis vraiment déçue.", 16.0),
    ("Your app logs me out every day since the update. Fix it, please.", 3.0),
    ("La mia linea non funziona da ieri, e nessuno mi risponde.", 10.0),
    ("I asked for my balance three times. Is anybody there at all?", 31.0),
    ("Can I get an upgrade for the flight on Friday, and how much is it?", 2.0),
)
REACH = "influential-complaint"  # the row that the picture of the rules changes
LOUD = "Third flight in a row that you cancel an hour before. Shame on you."
# What makes the bell ring: some of the story have waited for nearly all of their window.
BELL_RULE = r"""title = "Who is told"

[[rule]]
id = "nearly-late"
on = "at_risk"
when = 'task.clock == "response"'
do = [
  { notify = { to = "supervisor", text = "Somebody has nearly waited too long." } },
  { notify = { to = "agent", text = "Somebody is nearly late: take the next offer soon." } },
]
why = "Whoever is with us for long should not hear from us too late."
"""
STORM_RULE = r"""title = "The storm"

[[rule]]
id = "storm"
on = "mention"
when = 'mention.text.says(r"storm|stranded")'
do = [{ label = "storm" }]
why = "Storm Berta: flights from Oslo are cancelled until noon."
"""
STORM: Any = {
    "name": "Storm Berta",
    "labels": ["storm"],
    "say": "We are sorry: storm Berta has closed Oslo until 12:00. You are rebooked on the first"
    " flight after that; a hotel and meals are on us. Answer here if that does not suit you.",
    "goal": {
        "words": "Everybody who was to fly knows how they get home",
        "kind": "quiet",
        "minutes": 30,
    },
    "steps": [
        {"what": "Ask operations when Oslo opens again", "who": {"rep": SUPERVISOR}},
        {"what": "Agree on one text, and put it on every task", "who": {"role": "mediator"}},
        {"what": "Rebook everybody with a connection first", "who": {"queue": "urgent"}},
        {"what": "Offer a hotel to whoever is still there at 22:00", "who": {"queue": "service"}},
        {"what": "Write to those who did not write to us"},
    ],
    "group": {"reps": [AGENT, "miriam"], "queues": ["urgent", "service"]},
}
STRANDED = (
    ("Stranded in Oslo by the storm with two children, and nobody tells us anything.", 9.0),
    ("My flight home is cancelled because of the storm. When is the next one?", 7.5),
    ("Is the storm an excuse for no hotel? We have been sitting here for six hours.", 6.0),
    ("Will I reach my connection to Boston after the storm?", 4.0),
    ("Thank you for the honest words about the storm. Please rebook me for tomorrow.", 2.0),
    ("Stranded since morning. Your hotline is engaged, your app says on time.", 1.0),
)
EMOJI = re.compile("[\u2600-\u27bf\U0001f000-\U0001faff]")  # few servers have a font for them


class Photographer:
    """Takes pictures of one running Handshake. `run` is its run.json."""

    def __init__(self, browser: Browser, run: dict[str, Any]) -> None:
        self._browser = browser
        self._web = run["web"]
        self._passwords = {user["name"]: user["password"] for user in run["users"]}
        self._keys = {user["name"]: user["key"] for user in run["users"]}
        self._intake_key = run["intake_key"]

    def take_all(self) -> None:
        with self._page("dark") as page:
            page.goto("/login")
            self._take(page, "login")
        self.take_rules()  # as the folder has them: what is published below is for the bell
        self._publish("Who is told", {"06-told.toml": BELL_RULE})
        with self._signed_in(AGENT) as desk:
            _at(desk, "state-ready").click()
            self._tell_the_story()
            self._work(desk)
            self._both_themes(desk, "desk", needs_offer=True)
            self._phone(desk)
        with self._signed_in(SUPERVISOR) as floor:
            _at(floor, "floor-rep-row").first.wait_for()
            self._tell_the_story()
            floor.wait_for_timeout(STORY_MS)
            _at(floor, "bell-count").wait_for()
            self._both_themes(floor, "floor")
        self.take_flights()

    def take_flights(self) -> None:
        """A storm: its mentions labelled by a rule, two steps of its route done."""
        flights = f"{self._web}/api/v1/flights"
        self._publish("Storm", {"05-storm.toml": STORM_RULE})
        made = self._ask("POST", flights, STORM)
        with self._signed_in(SUPERVISOR) as page:
            self._send(STRANDED)
            for step in (1, 2):
                self._ask("POST", f"{flights}/{made['id']}/tick", {"step": step}, AGENT)
            page.goto(f"/flights#{made['id']}")
            _at(page, "flight-task").nth(len(STRANDED) - 1).wait_for()
            page.wait_for_timeout(STORY_MS)
            self._both_themes(page, "flights")

    def _publish(self, title: str, files: dict[str, str]) -> None:
        """Rules beside the first ones, in effect everywhere from now on."""
        rules = f"{self._web}/api/v1/rules"
        texts = self._ask("GET", f"{rules}/versions/1")["texts"] | files
        draft = self._ask("POST", f"{rules}/drafts", {"title": title, "texts": texts})
        self._ask("POST", f"{rules}/drafts/{draft['id']}/publish", {"skip_reason": "a picture"})
        until = time.monotonic() + ADOPTED_S
        while time.monotonic() < until:
            found = self._ask("GET", rules)
            if {one["number"] for one in found["in_effect"]} == {found["live"]["number"]}:
                return
            time.sleep(0.5)
        raise TimeoutError(f"expected every process to have these rules within {ADOPTED_S} s")

    def _ask(self, method: str, url: str, body: Any = None, user: str = SUPERVISOR) -> Any:
        headers = {
            "Authorization": f"Bearer {self._keys[user]}",
            "Idempotency-Key": uuid.uuid4().hex,
        }
        answer = httpx.request(method, url, json=body, headers=headers)
        answer.raise_for_status()
        return answer.json()

    def take_rules(self) -> None:
        """The rules with a draft that changes one row, tried on what somebody wrote."""
        with self._signed_in(SUPERVISOR) as page:
            page.goto("/rules")
            self._edit_reach(page)
            self._try_text(page)
            self._both_themes(page, "rules")

    def _edit_reach(self, page: Page) -> None:
        _at(page, "edit").click()
        _at(page, "publish").wait_for()
        line = page.locator(f'[data-testid="rule-row"][data-row-id="{REACH}"]')
        _at(line, "rule-open").click()
        condition = _at(page, "rule-condition")
        condition.fill(condition.input_value().replace("100000", "50000"))
        _at(page, "rule-save").click()
        line.wait_for()
        _at(page, "notice").get_by_label("Dismiss").click()

    def _try_text(self, page: Page) -> None:
        _at(page, "try-way-typed").click()
        _at(page, "try-text").fill(LOUD)
        _at(page, "try-channel").fill("x")
        _at(page, "try-followers").fill("70000")
        _at(page, "try-go").click()
        _at(page, "try-result").wait_for()

    def _work(self, desk: Page) -> None:
        """Accept two tasks, write in one, and leave room for an offer."""
        for _ in range(2):
            _offer(desk)
            _at(desk, "offer-accept").click()
            desk.wait_for_timeout(SETTLE_MS)
        desk.wait_for_timeout(LIVE_MS)
        _at(desk, "bell-count").wait_for()
        _at(desk, "task-row").first.click()
        _at(desk, "task-reply").fill(REPLY)

    def _both_themes(self, page: Page, name: str, needs_offer: bool = False) -> None:
        for theme in ("dark", "light"):
            if needs_offer:
                _offer(page)
            page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
            self._take(page, f"{name}-{theme}")

    def _phone(self, desk: Page) -> None:
        """The same desk in a phone's window: the session and its tasks are the agent's."""
        desk.evaluate("document.documentElement.dataset.theme = 'dark'")
        desk.set_viewport_size(PHONE)
        _offer(desk)
        self._take(desk, "desk-mobile")

    def _tell_the_story(self) -> None:
        self._send(STORY)

    def _send(self, story: Sequence[tuple[str, float]]) -> None:
        """Known customers wrote these texts, so many minutes ago."""
        now = datetime.now(UTC)
        mentions = [
            {
                "channel": channel,
                "text": text,
                "author": {"handle": handle, "name": name},
                "detected_at": (now - timedelta(minutes=minutes)).isoformat(),
            }
            for (text, minutes), (channel, handle, name) in zip(story, _customers(), strict=False)
        ]
        headers = {"Authorization": f"Bearer {self._intake_key}"}
        answer = httpx.post(f"{self._web}/api/v1/mentions", json=mentions, headers=headers)
        answer.raise_for_status()

    @contextmanager
    def _page(self, theme: str) -> Iterator[Page]:
        context = self._browser.new_context(base_url=self._web, viewport=WIDE, locale="en-GB")
        context.add_cookies([{"name": "theme", "value": theme, "url": self._web}])
        yield context.new_page()
        context.close()

    @contextmanager
    def _signed_in(self, user: str) -> Iterator[Page]:
        with self._page("dark") as page:
            page.goto("/login")
            _at(page, "login-name").fill(user)
            _at(page, "login-password").fill(self._passwords[user])
            _at(page, "login-submit").click()
            page.wait_for_url(re.compile("/(desk|floor)$"))
            yield page

    def _take(self, page: Page, name: str) -> None:
        page.wait_for_timeout(SETTLE_MS)
        path = FOLDER / f"{name}.png"
        page.screenshot(path=path)
        sys.stdout.write(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1024} KiB\n")


def _at(page: Page | Locator, test_id: str) -> Locator:
    return page.get_by_test_id(test_id)


def _customers() -> Iterator[tuple[str, str, str]]:
    """Channel, handle and name of known customers, the most valued first."""
    for known in sorted(profiles(), key=lambda found: -found.value):
        channel, handle = known.keys[0]
        yield channel, handle, known.name


def _offer(desk: Page) -> None:
    """Wait for an offer that can be shown; after a missed one the agent is ready again."""
    card = _at(desk, "offer-card")
    while True:
        if _at(desk, "my-state").get_attribute("data-state") != "available":
            _at(desk, "state-ready").click()
        card.wait_for(timeout=OFFER_MS)
        if not EMOJI.search(card.inner_text()):
            return
        _at(desk, "offer-reject").click()
        card.wait_for(state="detached")


def main(only: str = "") -> None:
    """Start a Handshake with the demo on, and take all pictures, or those of one page."""
    chromium = find_chromium()
    if chromium is None:
        sys.exit("no Chromium on the PATH; install one or set HANDSHAKE_TESTS__CHROMIUM")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder) / "var", "--demo", "--speed", "2") as run,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=chromium_args())
        photographer = Photographer(browser, run)
        some = {"rules": photographer.take_rules, "flights": photographer.take_flights}
        some.get(only, photographer.take_all)()
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:2])
