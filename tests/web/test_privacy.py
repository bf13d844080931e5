"""Export and erasure over HTTP: for admins alone, with a reason, and never of nobody."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from app.adapters.store.erasures import Erasures
from app.web.state import Parts
from tests.builders import keep_customer
from tests.web.conftest import Api

ERASURES, EXPORT = "/api/v1/privacy/erasures", "/api/v1/privacy/export"


@pytest.fixture(autouse=True)
async def known(parts: Parts) -> None:
    await keep_customer(parts.base.database, "c-kim", "x:kim", name="Kim")


async def test_an_erasure_is_taken_once_and_waits_for_its_turn(api: Api, parts: Parts) -> None:
    answer = await api.post("ada", ERASURES, {"handle_key": "x:kim", "reason": "a letter"})
    assert answer.status_code == 202
    [waiting] = await Erasures(parts.base.database).under_way()
    assert (waiting.id, waiting.asked_by) == (answer.json()["id"], "ada")
    assert waiting.person.handle_keys == (":c-kim", "x:kim")
    [listed] = (await api.get("ada", ERASURES)).json()
    assert (listed["done_ms"], listed["reason"]) == (0, "a letter")
    assert "kim" not in repr(listed)


async def test_to_ask_for_an_erasure_reads_nothing_of_the_person(api: Api, parts: Parts) -> None:
    """It is enough that there is something: the first hit ends the search."""
    engine, asked = parts.base.database.engine, list[str]()

    def listen(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement)

    sa.event.listen(engine, "before_cursor_execute", listen)
    answer = await api.post("ada", ERASURES, {"handle_key": "x:kim", "reason": "r"})
    sa.event.remove(engine, "before_cursor_execute", listen)
    assert answer.status_code == 202
    read = " ".join(asked)
    assert "FROM profiles" in read
    for table in ("facts", "statements", "outbound", "dead_letters", "import_rejects"):
        assert f"FROM {table}" not in read, table


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"handle_key": "x:nobody", "reason": "r"}, 404, "unknown_person"),
        ({"handle_key": "kim", "reason": "r"}, 404, "unknown_person"),
        ({"handle_key": " ", "reason": "r"}, 422, "wrong_field"),
        ({"handle_key": "x:kim"}, 422, "wrong_field"),
        ({"handle_key": 5, "reason": "r"}, 422, "wrong_field"),
        ({"handle_key": "x:kim", "reason": "r", "all": True}, 422, "unknown_field"),
    ],
)
async def test_nobody_is_erased_by_mistake(
    api: Api, parts: Parts, given: dict[str, object], status: int, code: str
) -> None:
    answer = await api.post("ada", ERASURES, given)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await Erasures(parts.base.database).under_way() == []


async def test_the_export_is_a_document_of_all_that_is_kept(api: Api) -> None:
    answer = await api.get("ada", EXPORT, params={"handle_key": "x:kim"})
    assert "attachment" in answer.headers["content-disposition"]
    told = answer.json()
    assert told["person"]["customer_ids"] == ["c-kim"]
    assert "Kim" in told["records"]["profiles"][0]["body"]
    by_id = (await api.get("ada", EXPORT, params={"handle_key": "c-kim"})).json()
    assert by_id["person"] == told["person"] | {"handle_keys": [":c-kim", "x:kim"]}
    assert (await api.get("ada", EXPORT)).status_code == 422


@pytest.mark.parametrize("who", ["amira", "sofia", "anton", "sven"])
async def test_only_an_admin_may_see_or_erase_all_of_a_person(api: Api, who: str) -> None:
    asked = {"handle_key": "x:kim", "reason": "r"}
    assert (await api.post(who, ERASURES, asked)).status_code == 403
    assert (await api.get(who, EXPORT, params={"handle_key": "x:kim"})).status_code == 403
