"""From intake to the offer at a steady rate, with scripted agents who accept and complete."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import Counter
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import orjson

from app.core.quantiles import quantile
from benchmarks.figures import Row, cpu_seconds, load_now
from benchmarks.instance import Instance
from benchmarks.texts import fresh
from benchmarks.wire import Connection

RATE = 50.0  # mentions a second
SECONDS = 30.0
WARM_S = 5.0  # left out: caches fill, and the agents' streams open
CONNECTIONS = 32  # of the sender: an answer may take 0.6 s before a request has to wait
_PATIENCE_S = 60.0


def measure(on: Instance, broker: str) -> Row:
    """Post at `RATE`; latency is from the sender's clock to the first `offered` fact's."""
    before, since = load_now(), on.last_seq()
    used, began = _used(on), time.monotonic()
    posted, late = asyncio.run(_run(on, since))
    took = time.monotonic() - began
    tasks = _since_posted(on.facts("queued", since), posted)
    firsts = [f for f in on.facts("offered", since) if f["data"]["attempt"] == 1]
    offers = _since_posted(firsts, posted)
    busy = {name: (after - used[name]) / took for name, after in _used(on).items()}
    return Row(
        name=f"intake to offer at {RATE:.0f}/s, {broker}",
        figures={
            **{f"p{share}": 1000 * quantile(offers, share / 100) for share in (50, 95, 99)},
            **{f"to task p{share}": 1000 * quantile(tasks, share / 100) for share in (50, 99)},
        },
        unit="ms",
        load=(before, load_now()),
        note=f"{len(firsts)} offers of {len(posted)} mentions, drained in {took:.0f} s",
        details={
            "agents": len(on.agents()),
            "completed": on.count("completed", since),
            "max_ms": 1000 * max(offers),
            "sender_late_max_ms": 1000 * late,
            "cores_used": busy,
        },
    )


def _since_posted(facts: list[dict[str, Any]], posted: dict[str, float]) -> list[float]:
    """Seconds from sending to each fact, the first seconds of the run left out."""
    warm = min(posted.values()) + WARM_S
    sent = ((fact["now_ms"] / 1000, posted.get(fact["source_id"], 0.0)) for fact in facts)
    return [at - said for at, said in sent if said > warm]


def _used(on: Instance) -> dict[str, float]:
    """Processor time so far, by process: it shows which of them was the narrow place."""
    pids = {n: p[0] if isinstance(p, list) else p for n, p in on.run["pids"].items()}
    known = {name: cpu_seconds(pid) for name, pid in pids.items() if pid}
    return known | {"sender and agents": time.process_time()}


async def _run(on: Instance, since: int) -> tuple[dict[str, float], float]:
    url = on.run["web"]
    agents = [asyncio.ensure_future(_agent(url, on.key(name))) for name in on.agents()]
    await asyncio.sleep(1.0)
    try:
        posted, late = await _post(url, str(on.run["intake_key"]))
        await _drained(on, since, len(posted))
    finally:
        for agent in agents:
            agent.cancel()
        await asyncio.gather(*agents, return_exceptions=True)
    return posted, late


async def _post(url: str, key: str) -> tuple[dict[str, float], float]:
    """One request a mention, sent when it is due whether or not the last was answered."""
    loop, posted, late = asyncio.get_running_loop(), dict[str, float](), 0.0
    free = [Connection(url, key) for _ in range(CONNECTIONS)]
    began, requests = loop.time(), []
    for number, mention in enumerate(fresh(round(RATE * SECONDS))):
        due = began + number / RATE
        await asyncio.sleep(max(0.0, due - loop.time()))
        late = max(late, loop.time() - due)
        now = time.time()
        posted[mention["id"]] = now
        detected = datetime.fromtimestamp(now, UTC).isoformat()
        raw = orjson.dumps(mention | {"detected_at": detected})
        sending = free[number % CONNECTIONS].post("/api/v1/mentions", raw)
        requests.append(asyncio.ensure_future(sending))
    statuses = Counter(await asyncio.gather(*requests))
    for connection in free:
        connection.close()
    if statuses.keys() != {HTTPStatus.ACCEPTED}:
        raise RuntimeError(f"answers other than 202: {dict(statuses)}")
    return posted, late


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


async def _agent(url: str, key: str) -> None:
    """Accept each offer at once and complete it, for ever."""
    hears, does = Connection(url, key), Connection(url, key)
    try:
        opening = asyncio.ensure_future(_become_available(does))
        async for card in hears.offers():
            task = f"/api/v1/tasks/{card['task_id']}"
            await does.post(f"{task}/accept", b"{}", uuid.uuid4().hex)
            await does.post(f"{task}/complete", b'{"code":"resolved"}', uuid.uuid4().hex)
        await opening
    finally:
        hears.close()
        does.close()


async def _become_available(me: Connection) -> None:
    await asyncio.sleep(0.3)  # the stream is open before the first offer can come
    await me.post("/api/v1/me/state", b'{"state":"available"}')
