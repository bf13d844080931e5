"""The start of a service, until it says that it is ready."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import httpx
import structlog

from app.core.errors import ConfigError, Unavailable
from app.processes import forks
from app.processes.children import Child, buried

log = structlog.get_logger()

# A busy machine may let a service miss its first answer from Redis or the store, as at any later
# time; what dies three times in a row has a reason that will not go away by itself.
TRIES = 3
_POLL_S = 0.1
_LONGEST_WORDS = 300  # characters of its log


async def until_ready(child: Child, url: str, client: httpx.AsyncClient) -> None:
    """Wait until /readyz below `url` answers 200; start the child again where it dies before.

    Raises ConfigError where the child found its configuration wrong, Unavailable where it died
    TRIES times.
    """
    deaths = 0
    while True:
        if not child.alive:
            deaths += 1
            await _died(child, deaths)
            await child.start()
        with contextlib.suppress(httpx.HTTPError):
            if (await client.get(f"{url}/readyz")).status_code == httpx.codes.OK:
                return
        await asyncio.sleep(_POLL_S)


async def _died(child: Child, deaths: int) -> None:
    code = await buried(child)
    if code == forks.EXIT_CONFIG and (problems := _problems(child.log_file)):
        raise ConfigError(problems)
    words = _last_words(child.log_file)
    if deaths == TRIES:
        raise Unavailable(f"{child.name} did not start: {words}; see {child.log_file}")
    log.warning("died_at_start", child=child.name, code=code, said=words)


def _lines(log_file: Path) -> list[str]:
    try:
        return log_file.read_text("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return []


def _problems(log_file: Path) -> list[str]:
    said = [line for line in _lines(log_file) if line.startswith(forks.PROBLEM)]
    return [line.removeprefix(forks.PROBLEM) for line in said[-5:]]


def _last_words(log_file: Path) -> str:
    said = [line.strip() for line in _lines(log_file) if line.strip()]
    return said[-1][:_LONGEST_WORDS] if said else "it said nothing"
