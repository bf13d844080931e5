"""Who is asking, and may they: sessions for browsers, bearer keys for everything else.

key                      type    holds
hs:session:<token hash>  string  the name of who is signed in; ends by itself
hs:guesses:<who hash>    string  wrong passwords for one name from one address, for half a minute
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.adapters.redis_client import Client, away_is_unavailable
from app.adapters.signatures import Signer
from app.adapters.store.users import User, Users
from app.settings import Settings
from app.web.problems import Problem
from app.web.signed import PARTNER, SignedBy
from app.web.state import body

COOKIE = "handshake_session"
SAFE_METHODS = ("GET", "HEAD")

# Five wrong passwords for one name from one address, then half a minute of silence.
_GUESSES, _SILENCE_S = 5, 30

INTAKE = User(name="intake", title="Intake key", role="intake")

_MACHINES = (INTAKE.role, PARTNER)  # no browser has their keys

Handler = Callable[[Request], Awaitable[Response]]


class Intake:
    """The two ways to send mentions: the intake key, or a signature of Standard Webhooks."""

    def __init__(self, settings: Settings) -> None:
        self._key = settings.secret
        self._body_bytes = settings.web.max_body_bytes
        self._signer = Signer(settings.webhook_secret)

    def has(self, key: str) -> bool:
        return bool(self._key) and hmac.compare_digest(key.encode(), self._key.encode())

    async def signed(self, request: Request) -> bool:
        """Is the body signed with our secret, within the last five minutes?"""
        if "webhook-signature" not in request.headers:
            return False
        raw = await body(request, self._body_bytes)
        return self._signer.verify(raw, request.headers)


class Auth:
    def __init__(
        self, redis: Client, users: Users, intake: Intake, signed_by: SignedBy, session_s: int
    ) -> None:
        self._redis = redis
        self._users = users
        self._intake = intake
        self._signed_by = signed_by
        self._session_s = session_s

    async def user_of(self, request: Request) -> User | None:
        """Whoever the request's bearer key or session names. Raises Unavailable."""
        key = _bearer(request)
        if key is not None:
            if self._intake.has(key):
                return INTAKE
            return await self._users.by_key(key)
        if request.method == "POST" and await self._intake.signed(request):
            return INTAKE
        if request.method == "POST" and (partner := await self._signed_by.partner_of(request)):
            return partner
        token = request.cookies.get(COOKIE)
        return await self._by_session(token) if token else None

    async def sign_in(self, name: str, password: str, address: str) -> str | None:
        """Return a session token, or None where name and password do not fit.

        Raises Problem 429 after too many wrong guesses.
        """
        guesses_key = f"hs:guesses:{_digest(f'{name}|{address}')}"
        with away_is_unavailable():
            guesses = int(await self._redis.incr(guesses_key))
            await self._redis.expire(guesses_key, _SILENCE_S)
        if guesses > _GUESSES:
            raise Problem(429, "too_many_guesses", f"Too many tries; wait {_SILENCE_S} seconds.")
        user = await self._users.check(name, password)
        with away_is_unavailable():
            if user is None:
                return None
            await self._redis.delete(guesses_key)
            token = secrets.token_urlsafe(32)
            await self._redis.set(_session_key(token), user.name, ex=self._session_s)
        return token

    async def sign_out(self, request: Request) -> None:
        if token := request.cookies.get(COOKIE):
            with away_is_unavailable():
                await self._redis.delete(_session_key(token))

    async def _by_session(self, token: str) -> User | None:
        with away_is_unavailable():
            name = await self._redis.get(_session_key(token))
        return await self._users.by_name(bytes(name).decode()) if name else None


def allowed(handler: Handler, roles: tuple[str, ...], page: bool) -> Handler:
    """Let only these roles through; refuse what another site made a browser send."""

    async def guarded(request: Request) -> Response:
        user = await request.app.state.auth.user_of(request)
        if user is None:
            if page:
                return RedirectResponse("/login", 303)
            raise Problem(401, "not_signed_in", "Sign in, or send Authorization: Bearer KEY.")
        if user.role not in roles:
            raise Problem(403, "not_allowed", f"This needs one of the roles {', '.join(roles)}.")
        if user.role not in _MACHINES:
            refuse_foreign_origin(request)
        request.state.user = user
        return await handler(request)

    return guarded


def refuse_foreign_origin(request: Request) -> None:
    """A cookie travels with requests that other sites cause; a bearer key never does."""
    if request.method in SAFE_METHODS or _bearer(request) is not None:
        return
    origin = urlsplit(request.headers.get("origin", ""))
    if not origin.netloc or origin.netloc != request.headers.get("host"):
        raise Problem(403, "foreign_origin", "The request did not come from this site's pages.")


def _bearer(request: Request) -> str | None:
    """The bearer key that came with the request, if one did."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key if scheme.lower() == "bearer" else None


def _session_key(token: str) -> str:
    return f"hs:session:{_digest(token)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
