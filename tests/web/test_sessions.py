"""Signing in and out: a session is a secret, and guessing is slow."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
from starlette.applications import Starlette

from app.adapters.redis_client import Client
from app.settings import Chat, Demo
from app.web import auth
from app.web.state import Parts
from tests.web.conftest import HOST

OURS = {"origin": f"http://{HOST}"}


async def login(client: httpx.AsyncClient, name: str, password: str) -> httpx.Response:
    return await client.post("/login", data={"name": name, "password": password})


@pytest.mark.parametrize(
    ("name", "home"), [("amira", "/desk"), ("sofia", "/floor"), ("sven", "/floor")]
)
async def test_after_signing_in_everybody_lands_on_their_page(
    client: httpx.AsyncClient, name: str, home: str
) -> None:
    answer = await login(client, name, f"password of {name}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    answer = await client.get("/")
    assert answer.headers["location"] == home
    assert (await client.get(home)).status_code == 200


async def test_the_cookie_is_for_the_browser_alone(client: httpx.AsyncClient) -> None:
    cookie = (await login(client, "amira", "password of amira")).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


@pytest.mark.parametrize(
    ("name", "password"),
    [("amira", "wrong"), ("nobody", "password of amira"), ("", ""), ("amira", "x" * 5000)],
)
async def test_a_wrong_pair_gets_one_sentence_that_does_not_say_which(
    client: httpx.AsyncClient, name: str, password: str
) -> None:
    answer = await login(client, name, password)
    assert answer.status_code == 401
    assert "Name and password do not fit." in answer.text
    assert "set-cookie" not in answer.headers


async def test_after_five_wrong_guesses_even_the_right_one_must_wait(
    client: httpx.AsyncClient, redis: Client
) -> None:
    for _ in range(5):
        await login(client, "amira", "wrong")
    assert (await login(client, "amira", "password of amira")).status_code == 429
    assert (await login(client, "ben", "password of ben")).status_code == 303
    [key] = await redis.keys("hs:guesses:*")
    assert 0 < await redis.ttl(key) <= 30


async def test_signing_out_ends_the_session_on_the_server(client: httpx.AsyncClient) -> None:
    await login(client, "amira", "password of amira")
    token = client.cookies[auth.COOKIE]
    assert (await client.post("/logout", headers=OURS)).status_code == 303
    client.cookies.set(auth.COOKIE, token)
    assert (await client.get("/api/v1/desk")).status_code == 401


async def test_a_session_token_is_not_in_redis(client: httpx.AsyncClient, redis: Client) -> None:
    await login(client, "amira", "password of amira")
    token = client.cookies[auth.COOKIE].encode()
    [key] = await redis.keys("hs:session:*")
    assert token not in key
    assert await redis.get(key) == b"amira"
    assert await redis.ttl(key) > 0


async def test_an_invented_token_is_nobody(client: httpx.AsyncClient) -> None:
    client.cookies.set(auth.COOKIE, "invented")
    assert (await client.get("/api/v1/desk")).status_code == 401


async def test_the_sign_in_page_of_the_demo_leads_to_the_customers_page(
    client: httpx.AsyncClient, app: Starlette, parts: Parts
) -> None:
    assert 'href="/chat"' in (await client.get("/login")).text
    real = parts.base.settings.model_copy(update={"demo": Demo(on=False), "chat": Chat(on=True)})
    app.state.parts = replace(parts, base=replace(parts.base, settings=real))
    assert 'href="/chat"' not in (await client.get("/login")).text
    assert (await client.get("/chat")).status_code == 200


async def test_a_form_that_is_none_is_no_reason_to_fail(client: httpx.AsyncClient) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = await client.post("/login", content=b"not a form", headers=headers)
    assert answer.status_code in (400, 401, 422)


async def test_a_sign_in_of_megabytes_is_refused(client: httpx.AsyncClient) -> None:
    """Anybody may post here: what is read must be bounded."""
    answer = await login(client, "amira", "x" * 20_000_000)
    assert answer.status_code in (400, 413)
