"""Posts the demo world's mentions to the intake, at a steady rate, for as long as it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any, Final

import httpx

from app.demo.client import Patience, client, json_object, log
from app.demo.world import mentions

PATH: Final = "/api/v1/mentions"
TICK_S: Final = 0.1  # above ten mentions a second they go out as small lists
MOST_AT_ONCE: Final = 100
# After a pause longer than this the world goes on from now instead of catching up.
LATE_S: Final = 5.0
# Answers after which the same list would fail for ever: it is dropped, and said so.
HOPELESS: Final = (400, 413, 415, 422)


async def run(base_url: str, intake_key: str, rate_per_s: float, speed: float, seed: int) -> None:
    """Send until cancelled. Each start sends new ids; a retry sends the same ones."""
    step_s = 1.0 / max(0.01, rate_per_s * speed)
    started = datetime.now(UTC)
    stream = mentions(seed, started, step_s)
    async with client(base_url, intake_key) as http:
        await _send_all(http, stream, step_s, Random(seed))


async def _send_all(
    http: httpx.AsyncClient, stream: Iterator[dict[str, Any]], step_s: float, rng: Random
) -> None:
    loop = asyncio.get_running_loop()
    patience = Patience("traffic", rng)
    due, slept = loop.time(), timedelta()
    while True:
        now = loop.time()
        if now - due > LATE_S:
            slept += timedelta(seconds=now - due)
            due = now
        if now < due:
            await asyncio.sleep(max(due - now, TICK_S))
            continue
        count = min(MOST_AT_ONCE, 1 + int((now - due) / step_s))
        batch = [_later(mention, slept) for mention in islice(stream, count)]
        due += count * step_s
        await _deliver(http, batch, patience)


def _later(mention: dict[str, Any], slept: timedelta) -> dict[str, Any]:
    """The mention, posted as much later as the world has slept."""
    if not slept:
        return mention
    posted = datetime.fromisoformat(mention["posted_at"]) + slept
    return {**mention, "posted_at": posted.isoformat(timespec="milliseconds")}


async def _deliver(
    http: httpx.AsyncClient, batch: list[dict[str, Any]], patience: Patience
) -> None:
    """Post until the server has answered for good."""
    while True:
        try:
            response = await http.post(PATH, json=batch[0] if len(batch) == 1 else batch)
        except httpx.HTTPError as error:
            await patience.wait(type(error).__name__)
            continue
        if response.status_code < 300 or response.status_code in HOPELESS:
            patience.back()
            _say_refused(response)
            return
        await patience.wait(f"status {response.status_code}")


def _say_refused(response: httpx.Response) -> None:
    refused = json_object(response).get("refused")
    if response.status_code >= 300 or refused:
        log.error("traffic: refused with %s: %s", response.status_code, response.text[:500])
