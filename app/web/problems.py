"""Errors as RFC 9457 problem objects, each with a stable `code`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from app.core.errors import Conflict, Invalid, ReadOnly, Unanswered, Unavailable
from app.web import html

log = structlog.get_logger()

_RETRY_S = "2"
_AWAY = {
    ReadOnly.code: "Tasks cannot be changed just now; nothing was changed. Try again soon.",
    Unavailable.code: "A part of Handshake is away; nothing was changed. Try again.",
}
_UNKNOWN = "It is not known whether this was done: send it again with the same Idempotency-Key."
_GOT_CHARS = 60  # enough to recognise what was sent
_TOLD = 20  # unknown fields of one body that are named


class Problem(Exception):
    """Answer the request with this problem."""

    def __init__(
        self, status: int, code: str, detail: str, errors: list[dict[str, Any]] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors

    def response(self) -> Response:
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        if self.errors is not None:
            body["errors"] = self.errors
        headers = {"Retry-After": _RETRY_S} if self.status in (429, 503) else None
        return JSONResponse(body, self.status, headers, media_type="application/problem+json")


def wrong_field(field: str, expected: str, got: object) -> Problem:
    """One field is not what it must be: its name, what it should be and what came."""
    errors = [{"field": field, "expected": expected, "got": str(got)[:_GOT_CHARS]}]
    return Problem(422, "wrong_field", f"{field}: expected {expected}", errors)


def unknown_fields(given: dict[str, Any], unknown: Sequence[str], known: Sequence[str]) -> Problem:
    """These fields of what was given mean nothing here: their names, and which there are."""
    expected = f"one of {', '.join(known)}"
    errors = [
        {"field": name[:_GOT_CHARS], "expected": expected, "got": str(given[name])[:_GOT_CHARS]}
        for name in unknown[:_TOLD]
    ]
    named = ", ".join(error["field"] for error in errors)
    return Problem(422, "unknown_field", f"unknown: {named}; expected {expected}", errors)


def answer(request: Request, problem: Problem) -> Response:
    """The problem as JSON; for somebody who looks at a page, as a page."""
    if request.url.path.startswith("/api/") or "text/html" not in request.headers.get("accept", ""):
        return problem.response()
    return html.page(
        request,
        "error",
        problem.status,
        title=HTTPStatus(problem.status).phrase,
        detail=problem.detail,
    )


async def on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 (the handler is registered for it)
    return answer(request, error)


# Not a race that was lost but a request that is wrong in itself.
_CONFLICTS = {"key_reused": 422}


async def on_conflict(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Conflict)  # noqa: S101
    missing = error.code.startswith("unknown")
    status = 404 if missing else _CONFLICTS.get(error.code, 409)
    return Problem(status, error.code, str(error)).response()


async def on_unavailable(request: Request, error: Exception) -> Response:
    log.warning("unavailable", reason=str(error))
    code = error.code if isinstance(error, Unavailable) else Unavailable.code
    return answer(request, Problem(503, code, _AWAY[code]))


async def on_invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Invalid)  # noqa: S101
    status = 413 if error.code == "too_large" else 422
    return Problem(status, error.code, str(error), [field_error(error)]).response()


async def on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    code = HTTPStatus(error.status_code).name.lower()
    return answer(request, Problem(error.status_code, code, error.detail))


async def on_bug(request: Request, error: Exception) -> Response:
    log.error("request_failed", path=request.url.path, exc_info=error)
    detail = "Handshake failed on this request; see its log."
    return answer(request, Problem(500, "internal", detail))


@contextmanager
def sent() -> Iterator[None]:
    """Around what changes something: where no answer came we do not say that nothing was done."""
    try:
        yield
    except Unanswered as error:
        raise _unknown(error) from error


@contextmanager
def done() -> Iterator[None]:
    """Around what is read for the answer after the change: it stands, whatever fails here."""
    try:
        yield
    except Unavailable as error:
        raise _unknown(error) from error


def _unknown(error: Unavailable) -> Problem:
    log.warning("unknown_outcome", reason=str(error))
    return Problem(503, "unknown_outcome", _UNKNOWN)


def field_error(error: Invalid) -> dict[str, str]:
    """The three parts that a form needs."""
    return {"field": error.field, "expected": error.expected, "got": error.got}


async def on_disconnect(_request: Request, _error: Exception) -> Response:
    return Response(status_code=400)  # nobody is there to read it


HANDLERS: dict[Any, Any] = {
    Problem: on_problem,
    Conflict: on_conflict,
    Unavailable: on_unavailable,
    Invalid: on_invalid,
    HTTPException: on_http,
    ClientDisconnect: on_disconnect,
    Exception: on_bug,
}
