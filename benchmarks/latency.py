"""From intake to the offer at a steady rate, with scripted agents who accept and complete."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson

from benchmarks.figures import Row, load_now, quantile
from benchmarks.instance import Instance
from benchmarks.texts import fresh

RATE = 50.0  # mentions a second
SECONDS = 40.0
WARM_S = 5.0  # left out: caches fill, and the agents' streams open
_PATIENCE_S = 60.0


def measure(on: Instance, broker: str) -> Row:
    """Post at `RATE`; latency is from the intake's clock to the first `offered` fact's."""
    before, since = load_now(), on.last_seq()
    posted, late = asyncio.run(_run(on, since))
    queued = {f["mention_id"]: f for f in on.facts("queued", since)}
    offered = [f for f in on.facts("offered", since) if f["data"]["attempt"] == 1]
    seconds = [
        f["now_ms"] / 1000 - posted[f["source_id"]]
        for f in offered
        if posted.get(f["source_id"], 0) > min(posted.values()) + WARM_S
    ]
    return Row(
        name=f"intake to offer at {RATE:.0f}/s, {broker}",
        figures={f"p{share}": 1000 * quantile(seconds, share / 100) for share in (50, 95, 99)},
        unit="ms",
        load=(before, load_now()),
        note=f"{len(offered)} offers of {len(queued)} tasks of {len(posted)} mentions",
        details={
            "mean_ms": 1000 * sum(seconds) / len(seconds),
            "max_ms": 1000 * max(seconds),
            "agents": len(on.agents()),
            "completed": on.count("completed", since),
            "sender_late_max_ms": 1000 * late,
        },
    )


async def _run(on: Instance, since: int) -> tuple[dict[str, float], float]:
    # Shorter than the server's 5 s, so that no request meets a connection that it just closed.
    limits = httpx.Limits(max_connections=100, keepalive_expiry=2.0)
    async with httpx.AsyncClient(base_url=on.run["web"], timeout=30.0, limits=limits) as http:
        agents = [asyncio.ensure_future(_agent(http, on.key(name))) for name in on.agents()]
        await asyncio.sleep(1.0)
        try:
            posted, late = await _post(http, str(on.run["intake_key"]))
            await _drained(on, since, len(posted))
        finally:
            for agent in agents:
                agent.cancel()
            await asyncio.gather(*agents, return_exceptions=True)
    return posted, late


async def _post(http: httpx.AsyncClient, key: str) -> tuple[dict[str, float], float]:
    """One request a mention, sent when it is due whether or not the last was answered."""
    loop, posted, late = asyncio.get_running_loop(), dict[str, float](), 0.0
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    began, requests = loop.time(), []
    for number, mention in enumerate(fresh(round(RATE * SECONDS))):
        due = began + number / RATE
        await asyncio.sleep(max(0.0, due - loop.time()))
        late = max(late, loop.time() - due)
        now = time.time()
        posted[mention["id"]] = now
        detected = datetime.fromtimestamp(now, UTC).isoformat()
        raw = orjson.dumps(mention | {"detected_at": detected})
        requests.append(asyncio.ensure_future(_intake(http, raw, headers)))
    answers = await asyncio.gather(*requests)
    if bad := [answer for answer in answers if answer.status_code != 202]:
        raise RuntimeError(f"{len(bad)} mentions were refused: {bad[0].text}")
    return posted, late


async def _intake(http: httpx.AsyncClient, raw: bytes, headers: dict[str, str]) -> httpx.Response:
    """Post once; again with the same id where the connection broke, as any client must."""
    try:
        return await http.post("/api/v1/mentions", content=raw, headers=headers)
    except httpx.TransportError:
        return await http.post("/api/v1/mentions", content=raw, headers=headers)


async def _drained(on: Instance, since: int, posted: int) -> None:
    """Wait until every mention is decided and every task has been offered."""
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        done = await asyncio.to_thread(on.count, "decided", since)
        tasks = await asyncio.to_thread(on.count, "queued", since)
        completed = await asyncio.to_thread(on.count, "completed", since)
        if done == posted and completed == tasks:
            return
        await asyncio.sleep(0.5)


async def _agent(http: httpx.AsyncClient, key: str) -> None:
    """Accept each offer at once and complete it, for ever."""
    headers = {"Authorization": f"Bearer {key}"}
    events = _offers(http, headers)
    first = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0.2)  # the stream is open before the first offer can come
    await _act(http, "/api/v1/me/state", headers, {"state": "available"})
    while True:
        task = (await first)["task_id"]
        await _act(http, f"/api/v1/tasks/{task}/accept", headers, {})
        await _act(http, f"/api/v1/tasks/{task}/complete", headers, {"code": "resolved"})
        first = asyncio.ensure_future(anext(events))


async def _act(
    http: httpx.AsyncClient, path: str, headers: dict[str, str], given: dict[str, str]
) -> None:
    keyed = headers | {"Idempotency-Key": uuid.uuid4().hex}
    await http.post(path, json=given, headers=keyed)


async def _offers(http: httpx.AsyncClient, headers: dict[str, str]) -> AsyncIterator[Any]:
    """The cards of the `offer` events of an agent's stream."""
    with contextlib.suppress(httpx.RemoteProtocolError):
        async with http.stream("GET", "/api/v1/stream", headers=headers, timeout=None) as stream:
            event = ""
            async for line in stream.aiter_lines():
                if line.startswith("event:"):
                    event = line[6:].strip()
                elif line.startswith("data:") and event == "offer":
                    yield orjson.loads(line[5:])
