"""Cases over HTTP: what a rule has opened stands on the timeline, and is closed with a reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.core import cases
from app.web.state import Parts
from tests.builders import NOON_MS
from tests.core.test_cases import DECISION, KIM
from tests.history_house import mention_json
from tests.web.conftest import Api
from tests.web.test_history import read, settle

CASE = cases.case_id_of("late", "m1")
CLOSE = f"/api/v1/mentions/m1/cases/{CASE}/close"


async def open_one(parts: Parts) -> None:
    """A mention of @kim's at which the rule "late" has opened a case."""
    said = {"mention": mention_json(), "content_hash": "h"}
    received = {
        "fact_id": "o/received", "op": "received", "op_id": "o", "now_ms": NOON_MS,
        "mention_id": "m1", "source_id": "", "reason": "", "actor": {}, "data": said,
    }  # fmt: skip
    found = cases.opened(DECISION, "m1", "", KIM, NOON_MS + 1)
    assert found
    await parts.base.ledger.append([received, found.as_dict()])
    await settle(parts)


async def close(api: Api, who: str = "amira", path: str = CLOSE, **body: Any) -> Any:
    return await api.post(who, path, body)


async def test_a_case_stands_on_the_timeline_until_somebody_closes_it(
    api: Api, parts: Parts
) -> None:
    """A4.8, A7.1: title, rule and id; who closed it, and how it ended."""
    await open_one(parts)
    found = await read(api, person="x:kim")
    assert found["person"]["totals"]["cases"] == 1
    line = found["lines"][0]
    assert (line["kind"], line["by"], line["text"]) == ("case_opened", "late", "Late bag")
    assert (line["about"], line["matter"]["cases"]) == (CASE, 1)
    answer = await close(api, reason="The bag is found")
    assert (answer.status_code, answer.json()) == (202, {"case": CASE})
    await settle(parts)
    found = await read(api, person="x:kim")
    assert found["person"]["totals"]["cases"] == 0
    line = found["lines"][0]
    assert (line["kind"], line["by"], line["text"]) == ("case_closed", "amira", "The bag is found")
    assert (line["about"], line["matter"]["cases"]) == (CASE, 0)


async def test_a_case_is_closed_once_whoever_tries(api: Api, parts: Parts) -> None:
    await open_one(parts)
    for who, reason in (("amira", "Found"), ("sofia", "Given up")):  # before the ledger has either
        assert (await close(api, who, reason=reason)).status_code == 202
    await settle(parts)
    lines = (await read(api, person="x:kim", kind="case_closed"))["lines"]
    assert [line["text"] for line in lines] == ["Found"]
    answer = await close(api, reason="Again")
    assert (answer.status_code, answer.json()["code"]) == (409, "case_closed")


async def test_a_press_whose_answer_was_lost_is_answered_as_the_first_time(
    api: Api, parts: Parts
) -> None:
    """The screen sends it again; whoever else tries, or says otherwise, hears the truth."""
    await open_one(parts)
    for _ in range(2):
        answer = await close(api, reason=" Found ")
        assert (answer.status_code, answer.json()) == (202, {"case": CASE})
        await settle(parts)
    assert len((await read(api, person="x:kim", kind="case_closed"))["lines"]) == 1
    for who, reason in (("sofia", "Found"), ("amira", "Given up")):
        answer = await close(api, who, reason=reason)
        assert (answer.status_code, answer.json()["code"]) == (409, "case_closed")


async def test_a_sign_that_no_store_takes_is_asked_of_none(
    api: Api, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def of_mention(mention_id: str) -> list[Any]:
        asked.append(mention_id)
        return []

    monkeypatch.setattr(parts.base.ledger, "of_mention", of_mention)
    answer = await close(api, path=CLOSE.replace("m1", "m%00"), reason="Found")
    assert (answer.status_code, asked) == (404, ["m\ufffd"])


async def test_a_case_that_is_not_there_and_a_close_without_a_reason_are_refused(
    api: Api, parts: Parts
) -> None:
    await open_one(parts)
    for path in (CLOSE.replace(CASE, "other"), CLOSE.replace("m1", "m2")):
        answer = await close(api, path=path, reason="Found")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_case")
    assert (await close(api)).status_code == 422
    assert (await close(api, reason="Found", by="ann")).status_code == 422


def test_the_case_of_another_rule_is_another_case() -> None:
    other = replace(DECISION, by=DECISION.by | {"case": "bags"})
    found = cases.opened(other, "m1", "", KIM, NOON_MS)
    assert found
    assert found.data["case"] != CASE
