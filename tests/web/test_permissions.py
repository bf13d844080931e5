"""Who may do what: every route with every identity, made from the route table itself."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette

from app.core.catalogue import ROLES as ALL_ROLES
from app.web.routes import ENDPOINTS, Endpoint
from tests.web.asgi import requested
from tests.web.conftest import HOST, ROLES, Api

# Identity -> the role that it has; None for whoever is nobody.
IDENTITIES: dict[str, str | None] = {
    "": None,
    "wrong": None,
    "intake": "intake",
    **{name: role for name, role in ROLES.items() if name not in ("ben", "miriam")},
}
ALLOWED, FORBIDDEN, UNKNOWN = "allowed", "forbidden", "unknown"


def promised(endpoint: Endpoint, role: str | None) -> str:
    if not endpoint.roles:
        return ALLOWED
    if role is None:
        return UNKNOWN
    return ALLOWED if role in endpoint.roles else FORBIDDEN


def test_every_role_is_in_the_table() -> None:
    assert set(ALL_ROLES) == set(ROLES.values())


def test_only_these_routes_are_open_to_everybody() -> None:
    """Each by intent: the way in, the document of the API, and the customers' own page."""
    assert {endpoint.path for endpoint in ENDPOINTS if not endpoint.roles} == {
        "/",
        "/login",
        "/api/v1/openapi.json",
        "/chat",
        "/api/v1/chat",
        "/api/v1/chat/messages",
        "/api/v1/chat/stream",
    }


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda e: f"{e.method} {e.path}")
async def test_a_route_lets_in_exactly_whom_it_names(app: Starlette, endpoint: Endpoint) -> None:
    """A4.8: what somebody may do is contingent on the appropriate permissions."""
    if endpoint.path == "/login":
        pytest.skip("signing in answers 401 for a wrong password; see test_sessions")
    path = endpoint.path.replace("{task_id}", "t1").replace("{mention_id}", "m1")
    found = {}
    for who in IDENTITIES:
        async with requested(app, who, path, endpoint.method) as exchange:
            status = await exchange.status
            to_login = exchange.headers.get("location") == "/login" and path != "/logout"
        if path == "/":
            to_login = False
        unknown = status == 401 or (endpoint.page and to_login)
        found[who] = UNKNOWN if unknown else FORBIDDEN if status == 403 else ALLOWED
        assert status != 500
    assert found == {who: promised(endpoint, role) for who, role in IDENTITIES.items()}


@pytest.mark.parametrize("page", [e.path for e in ENDPOINTS if e.page and e.roles])
async def test_a_page_sends_strangers_to_the_login(client: httpx.AsyncClient, page: str) -> None:
    answer = await client.get(page)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


async def test_a_refusal_says_which_roles_would_do(api: Api) -> None:
    answer = await api.get("amira", "/api/v1/floor")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (403, "not_allowed")
    assert "supervisor" in problem["detail"]


async def test_an_unknown_path_is_a_problem_object(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/nothing")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not_found"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_a_wrong_method_is_refused(client: httpx.AsyncClient, method: str) -> None:
    assert (await client.request(method, "/api/v1/desk")).status_code == 405


async def test_every_answer_forbids_what_hostile_text_would_need(
    client: httpx.AsyncClient, api: Api
) -> None:
    answers = [
        await client.get("/login"),
        await client.get("/static/js/desk.js"),
        await client.get("/api/v1/nothing"),
        await api.get("amira", "/api/v1/desk"),
        await client.get("/healthz"),
    ]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"


async def sign_in(client: httpx.AsyncClient, name: str) -> None:
    form = {"name": name, "password": f"password of {name}"}
    assert (await client.post("/login", data=form)).status_code == 303


GOOD_ORIGIN = {"origin": f"http://{HOST}"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (GOOD_ORIGIN, 200),
        ({}, 403),
        ({"origin": "http://evil.test"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": f"http://{HOST}.evil.test"}, 403),
        ({"origin": f"http://{HOST}:8081"}, 403),
        ({"origin": "http://evil.test", "authorization": "Basic YTpi"}, 403),
    ],
    ids=["ours", "none", "other", "null", "suffix", "port", "basic"],
)
async def test_a_session_changes_things_only_from_our_own_pages(
    client: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    await sign_in(client, "amira")
    answer = await client.post("/api/v1/me/state", json={"state": "available"}, headers=headers)
    assert answer.status_code == status


async def test_a_session_reads_without_an_origin(client: httpx.AsyncClient) -> None:
    await sign_in(client, "amira")
    assert (await client.get("/api/v1/desk")).json()["me"]["name"] == "amira"


async def test_a_key_needs_no_origin(api: Api) -> None:
    answer = await api.post("amira", "/api/v1/me/state", {"state": "paused"})
    assert answer.status_code == 200
