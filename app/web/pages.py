"""The pages: login, desk, floor and what else the rail leads to, and the API documentation."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from app.codec import clean
from app.web import html, openapi
from app.web.auth import COOKIE, refuse_foreign_origin
from app.web.problems import Problem
from app.web.state import parts, user

_LOOPBACK = ("127.0.0.1", "::1")


async def home(request: Request) -> Response:
    me = await request.app.state.auth.user_of(request)
    if me is None:
        return RedirectResponse("/login", 303)
    return RedirectResponse("/desk" if me.role == "agent" else "/floor", 303)


async def login(request: Request) -> Response:
    return _login_page(request, "")


async def sign_in(request: Request) -> Response:
    """Check name and password; a wrong pair gets one sentence that does not say which."""
    if "origin" in request.headers:
        refuse_foreign_origin(request)
    async with request.form(max_fields=5, max_files=0) as form:
        name, password = clean(str(form.get("name", ""))), str(form.get("password", ""))
    address = request.client.host if request.client else ""
    try:
        token = await request.app.state.auth.sign_in(name[:100], password[:200], address)
    except Problem as problem:
        return _login_page(request, problem.detail, problem.status, name)
    if token is None:
        return _login_page(request, "Name and password do not fit.", 401, name)
    response = RedirectResponse("/", 303)
    hours = parts(request).base.settings.web.session_hours
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(hours * 3600),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return response


async def sign_out(request: Request) -> Response:
    await request.app.state.auth.sign_out(request)
    response = RedirectResponse("/login", 303)
    response.delete_cookie(COOKIE)
    return response


async def desk(request: Request) -> Response:
    return html.page(request, "desk", user=_who(request))


async def floor(request: Request) -> Response:
    return html.page(request, "floor", user=_who(request))


async def rules(request: Request) -> Response:
    return html.page(request, "rules", user=_who(request))


async def flights(request: Request) -> Response:
    return html.page(request, "flights", user=_who(request))


async def people(request: Request) -> Response:
    return html.page(request, "people", user=_who(request))


async def history(request: Request) -> Response:
    return html.page(request, "history", user=_who(request))


async def handoffs(request: Request) -> Response:
    return html.page(request, "handoffs", user=_who(request))


async def labels(request: Request) -> Response:
    return html.page(request, "labels", user=_who(request))


async def docs(request: Request) -> Response:
    return html.page(request, "docs", user=_who(request))


async def openapi_json(_request: Request) -> Response:
    return JSONResponse(openapi.document())


def _who(request: Request) -> dict[str, str]:
    me = user(request)
    return {"name": me.name, "title": me.title, "role": me.role}


def _login_page(request: Request, error: str, status: int = 200, name: str = "") -> Response:
    people, settings = _demo_users(request), parts(request).base.settings
    chat = settings.demo.on and settings.chat_open
    return html.page(request, "login", status, error=error, name=name, demo_users=people, chat=chat)


def _demo_users(request: Request) -> list[dict[str, str]]:
    """The demo's people with their passwords: only in the demo, and only on loopback."""
    settings = parts(request).base.settings
    near = request.client is not None and request.client.host in _LOOPBACK
    if not settings.demo.on or not near or "x-forwarded-for" in request.headers:
        return []
    try:
        users = json.loads((settings.data_dir / "run.json").read_text("utf-8"))["users"]
        return [{name: user[name] for name in ("name", "role", "password")} for user in users]
    except (OSError, ValueError, KeyError, TypeError):
        return []
