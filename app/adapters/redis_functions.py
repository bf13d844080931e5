"""Load the door's functions, and only where they differ from what is there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from redis.exceptions import ResponseError

from app.adapters.redis_client import Client

LIBRARY = "handshake"

_T = TypeVar("_T")


async def load(client: Client, code: str) -> None:
    """Bring the functions. Loading what is there already would make the door forget that its state
    has been compared with the ledger, and everybody would wait for `watch` once more."""
    if await _code(client) != code:
        await client.function_load(code, replace=True)


async def with_functions(
    client: Client, code: Callable[[], str], call: Callable[[], Awaitable[_T]]
) -> _T:
    """Call, and once more where a Redis that came back empty has lost the functions, too."""
    try:
        return await call()
    except ResponseError as error:
        if "Function not found" not in str(error):
            raise
        await load(client, code())
        return await call()


async def _code(client: Client) -> str:
    found: list[Any] = await client.function_list(library=LIBRARY, withcode=True)
    if not found:
        return ""
    fields = found[0] if isinstance(found[0], dict) else _pairs(found[0])
    code = fields.get(b"library_code", b"")
    return bytes(code).decode()


def _pairs(flat: list[Any]) -> dict[Any, Any]:
    return dict(zip(flat[::2], flat[1::2], strict=True))
