"""The web application: routes, errors, headers, static files."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.adapters.redis_client import away_is_unavailable
from app.adapters.store.users import Users
from app.core.errors import Unavailable
from app.settings import Settings
from app.web import views
from app.web.auth import Auth, Intake
from app.web.problems import HANDLERS
from app.web.routes import routes
from app.web.signed import SignedBy
from app.web.state import Parts
from app.wiring.handoffs import signers

_STATIC = Path(__file__).parent / "static"

# Mention text is hostile: nothing inline runs, nothing comes from elsewhere, nobody frames us.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none';"
        " frame-ancestors 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def create(parts: Parts, health: list[Route]) -> Starlette:
    """Build the application over its parts; `health` are the routes every process has."""
    settings, partners = parts.base.settings, parts.base.config.partners
    app = Starlette(
        routes=[*health, *routes(), Mount("/static", StaticFiles(directory=_STATIC))],
        exception_handlers=HANDLERS,
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=_hosts(settings), www_redirect=False),
            Middleware(_SecurityHeaders),
        ],
    )
    app.state.parts = parts
    app.state.auth = Auth(
        parts.reads,
        Users(parts.base.database),
        Intake(settings),
        SignedBy(partners, signers(partners, settings), settings.web.max_body_bytes),
        round(settings.web.session_hours * 3600),
    )
    return app


def _hosts(settings: Settings) -> list[str]:
    """A page of another site may have its own name lead to us: only our own names are answered."""
    return ["127.0.0.1", "localhost", "[::1]", settings.web.host, *settings.web.trusted_hosts]


async def missing(parts: Parts) -> list[str]:
    """What the web process waits for; also refreshes the gauges that are read from Redis."""
    try:
        with away_is_unavailable():
            await parts.reads.ping()
        await views.measure(parts)
    except Unavailable:
        return ["redis"]
    try:
        await parts.base.ledger.last_seq()
    except Unavailable:
        return ["store"]
    return []


class _SecurityHeaders:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)
