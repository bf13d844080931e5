"""The rules of the running Handshake as the tests of their page use them, over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
from playwright.sync_api import Locator, Page, expect

from tests.browser.house import House, wait_for
from tests.browser.screens import Screens, at

ROOT = "/api/v1/rules"
REACH = "influential-complaint"  # a row of the shipped rules: 100,000 followers, a complaint


class Rules:
    """Versions and drafts, and what a mention was decided by."""

    def __init__(self, house: House) -> None:
        self.house = house

    def overview(self) -> Any:
        return self.house.get(ROOT)

    def live(self) -> int:
        return int(self.overview()["live"]["number"])

    def draft(self, texts: dict[str, str] | None = None, title: str = "Draft of sofia") -> Any:
        given: dict[str, Any] = {"title": title} | ({"texts": texts} if texts else {})
        return self.house.post("sofia", f"{ROOT}/drafts", given)

    def put_in_effect(self, texts: dict[str, str]) -> None:
        """These rules and no others decide, on every process."""
        path = f"{ROOT}/drafts/{self.draft(texts)['id']}/publish"
        self.house.post("sofia", path, {"comment": "a test", "skip_reason": "a test"})
        wait_for(self.settled, "the new version is not in effect")

    def read(self, draft_id: str) -> Any:
        return self.house.get(f"{ROOT}/drafts/{draft_id}")

    def change(self, draft: Any, user: str, row_id: str, **fields: Any) -> Any:
        """Somebody else changes a row of a draft."""
        now = self.read(draft["id"])
        [row] = [row for row in now["rows"] if row["id"] == row_id]
        sent = {k: v for k, v in row.items() if k not in ("file", "kind")} | fields
        path = f"{ROOT}/drafts/{draft['id']}/rows/{row_id}"
        return self.house.send("PUT", user, path, {"row": sent}, now["edit"])

    def order(self, draft_id: str, file: str) -> list[str]:
        return [row["id"] for row in self.read(draft_id)["rows"] if row["file"] == file]

    def decided_by(self, followers: int = 70_000) -> str:
        """The row that decides a public complaint by somebody with so many followers."""
        author = {"handle": f"voice_{followers}", "followers": followers}
        mention_id = self.house.mention(channel="x", author=author)
        [fact] = wait_for(lambda: self._decided(mention_id), "no decision")
        rule: str = fact["data"]["decision"]["rule"]
        return rule

    def _decided(self, mention_id: str) -> list[dict[str, Any]]:
        try:
            return self.house.facts(mention_id, "decided")
        except httpx.HTTPStatusError:
            return []  # the ledger has not heard of it yet

    def restore(self) -> None:
        """No draft, no shadow, and the first version live, as every test expects."""
        self.house.post("sofia", f"{ROOT}/shadow", {"draft_id": None})
        for head in self.overview()["drafts"]:
            self.house.send("DELETE", "sofia", f"{ROOT}/drafts/{head['id']}", seen=head["edit"])
        if self.live() != 1:
            self.house.post("sofia", f"{ROOT}/rollback", {"to": 1, "reason": "the test is over"})
        wait_for(self.settled, "the first version is not in effect")

    def settled(self) -> bool:
        now = self.overview()
        return all(one["number"] == now["live"]["number"] for one in now["in_effect"])


def open_rules(screens: Screens, user: str = "sofia", **options: Any) -> Page:
    page = screens.enter(user, "/rules", **options)
    expect(line(page, REACH)).to_be_visible()
    return page


def edit(page: Page) -> None:
    at(page, "edit").click()
    expect(at(page, "publish")).to_be_visible()


def line(page: Page, row_id: str) -> Locator:
    return page.locator(f'[data-testid="rule-row"][data-row-id="{row_id}"]')


def open_row(page: Page, row_id: str) -> Locator:
    at(line(page, row_id), "rule-open").click()
    form = page.locator(f'[data-testid="rule-form"][data-row-id="{row_id}"]')
    expect(form).to_be_visible()
    return form


def lower_reach(page: Page) -> None:
    """The edit of the tests: who has 50,000 followers speaks to many already."""
    open_row(page, REACH)
    field = at(page, "rule-condition")
    field.fill(field.input_value().replace("100000", "50000"))
    expect(at(page, "condition-state")).to_have_attribute("data-state", "good")
    at(page, "rule-save").click()
    expect(line(page, REACH)).to_contain_text("50000")


def publish(page: Page, comment: str = "Reach counts from 50,000") -> None:
    """With a reason instead of a back-test."""
    at(page, "publish").click()
    at(page, "ask-comment").fill(comment)
    at(page, "ask-skip").check()
    at(page, "ask-skip_reason").fill("a test")
    at(page, "ask-confirm").click()
    expect(at(page, "ask")).to_have_count(0)
