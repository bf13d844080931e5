"""The page of the rules for everybody: hostile texts, other editors, roles, barriers, a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser.house import COMPLAINT, House
from tests.browser.payloads import PAYLOADS
from tests.browser.rules_house import REACH, ROOT, Rules, edit, line, open_row, open_rules
from tests.browser.screens import Screens, at
from tests.browser.test_looks import fits, violations

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

_WATCH = """
window.violations = [];
addEventListener("securitypolicyviolation", (e) => window.violations.push(e.violatedDirective));
"""


@pytest.fixture
def rules(house: House) -> Iterator[Rules]:
    rules = Rules(house)
    rules.restore()
    yield rules
    rules.restore()


def toml(text: str) -> str:
    """A TOML string that says exactly this."""
    return '"' + "".join(f"\\U{ord(sign):08x}" for sign in text) + '"'


def hostile_texts(payloads: tuple[str, ...]) -> dict[str, str]:
    """Rules whose every field tries to run; half of them are wrong as well."""
    rows = "".join(
        f"[[row]]\nid = {toml(text[:38] if at % 2 else f'r{at}')}\nwhen = {toml(text)}\n"
        f"then = {{ queue = {toml(text)}, window = {toml(text)} }}\nwhy = {toml(text)}\n\n"
        for at, text in enumerate(payloads)
    )
    return {"10-hostile.toml": f"title = {toml(payloads[0])}\n\n{rows}", "20-no.toml": payloads[0]}


def test_hostile_rules_and_mentions_are_text_and_never_run(rules: Rules, screens: Screens) -> None:
    screens.allow("status of 422")
    house = rules.house
    house.mention(f"{COMPLAINT} {PAYLOADS[1]}", author={"handle": PAYLOADS[0], "name": PAYLOADS[2]})
    draft = rules.draft(hostile_texts(PAYLOADS), title=PAYLOADS[1])
    page = screens.enter("sofia", "/rules")
    happened: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        happened.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    page.on("request", lambda r: happened.append(r.url) if "evil" in r.url else None)
    page.add_init_script(_WATCH)
    page.goto("/rules")
    expect(line(page, REACH)).to_be_visible()
    at(page, "showing").select_option(draft["id"])
    expect(at(page, "rule-row")).to_have_count(len(PAYLOADS))
    shown = page.locator(".rule-why > span").evaluate_all("all => all.map((e) => e.textContent)")
    assert shown == [text.strip() for text in PAYLOADS]
    expect(at(page, "draft-problem").first).to_be_visible()
    at(page, "tab-changes").click()
    expect(at(page, "change").first).to_be_visible()
    at(page, "rule-open").first.click()
    expect(at(page, "rule-condition")).to_have_value(PAYLOADS[0])
    expect(at(page, "condition-problem").first).to_be_visible()
    page.keyboard.press("Escape")
    at(page, "rule-as-text").first.click()
    expect(at(page, "rule-text")).to_be_visible()
    at(page, "try-mention").select_option(index=1)
    expect(at(page, "try-said")).to_contain_text(PAYLOADS[1])
    at(page, "try-go").click()
    expect(at(page, "try-problem")).to_be_visible()
    at(page, "showing").select_option("live")
    expect(at(page, "try-result")).to_be_visible()
    at(page, "try-values").click()
    assert happened == []
    assert page.evaluate("[window.ran, window.violations]") == [None, []]
    assert page.locator("#app :is(script, iframe, object, embed, base, meta)").count() == 0


def test_unsaved_text_survives_a_reload(rules: Rules, screens: Screens) -> None:
    page = open_rules(screens)
    edit(page)
    open_row(page, REACH)
    at(page, "rule-why").fill("Half a sentence, and then")
    page.reload()
    expect(at(page, "rule-why")).to_have_value("Half a sentence, and then")
    expect(at(page, "rule-restored")).to_be_visible()
    at(page, "rule-back").click()
    expect(line(page, REACH)).to_contain_text("unsaved text")
    open_row(page, REACH)
    at(page, "rule-discard").click()
    expect(line(page, REACH)).not_to_contain_text("unsaved text")
    open_row(page, REACH)
    expect(at(page, "rule-why")).not_to_have_value(re.compile("Half a sentence"))


def test_what_somebody_else_changed_is_told_and_never_overwritten(
    rules: Rules, screens: Screens
) -> None:
    screens.allow("status of 412")
    page = open_rules(screens)
    edit(page)
    [draft] = rules.overview()["drafts"]
    open_row(page, REACH)
    at(page, "rule-why").fill("Mine")
    rules.change(draft, "ada", REACH, why="Hers")
    at(page, "rule-save").click()
    expect(at(page, "elsewhere")).to_contain_text("ada")
    expect(at(page, "rule-theirs")).to_contain_text("Hers")
    expect(at(page, "rule-why")).to_have_value("Mine")
    whys = {row["id"]: row["why"] for row in rules.read(draft["id"])["rows"]}
    assert whys[REACH] == "Hers"
    expect(at(page, "rule-save")).to_contain_text("Save over theirs")
    at(page, "rule-save").click()
    expect(line(page, REACH)).to_contain_text("Mine")
    whys = {row["id"]: row["why"] for row in rules.read(draft["id"])["rows"]}
    assert whys[REACH] == "Mine"


def test_a_draft_that_the_live_version_has_left_behind_says_so(
    rules: Rules, screens: Screens
) -> None:
    page = open_rules(screens)
    edit(page)
    other = rules.draft(title="Other")
    changed = rules.change(other, "ada", REACH, why="Hers")
    path = f"{ROOT}/drafts/{changed['id']}/publish"
    rules.house.post("ada", path, {"comment": "Hers", "skip_reason": "a test"})
    expect(at(page, "live-moved")).to_contain_text("is live now")
    expect(at(page, "publish")).to_be_disabled()
    at(page, "tab-changes").click()
    expect(at(page, "change").locator("del")).to_contain_text("Hers")
    at(page, "rebase").click()
    expect(at(page, "live-moved")).to_have_count(0)
    expect(at(page, "publish")).to_be_enabled()


def test_who_looks_on_sees_everything_and_changes_nothing(rules: Rules, screens: Screens) -> None:
    draft = rules.draft()
    page = open_rules(screens, "anton")
    expect(at(page, "looking-on")).to_contain_text("supervisors and administrators")
    expect(at(page, "edit")).to_have_count(0)
    expect(at(page, "version-rollback")).to_have_count(0)
    page.keyboard.press("e")
    for shown in ("live", draft["id"]):
        at(page, "showing").select_option(shown)
        open_row(page, REACH)
        for field in ("rule-condition", "rule-id", "rule-queue", "rule-why"):
            expect(at(page, field)).to_be_disabled()
        for button in ("rule-save", "rule-delete", "rule-up", "publish", "throw-away"):
            expect(at(page, button)).to_have_count(0)
        page.keyboard.press("Escape")
    at(page, "try-way-typed").click()
    at(page, "try-text").fill("May I?")
    at(page, "try-go").click()
    expect(at(page, "try-result")).to_be_visible()
    for method, path in (
        ("POST", f"{ROOT}/drafts"),
        ("PUT", f"{ROOT}/drafts/{draft['id']}"),
        ("POST", f"{ROOT}/drafts/{draft['id']}/rows/{REACH}/move"),
        ("POST", f"{ROOT}/rollback"),
    ):
        with pytest.raises(httpx.HTTPStatusError, match="403"):
            rules.house.send(method, "anton", path, {"title": "x"}, seen=1)
    assert rules.read(draft["id"])["edit"] == 1


def test_agents_have_no_rules(rules: Rules, screens: Screens) -> None:
    screens.allow("status of 403")
    page = screens.enter("amira", "/desk")
    expect(at(page, "nav-rules")).to_have_count(0)
    answer = page.goto("/rules")
    assert answer is not None
    assert answer.status == 403


def _busy(rules: Rules, page: Page) -> None:
    """The page with everything open at once: a wrong condition, a try, differences."""
    edit(page)
    at(page, "try-way-typed").click()
    at(page, "try-text").fill("Shame on you")
    at(page, "try-go").click()
    expect(at(page, "try-result")).to_be_visible()
    at(page, "try-values").click()
    open_row(page, REACH)
    at(page, "rule-why").fill(f"{'wide' * 30} https://example.org/{'x' * 100}")
    at(page, "rule-save").click()
    expect(at(page, "change")).to_be_visible()
    open_row(page, REACH)
    at(page, "rule-condition").fill("mention.public && " + "nobody" * 40)
    expect(at(page, "condition-problem")).to_be_visible()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_page_has_no_barriers(rules: Rules, screens: Screens, theme: str) -> None:
    page = open_rules(screens, theme=theme)
    assert violations(page) == []
    _busy(rules, page)
    assert violations(page) == []
    for tab in ("backtest", "shadow", "overrides", "history"):
        at(page, f"tab-{tab}").click()
        assert violations(page) == []
    page.keyboard.press("Escape")
    at(page, "rule-as-text").first.click()
    assert violations(page) == []
    at(page, "publish").click()
    at(page, "ask-skip").check()
    assert violations(page) == []


def test_a_phone_shows_the_page_without_scrolling_sideways(rules: Rules, screens: Screens) -> None:
    page = open_rules(screens, phone=True)
    fits(page)
    _busy(rules, page)
    fits(page)
    for tab in ("changes", "backtest", "shadow", "overrides", "history"):
        at(page, f"tab-{tab}").click()
        fits(page)
    at(page, "in-effect").click()
    fits(page)
