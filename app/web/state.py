"""What the handlers share: the parts of the web process, reached from the request."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.requests import Request

from app import codec
from app.adapters.redis_client import Client
from app.adapters.redis_feed import RedisFeed
from app.adapters.redis_floor import RedisFloor
from app.adapters.store.dead import DeadLetterTable
from app.adapters.store.handoffs import Handoffs
from app.adapters.store.parties import Parties
from app.adapters.store.record import Record
from app.adapters.store.users import User
from app.core.backtest_report import Window
from app.core.imported import Import
from app.web.hub import Hub
from app.web.presence import Presence
from app.web.problems import Problem, unknown_fields, wrong_field
from app.wiring.again import Shelf
from app.wiring.base import Base
from app.wiring.intake import Gate


class Backtests(Protocol):
    """Runs drafts over recorded traffic; what becomes of one stands in the store."""

    def begin(
        self, id_: str, live: Mapping[str, str], draft: Mapping[str, str], window: Window
    ) -> bool:
        """False where another one runs."""
        ...


class ImportRunner(Protocol):
    """Runs imports, one after the other; what becomes of one stands in the store."""

    def begin(self, run: Import) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    base: Base
    reads: Client  # what is read for screens and sessions: given up sooner than a command
    floor: RedisFloor
    feed: RedisFeed
    hub: Hub
    presence: Presence
    gate: Gate
    record: Record
    dead: DeadLetterTable
    shelf: Shelf
    backtests: Backtests
    imports: ImportRunner
    handoffs: Handoffs
    parties: Parties


def parts(request: Request) -> Parts:
    found: Parts = request.app.state.parts
    return found


def user(request: Request) -> User:
    found: User = request.state.user
    return found


_UPLOAD_S = 15  # a client that takes longer holds a connection that others need


async def body(request: Request, limit: int) -> bytes:
    """The request's body. Raises Problem 413 as soon as it is longer than `limit` bytes."""
    if (known := getattr(request.state, "raw", None)) is not None:
        return bytes(known)
    chunks, size = [], 0
    try:
        async with asyncio.timeout(_UPLOAD_S):
            async for chunk in request.stream():
                size += len(chunk)
                if size > limit:
                    raise Problem(413, "too_large", f"expected at most {limit} bytes")
                chunks.append(chunk)
    except TimeoutError:
        raise Problem(408, "too_slow", f"expected the body within {_UPLOAD_S} s") from None
    request.state.raw = b"".join(chunks)
    return bytes(request.state.raw)


_COMMAND_BYTES = 65_536  # a long reply is a tenth of this


async def command(request: Request, *fields: str) -> dict[str, Any]:
    """A small JSON object of these fields. Raises Invalid or Problem 422.

    A field that nobody reads is a mistake: somebody believes that it does something.
    """
    return await object_of(request, _COMMAND_BYTES, fields)


async def object_of(request: Request, limit: int, fields: Collection[str]) -> dict[str, Any]:
    """As `command`, of at most `limit` bytes."""
    raw = await body(request, limit)
    value = codec.loads(raw, limit) if raw.strip() else {}
    if not isinstance(value, dict):
        raise Problem(422, "wrong_field", "expected a JSON object")
    if unknown := [name for name in value if name not in fields]:
        raise unknown_fields(value, unknown, tuple(fields))
    return value


def text_of(given: dict[str, Any], name: str, longest: int, required: bool = True) -> str:
    """A text field of a command. Raises Problem 422 with the field, what came and what should."""
    value = given.get(name, "")
    problem = ""
    if not isinstance(value, str):
        problem = f"a text, got {type(value).__name__}"
    elif required and not value.strip():
        problem = "a text, got nothing"
    elif len(value) > longest:
        problem = f"at most {longest} characters, got {len(value)}"
    if problem:
        expected, _, got = problem.partition(", got ")
        errors = [{"field": name, "expected": expected, "got": got}]
        raise Problem(422, "wrong_field", f"{name}: expected {problem}", errors)
    return codec.clean(str(value)).strip()


def whole_field(given: dict[str, Any], name: str, least: int, largest: int) -> int:
    """A whole number of a command. Raises Problem 422."""
    value = given.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= largest:
        got = "nothing" if value is None else value
        raise wrong_field(name, f"a whole number from {least} to {largest}", got)
    return value


def actor_of(me: User) -> dict[str, str]:
    """Who acts, as the ledger writes it."""
    return {"type": "user", "id": me.name, "role": me.role}


def whole_number(text: str, name: str, largest: int) -> int:
    """A number from the query. Raises Problem 422."""
    longest = len(str(largest))
    if not text.isascii() or not text.isdigit() or len(text) > longest or int(text) > largest:
        raise wrong_field(name, f"a whole number up to {largest}", text)
    return int(text)
