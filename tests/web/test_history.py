"""The contact history over HTTP: search, timelines, and what is written into it by hand."""

from __future__ import annotations

from typing import Any

import pytest

from app.adapters.redis_outbox import RedisOutbox
from app.core.history import Matter
from app.processes.record import Fold
from app.processes.relay import Relay
from app.web.state import Parts
from tests.builders import NOON_MS, keep_customer
from tests.doubles import KeepingProducer
from tests.history_house import folded, line
from tests.web.conftest import Api

CALL = {
    "kind": "phone",
    "person": "x:@Kim",
    "at": "2026-01-31T09:00:00Z",
    "text": "They called about the refund.",
    "upshot": "resolved",
}


async def settle(parts: Parts) -> None:
    """Everything noted comes to the ledger, and from there into the history."""
    outbox, producer = RedisOutbox(parts.base.redis), KeepingProducer()
    await Relay(outbox, parts.base.ledger, producer).move(block_ms=0)  # type: ignore[arg-type]
    await Fold(parts.base.ledger, parts.record).advance()


async def read(api: Api, who: str = "amira", **asked: Any) -> dict[str, Any]:
    answer = await api.get(who, "/api/v1/history", params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def texts(found: dict[str, Any]) -> list[str]:
    return [each["text"] for each in found["lines"]]


async def noted(api: Api, body: dict[str, Any], key: str = "k", who: str = "amira") -> Any:
    return await api.post(who, "/api/v1/history", body, Idempotency_Key=key)


async def test_a_timeline_is_read_newest_first_page_by_page(api: Api, parts: Parts) -> None:
    """A7.1: what was said by and to one customer, for future use."""
    lines = [line(n, at_ms=NOON_MS + n, text=f"text {n}") for n in range(1, 6)]
    await parts.record.write("record", 5, folded(*lines, line(6, handle_key="x:eve")))
    first = await read(api, person="x:@Kim", limit=3)
    assert texts(first) == ["text 5", "text 4", "text 3"]
    rest = await read(api, person="x:@Kim", limit=3, before=first["next"])
    assert (texts(rest), rest["next"]) == (["text 2", "text 1"], "")


async def test_a_search_shows_what_it_found_in_pieces(api: Api, parts: Parts) -> None:
    """A7.1, A4.9: words stand out without markup; hostile text stays text."""
    said = "<b>Refund</b> or <script>alert(1)</script>"
    await parts.record.write("record", 1, folded(line(1, text=said)))
    [found] = (await read(api, q="refu"))["lines"]
    assert found["parts"] == [["<b>", False], ["Refund", True], [said[9:], False]]
    assert texts(await read(api, q="refund nothing")) == []
    assert texts(await read(api, q='"(*')) == []


async def test_a_person_is_told_with_all_handles_and_totals(api: Api, parts: Parts) -> None:
    keys = ("x:kim", "email:kim@a.test")
    await keep_customer(parts.base.database, "C1", *keys, name="Kim", tier="gold")
    matter = Matter(mention_id="m1", handle_key="x:kim", channel="x", status="waiting")
    await parts.record.write("record", 1, folded(line(1), matter))
    for name in ("C1", "email:kim@a.test"):
        found = await read(api, person=name)
        assert (found["person"]["name"], found["person"]["totals"]["open"]) == ("Kim", 1)
        assert found["lines"][0]["matter"]["status"] == "waiting"


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "nonsense"},
        {"status": "nonsense"},
        {"since": "yesterday"},
        {"until": "2026-01-31T09:00:00"},
        {"before": "x"},
        {"before": "1"},
        {"limit": "201"},
        {"q": "x" * 301},
        {"person": "x" * 301},
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(api: Api, asked: dict[str, str]) -> None:
    answer = await api.get("amira", "/api/v1/history", params=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "wrong_field")
    assert answer.json()["errors"][0]["field"] in asked


async def test_what_is_written_down_is_on_the_timeline_once(api: Api, parts: Parts) -> None:
    """A7.3: a call, a letter, a visit; a fact of the ledger, so that a rebuild has it too."""
    for _ in range(2):
        answer = await noted(api, CALL)
        assert answer.status_code == 202
    await settle(parts)
    [call] = (await read(api, person="x:kim"))["lines"]
    assert (call["kind"], call["channel"], call["by"]) == ("offline", "phone", "amira")
    assert (call["text"], call["upshot"]) == (CALL["text"], "resolved")
    assert call["at_ms"] == 1_769_850_000_000
    [fact] = [each for each in await parts.base.ledger.since(0) if each["op"] == "noted"]
    assert (fact["actor"]["id"], fact["fact_id"]) == ("amira", call["fact_id"])
    assert texts(await read(api, q="refund")) == [CALL["text"]]


async def test_other_words_under_the_same_key_are_not_thrown_away(api: Api, parts: Parts) -> None:
    await noted(api, CALL)
    await noted(api, CALL | {"text": "Another call."})
    await settle(parts)
    assert sorted(texts(await read(api, person="x:kim"))) == ["Another call.", CALL["text"]]


async def test_a_customer_without_a_handle_has_a_timeline(api: Api, parts: Parts) -> None:
    """A7.3: whoever writes letters need not be on any channel of ours."""
    answer = await noted(api, CALL | {"kind": "letter", "person": "C7"})
    assert answer.json()["handle_key"] == ":C7"
    await settle(parts)
    assert texts(await read(api, person="C7")) == [CALL["text"]]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "fax"}, "kind"),
        ({"kind": ""}, "kind"),
        ({"person": ""}, "person"),
        ({"person": ":"}, "person"),
        ({"text": " "}, "text"),
        ({"text": "x" * 10_001}, "text"),
        ({"at": "1970-01-01T00:00:00Z"}, "at"),
        ({"at": "2999-01-01T00:00:00Z"}, "at"),
        ({"at": "noon"}, "at"),
        ({"upshot": "won"}, "upshot"),
        ({"mood": "good"}, "mood"),
    ],
)
async def test_a_note_that_makes_no_sense_is_refused(
    api: Api, parts: Parts, change: dict[str, str], field: str
) -> None:
    answer = await noted(api, CALL | change)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
    entries = await RedisOutbox(parts.base.redis).read(100, 0)
    assert "noted" not in {entry.fact["op"] for entry in entries}


async def test_a_note_needs_a_key(api: Api) -> None:
    answer = await api.post("amira", "/api/v1/history", CALL)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key")
