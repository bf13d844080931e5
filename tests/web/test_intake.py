"""Intake over HTTP: what is accepted is kept, and what is refused is told field by field."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from app import codec
from app.adapters.store.journal import Journal
from app.core.errors import Unavailable
from app.core.mention import mention_id_of
from app.web.state import Parts
from app.wiring.base import system_ms
from tests.builders import wire
from tests.web.conftest import Api

PATH = "/api/v1/mentions"


async def kept(parts: Parts) -> list[Any]:
    intakes = await Journal(parts.base.database).without_outcome(system_ms() + 1)
    return [orjson.loads(intake.raw) for intake in intakes]


async def test_a_mention_is_accepted_and_named(api: Api, parts: Parts) -> None:
    """A1.1: captured, and kept before anything else happens to it."""
    answer = await api.post("intake", PATH, wire(id="42"))
    assert answer.status_code == 202
    [accepted] = answer.json()["accepted"]
    assert (accepted["mention_id"], accepted["source_id"]) == (mention_id_of("x", "42"), "42")
    assert accepted["intake_id"]
    assert answer.json()["refused"] == []
    assert [m["id"] for m in await kept(parts)] == ["42"]


async def test_a_mention_without_id_and_time_gets_both_at_intake(api: Api, parts: Parts) -> None:
    answer = await api.post("intake", PATH, wire(id=None))
    [accepted] = answer.json()["accepted"]
    [mention] = await kept(parts)
    assert mention["id"] == accepted["intake_id"] == accepted["source_id"]
    assert mention["detected_at"].endswith("Z")


async def test_a_list_with_one_bad_keeps_the_good_and_names_the_bad(api: Api, parts: Parts) -> None:
    good = [wire(id=str(i)) for i in range(3)]
    answer = await api.post("intake", PATH, [good[0], good[1] | {"text": 5}, good[2]])
    assert answer.status_code == 202
    assert [a["source_id"] for a in answer.json()["accepted"]] == ["0", "2"]
    [refused] = answer.json()["refused"]
    assert refused["index"] == 1
    assert [error["field"] for error in refused["errors"]] == ["text"]
    assert {m["id"] for m in await kept(parts)} == {"0", "2"}


async def test_a_list_with_no_good_one_is_refused_with_each_index(api: Api, parts: Parts) -> None:
    answer = await api.post("intake", PATH, [wire(text=""), 5])
    assert answer.status_code == 422
    assert [e["index"] for e in answer.json()["errors"]] == [0, 1]
    assert await kept(parts) == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"text": 5}, "text"),
        ({"author": {"handle": 7}}, "author.handle"),
        ({"author": {"handle": "k", "followers": "many"}}, "author.followers"),
        ({"posted_at": 7}, "posted_at"),
        ({"channel": None}, "channel"),
    ],
)
async def test_a_wrong_type_is_answered_with_field_expected_and_got(
    api: Api, parts: Parts, changed: dict[str, Any], field: str
) -> None:
    answer = await api.post("intake", PATH, wire() | changed)
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (422, 422, "wrong_field")
    assert answer.headers["content-type"] == "application/problem+json"
    [error] = problem["errors"]
    assert error["field"] == field
    assert error["expected"]
    assert error["got"]
    assert await kept(parts) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"text": ""},
        {"channel": "My Channel"},
        {"url": "u" * 3000},
        {"author": {"handle": "k", "followers": -1}},
        {"posted_at": "yesterday"},
        {"posted_at": "2025-01-01T00:00:00"},
    ],
    ids=lambda changed: next(iter(changed)),
)
async def test_a_wrong_value_is_answered_with_what_came_too(
    api: Api, changed: dict[str, Any]
) -> None:
    """The design: 422 names the field, what came and what was expected."""
    [error] = (await api.post("intake", PATH, wire() | changed)).json()["errors"]
    assert error["field"].split(".")[0] == next(iter(changed))
    assert error["expected"]
    assert "Invalid" not in error["expected"]
    assert error["got"]


@pytest.mark.parametrize("body", [b"", b"{", b"hello", b'{"text": "\xff"}', b"[" * 100, b"[1,"])
async def test_a_body_that_is_no_json_is_answered_with_what_was_expected(
    api: Api, body: bytes
) -> None:
    answer = await api.post("intake", PATH, body)
    assert answer.status_code == 422
    assert answer.json()["code"] in ("empty", "not_json", "too_deep")
    [error] = answer.json()["errors"]
    assert "JSON" in error["expected"] or "nesting" in error["expected"]


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"])
async def test_a_time_at_the_edge_of_the_calendar_is_no_error_of_ours(
    api: Api, moment: str
) -> None:
    answer = await api.post("intake", PATH, wire(detected_at=moment))
    assert answer.status_code in (202, 422)


async def test_a_mention_beyond_256_kb_is_too_large(api: Api, parts: Parts) -> None:
    answer = await api.post("intake", PATH, wire(text="a" * 300_000))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert await kept(parts) == []


async def test_a_body_beyond_4_mb_is_refused_without_being_read_to_its_end(api: Api) -> None:
    read = 0

    async def endless() -> Any:
        nonlocal read
        while read < 500:
            read += 1
            yield b" " * 65_536

    headers = {"authorization": "Bearer intake-key"}
    answer = await api.client.post(PATH, content=endless(), headers=headers)
    assert answer.status_code == 413
    assert read < 100


async def test_a_list_may_be_larger_than_one_mention(api: Api) -> None:
    answer = await api.post("intake", PATH, [wire(id=str(i), text="a" * 200_000) for i in range(5)])
    assert len(answer.json()["accepted"]) == 5


async def test_a_too_large_one_in_a_list_harms_no_neighbour(api: Api) -> None:
    answer = await api.post("intake", PATH, [wire(id="1"), wire(id="2", text="a" * 300_000)])
    assert [a["source_id"] for a in answer.json()["accepted"]] == ["1"]
    assert answer.json()["refused"][0]["code"] == "too_large"


@pytest.mark.parametrize("count", [0, 1001])
async def test_a_list_of_none_or_too_many_is_refused(api: Api, count: int) -> None:
    answer = await api.post("intake", PATH, [wire()] * count)
    assert answer.status_code == 422


async def test_without_the_store_nothing_is_accepted(
    api: Api, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> None:
        raise Unavailable("the store does not answer")

    monkeypatch.setattr(Journal, "add", away)
    answer = await api.post("intake", PATH, wire())
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"]


async def test_what_is_accepted_over_http_is_taken_by_triage(api: Api, parts: Parts) -> None:
    """The largest that is accepted here is not refused behind our back."""
    room = codec.HTTP_BYTES - len(orjson.dumps(wire(text="")))
    answer = await api.post("intake", PATH, orjson.dumps(wire(text="a" * room)))
    if answer.status_code == 202:
        [intake] = await Journal(parts.base.database).without_outcome(system_ms() + 1)
        codec.validate(codec.loads(intake.raw))
    else:
        assert answer.status_code == 413
