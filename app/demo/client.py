"""What traffic and colleagues share: patience with a server that is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import httpx

log = logging.getLogger("handshake.demo")

TIMEOUT_S: Final = 5.0  # loopback answers in milliseconds; longer means that it hangs
FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 5.0  # so that the demo is back soon after the server is


def client(base_url: str, key: str) -> httpx.AsyncClient:
    """A client that goes straight to our own server, whatever proxy the machine names."""
    return httpx.AsyncClient(
        base_url=base_url,
        headers={"Authorization": f"Bearer {key}"},
        timeout=TIMEOUT_S,
        trust_env=False,
    )


@dataclass(slots=True)
class Patience:
    """Says once that the server is away, waits longer each time, says when it is back."""

    who: str
    rng: Random
    pauses: int = field(default=0)

    async def wait(self, why: str) -> None:
        if self.pauses == 0:
            log.warning("%s: the server is away (%s), trying again", self.who, why)
        longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(self.pauses, 10))
        self.pauses += 1
        await asyncio.sleep(longest * self.rng.uniform(0.5, 1.0))

    def back(self) -> None:
        if self.pauses:
            log.info("%s: the server is back", self.who)
        self.pauses = 0


def json_object(response: httpx.Response) -> Mapping[str, Any]:
    """The body, or nothing where it is no JSON object."""
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
