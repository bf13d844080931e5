"""The signed webhook: mentions from whoever knows the secret, as Standard Webhooks says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import orjson
import pytest
from standardwebhooks.webhooks import Webhook

from app.web.state import Parts
from tests.builders import wire
from tests.web.conftest import WEBHOOK_SECRET

URL = "/api/v1/mentions"
ID = "msg_1"


def signed(
    raw: bytes, secret: str = WEBHOOK_SECRET, age: timedelta = timedelta()
) -> dict[str, str]:
    at = datetime.now(UTC) - age
    return {
        "webhook-id": ID,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(ID, at, raw.decode()),
    }


async def test_a_signed_mention_is_accepted(client: httpx.AsyncClient) -> None:
    raw = orjson.dumps(wire())
    answer = await client.post(URL, content=raw, headers=signed(raw))
    assert answer.status_code == 202
    assert len(answer.json()["accepted"]) == 1


@pytest.mark.parametrize("age", [timedelta(minutes=6), timedelta(minutes=-6)])
async def test_an_old_or_future_signature_is_refused(
    client: httpx.AsyncClient, age: timedelta
) -> None:
    raw = orjson.dumps(wire())
    assert (await client.post(URL, content=raw, headers=signed(raw, age=age))).status_code == 401


async def test_a_foreign_secret_and_a_changed_body_are_refused(client: httpx.AsyncClient) -> None:
    raw = orjson.dumps(wire())
    foreign = signed(raw, "whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldA==")
    assert (await client.post(URL, content=raw, headers=foreign)).status_code == 401
    assert (await client.post(URL, content=raw + b" ", headers=signed(raw))).status_code == 401


@pytest.mark.parametrize("signature", ["x", "v1", "v1,a", "v1,,"])
async def test_what_is_no_signature_at_all_is_refused(
    client: httpx.AsyncClient, signature: str
) -> None:
    """The library fails on it in another way than on a wrong one: that opened intake once."""
    raw = orjson.dumps(wire())
    headers = signed(raw) | {"webhook-signature": signature}
    assert (await client.post(URL, content=raw, headers=headers)).status_code == 401


async def test_a_signature_opens_nothing_but_intake(client: httpx.AsyncClient) -> None:
    raw = b'{"state": "available"}'
    answer = await client.post("/api/v1/me/state", content=raw, headers=signed(raw))
    assert answer.status_code == 403


async def test_a_well_signed_body_that_is_no_json_is_named_as_such(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post(URL, content=b"{", headers=signed(b"{"))
    assert (answer.status_code, answer.json()["code"]) == (422, "not_json")


async def test_a_webhook_sent_again_is_the_same_mention(client: httpx.AsyncClient) -> None:
    """A mention without an id of its own has its webhook's: a retry becomes a duplicate."""
    raw = orjson.dumps({key: value for key, value in wire().items() if key != "id"})
    answers = [await client.post(URL, content=raw, headers=signed(raw)) for _ in range(2)]
    ids = {answer.json()["accepted"][0]["mention_id"] for answer in answers}
    assert len(ids) == 1


async def test_a_name_that_is_not_ours_is_not_answered(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    """A page elsewhere may lead its own name to our address, and read what we answer to it."""
    answer = await client.get("/login", headers={"host": "evil.example"})
    assert answer.status_code == 400


async def test_a_sign_in_that_another_site_sends_is_refused(client: httpx.AsyncClient) -> None:
    form = {"name": "amira", "password": "password of amira"}
    answer = await client.post("/login", data=form, headers={"origin": "http://evil.example"})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("limit", ["9" * 5000, "-1", "1e3", "", "201"])
async def test_a_limit_that_is_no_small_number_is_refused(
    client: httpx.AsyncClient, limit: str
) -> None:
    headers = {"authorization": "Bearer key-sofia"}
    answer = await client.get("/api/v1/tasks", params={"limit": limit}, headers=headers)
    assert answer.status_code == 422
