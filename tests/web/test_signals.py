"""Signals over HTTP: taken once, refused whole, signed by partners who may."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from app import metrics
from app.web.state import Parts
from tests.web.conftest import Api
from tests.web.test_context import delay, relayed


async def noted(parts: Parts) -> list[dict[str, Any]]:
    await relayed(parts)
    return [one for one in await parts.base.ledger.since(0) if one["op"] == "signalled"]


async def test_a_signal_becomes_a_fact_with_what_its_kind_meant(api: Api, parts: Parts) -> None:
    """A8.3: everything can be rebuilt from the ledger."""
    answer = await api.post("intake", "/api/v1/signals", delay(detail="Rain"))
    assert answer.status_code == 202
    [fact] = await noted(parts)
    assert [fact["fact_id"]] == answer.json()["accepted"]
    assert (fact["reason"], fact["actor"]["type"]) == ("Delay", "system")
    said = fact["data"]["signal"]
    assert (said["customer"], said["detail"]) == ("C-1", "Rain")
    assert said["kind"]["means"] == parts.base.config.signals["delay"].means


async def test_the_same_again_changes_nothing(api: Api, parts: Parts) -> None:
    """Whoever got no answer sends it again."""
    before = metrics.SIGNALS.labels("delay", "repeated")._value.get()
    answers = [(await api.post("intake", "/api/v1/signals", delay())).json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(await noted(parts)) == 1
    assert (await api.post("intake", "/api/v1/signals", delay())).json() == answers[0]
    assert len(await noted(parts)) == 1
    assert metrics.SIGNALS.labels("delay", "repeated")._value.get() == before + 1


async def test_an_id_never_stands_for_two_things(api: Api, parts: Parts) -> None:
    await api.post("intake", "/api/v1/signals", delay())
    answer = await api.post("intake", "/api/v1/signals", delay(subject="Parcel P-2"))
    assert (answer.status_code, answer.json()["code"]) == (409, "signal_reused")
    assert len(await noted(parts)) == 1


async def test_all_mistakes_come_at_once_and_nothing_is_kept(api: Api, parts: Parts) -> None:
    body = delay(kind="rumour", at="yesterday", shop=1)
    answer = await api.post("intake", "/api/v1/signals", body)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "unknown_field")
    assert [error["field"] for error in problem["errors"]] == ["shop", "kind", "at"]
    assert "fraud_alert" in problem["errors"][1]["expected"]
    assert await noted(parts) == []


@pytest.mark.parametrize("body", [b"[]", b"7", b"{", b""])
async def test_what_is_no_object_is_refused(api: Api, body: bytes) -> None:
    answer = await api.post("intake", "/api/v1/signals", body)
    assert answer.status_code == 422


async def test_many_mistakes_are_named_up_to_a_bound(api: Api) -> None:
    answer = await api.post("intake", "/api/v1/signals", delay(customers=[""] * 900))
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 50


async def test_without_the_intake_key_nothing_is_taken(api: Api, client: httpx.AsyncClient) -> None:
    assert (await client.post("/api/v1/signals", json=delay())).status_code == 401
    assert (await api.post("amira", "/api/v1/signals", delay())).status_code == 403
