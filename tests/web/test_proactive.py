"""To be told before they ask, over HTTP: a list for supervisors, and their leave."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.core.profile import Profile
from app.web.state import Parts
from tests.builders import keep_profiles
from tests.web.conftest import Api
from tests.web.test_context import delay, relayed


@pytest.fixture
async def late(api: Api, parts: Parts) -> str:
    """The parcel of two customers is late; returns the signal's key."""
    known = {f"x:{n}": Profile(customer_id=f"C-{n}", name=f"Kim {n}") for n in (1, 2)}
    await keep_profiles(parts.base.database, known)
    at = datetime.now(UTC) - timedelta(hours=1)
    body = delay(at=at.isoformat(), customers=["C-1", "C-2"])
    answer = await api.post("intake", "/api/v1/signals", body)
    await relayed(parts)
    key: str = answer.json()["event"]
    return key


async def listed(api: Api) -> list[dict[str, Any]]:
    answer = await api.get("sofia", "/api/v1/proactive")
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()["signals"]
    return found


async def warned(parts: Parts) -> list[dict[str, Any]]:
    await relayed(parts)
    return [one for one in await parts.base.ledger.since(0) if one["op"] == "warned"]


async def test_a_supervisor_sees_whom_it_hurts_and_the_proposed_text(api: Api, late: str) -> None:
    """A8.6: tell me to watch out for an issue, before I have it."""
    [line] = await listed(api)
    assert (line["event"], line["people"], line["complete"]) == (late, 2, True)
    assert [one["name"] for one in line["sample"]] == ["Kim 1", "Kim 2"]
    assert line["text"].startswith("Your Parcel P-1 is delayed.")


async def test_a_leave_makes_one_warning_for_each_person_once(
    api: Api, parts: Parts, late: str
) -> None:
    """A8.6: by whose leave stands in the ledger."""
    path = f"/api/v1/proactive/{late}/approve"
    answer = await api.post("sofia", path, {"text": "It comes on Friday."})
    assert (answer.status_code, answer.json()) == (202, {"told": 2, "more": False})
    # Sent again before anything has come of it: the same facts.
    assert (await api.post("sofia", path, {"text": "It comes on Friday."})).status_code == 202
    facts = await warned(parts)
    assert [fact["data"]["text"] for fact in facts] == ["It comes on Friday."] * 2
    assert {fact["actor"]["id"] for fact in facts} == {"sofia"}
    assert await listed(api) == []
    assert (await api.post("sofia", path, {"text": "Again"})).json()["told"] == 0
    assert len(await warned(parts)) == 2


async def test_nothing_is_told_without_leave(api: Api, parts: Parts, late: str) -> None:
    await listed(api)
    assert await warned(parts) == []


@pytest.mark.parametrize("body", [{}, {"text": " "}, {"text": "x" * 2_001}, {"text": 1}])
async def test_the_text_is_needed(api: Api, parts: Parts, late: str, body: Any) -> None:
    answer = await api.post("sofia", f"/api/v1/proactive/{late}/approve", body)
    assert answer.status_code == 422
    assert await warned(parts) == []


async def test_only_signals_that_are_to_be_told_of_are(api: Api, parts: Parts, late: str) -> None:
    body = delay(id="2", kind="invoice", at=datetime.now(UTC).isoformat())
    key = (await api.post("intake", "/api/v1/signals", body)).json()["event"]
    await relayed(parts)
    for unknown in (key, "nothing"):
        answer = await api.post("sofia", f"/api/v1/proactive/{unknown}/approve", {"text": "x"})
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_signal")


async def test_what_is_over_is_not_told_any_more(api: Api, parts: Parts) -> None:
    at = datetime.now(UTC) - timedelta(days=8)
    answer = await api.post("intake", "/api/v1/signals", delay(at=at.isoformat()))
    await relayed(parts)
    key = answer.json()["event"]
    refused = await api.post("sofia", f"/api/v1/proactive/{key}/approve", {"text": "x"})
    assert (refused.status_code, refused.json()["code"]) == (409, "signal_over")


async def test_agents_neither_see_nor_approve(api: Api, late: str) -> None:
    """A4.8."""
    assert (await api.get("amira", "/api/v1/proactive")).status_code == 403
    answer = await api.post("amira", f"/api/v1/proactive/{late}/approve", {"text": "x"})
    assert answer.status_code == 403
