"""The pages: login, desk, floor, API documentation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.templating import Jinja2Templates

from app.web import openapi
from app.web.auth import COOKIE
from app.web.problems import Problem
from app.web.state import parts, user

templates = Jinja2Templates(Path(__file__).parent / "templates")

_THEMES = ("dark", "light")


async def home(request: Request) -> Response:
    me = await request.app.state.auth.user_of(request)
    if me is None:
        return RedirectResponse("/login", 303)
    return RedirectResponse("/desk" if me.role == "agent" else "/floor", 303)


async def login(request: Request) -> Response:
    return _login_page(request, "")


async def sign_in(request: Request) -> Response:
    """Check name and password; a wrong pair gets one sentence that does not say which."""
    async with request.form(max_fields=5, max_files=0) as form:
        name, password = str(form.get("name", "")), str(form.get("password", ""))
    address = request.client.host if request.client else ""
    try:
        token = await request.app.state.auth.sign_in(name[:100], password[:200], address)
    except Problem as problem:
        return _login_page(request, problem.detail, problem.status)
    if token is None:
        return _login_page(request, "Name and password do not fit.", 401)
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
    return _page(request, "desk.html", "desk")


async def floor(request: Request) -> Response:
    return _page(request, "floor.html", "floor")


async def docs(request: Request) -> Response:
    return _page(request, "docs.html", "docs")


async def openapi_json(_request: Request) -> Response:
    return JSONResponse(openapi.document())


def _page(request: Request, template: str, page: str) -> Response:
    me = user(request)
    who = {"name": me.name, "title": me.title, "role": me.role}
    return templates.TemplateResponse(request, template, _context(request, page, user=who))


def _login_page(request: Request, error: str, status: int = 200) -> Response:
    return templates.TemplateResponse(
        request, "login.html", _context(request, "login", error=error), status_code=status
    )


def _context(request: Request, page: str, **more: Any) -> dict[str, Any]:
    theme = request.cookies.get("theme", "")
    return {"page": page, "theme": theme if theme in _THEMES else "auto", **more}
