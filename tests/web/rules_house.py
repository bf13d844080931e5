"""Rules over HTTP: a live version, drafts of it, and what a browser would send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from app.adapters.store.database import Database
from app.adapters.store.rule_backtests import DONE, Backtest, RuleBacktests
from app.core.versions import digest_of
from tests.builders import NOON_MS
from tests.web.conftest import Api

ROOT = "/api/v1/rules"


def rules_of(*rows: str) -> dict[str, str]:
    return {"10-own.toml": 'title = "Own"\n\n' + "\n".join(rows)}


def row(id_: str, when: str = "true", queue: str = "service") -> str:
    then = f'{{ queue = "{queue}" }}'
    return f'[[row]]\nid = "{id_}"\nwhen = \'{when}\'\nthen = {then}\nwhy = "Because."\n'


FIRST = rules_of(row("danger", 'mention.text.says("smoke")', "urgent"), row("otherwise"))
SECOND = rules_of(row("danger", 'mention.text.says("fire")', "urgent"), row("otherwise"))
BROKEN = rules_of(row("danger", "mention.tex == 1", "nowhere"), row("otherwise", "1 + 1"))


@dataclass
class Rules:
    """The API of the rules as Sofia, a supervisor, uses it."""

    api: Api
    database: Database

    async def overview(self) -> Any:
        return (await self.api.get("sofia", ROOT)).json()

    async def live(self) -> int:
        return int((await self.overview())["live"]["number"])

    async def draft(self, texts: dict[str, str] = SECOND, title: str = "Mine") -> Any:
        made = await self.api.post("sofia", f"{ROOT}/drafts", {"title": title, "texts": texts})
        assert made.status_code == 200, made.text
        return made.json()

    async def publish(self, draft_id: str, **given: str) -> httpx.Response:
        return await self.api.post("sofia", f"{ROOT}/drafts/{draft_id}/publish", given)

    async def published(self, texts: dict[str, str] = SECOND) -> int:
        draft = await self.draft(texts)
        answer = await self.publish(draft["id"], skip_reason="a test", comment="Better")
        assert answer.status_code == 200, answer.text
        return int(answer.json()["number"])

    async def tested(self, texts: dict[str, str], against: dict[str, str], id_: str = "b1") -> str:
        """A back-test of these texts that is done, and that nobody has seen."""
        tests = RuleBacktests(self.database)
        await tests.add(
            Backtest(
                id=id_, draft_id="", draft_digest=digest_of(texts), live_digest=digest_of(against),
                made_by="sofia", made_ms=NOON_MS,
            )
        )  # fmt: skip
        await tests.end(id_, DONE, {"matched": 3})
        return id_
