"""The offer decision: one call of the door with few and with many tasks waiting, side by side."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.adapters.redis_client import Client, connect
from app.adapters.redis_door import RedisDoor
from app.core.catalogue import Overflow, Queue, Relaxation, Rep
from app.core.facts import Fact
from app.core.mention import Author, Mention, mention_id_of
from app.core.quantiles import quantile
from app.core.queueing import order_ms, task_id_of
from app.core.sla import deadlines
from app.ports import Admission, NewTask
from app.processes.embedded import start_redis
from app.processes.tcp_ports import free_port
from benchmarks.figures import Row, load_now

FEW, MANY = 100, 10_000
AGENTS = 200
DECISIONS = 3_000  # with each number of waiting tasks
EXPIRES_MS = 20_000
_SEED = 7
_STOP_S = 5.0
_NEWEST = 5  # entries of the server's log that are kept: ours is the newest or close to it
_WINDOW_MS = 1_800_000
_QUEUES = ("urgent", "service", "billing", "sales", "languages", "escalation")
_LANGUAGES = ("en", "de", "fr", "es", "it")
_SKILLED = {"billing": "billing", "escalation": "mediator"}


@dataclass
class Floor:
    """One Redis with its agents, all busy, and so many tasks waiting."""

    door: RedisDoor
    client: Client
    waiting: int
    chance: random.Random = field(default_factory=lambda: random.Random(_SEED))
    admitted: int = 0
    commands: int = 0
    decisions_ms: list[float] = field(default_factory=list)
    inside_ms: list[float] = field(default_factory=list)
    offers: int = 0

    async def fill(self) -> None:
        """Everybody takes what they can hold, then `waiting` tasks are left."""
        queues = [_queue(name) for name in _QUEUES]
        await self.door.configure(queues)
        for number in range(AGENTS):
            rep = _rep(number, self.chance)
            await self.door.enrol([rep])
            await self.door.set_state(rep.name, "available", "", _actor(rep.name))
        busy = False
        while not busy:
            await self._admit(AGENTS)
            busy = not await self._everybody_accepts()
            self.door.now_ms += 100
        await self._admit(self.waiting - await self._count())

    async def _count(self) -> int:
        return sum([await self.client.zcard(f"hs:wait:{queue}") for queue in _QUEUES])

    async def _everybody_accepts(self) -> bool:
        offered = await self.door.offer(EXPIRES_MS)
        for task in offered:
            rep = (await self.client.hget(f"hs:task:{task}", "rep")).decode()
            await self._do("accept", task, rep)
        return bool(offered)

    async def _admit(self, count: int) -> None:
        for _ in range(count // 500 + 1):
            batch = [self._admission() for _ in range(min(count, 500))]
            count -= len(batch)
            await self.door.admit(batch)

    def _admission(self) -> Admission:
        self.admitted += 1
        queue = self.chance.choice(_QUEUES)
        skills = {self.chance.choice(_LANGUAGES)}
        if queue in _SKILLED:
            skills.add(_SKILLED[queue])
        age_ms = self.chance.randrange(_WINDOW_MS // 4)
        detected_ms = self.door.now_ms - age_ms
        return _admission(self.admitted, queue, tuple(sorted(skills)), detected_ms)

    async def _do(self, name: str, task: str, rep: str, **given: Any) -> None:
        self.commands += 1
        op_id = f"{rep}:{name}:{self.commands}"
        await self.door.command(name, task, op_id, rep=rep, actor=_actor(rep), **given)

    async def decide(self) -> None:
        """An agent completes a task and a new one comes; then the call that is measured."""
        rep, task = await self._somebody()
        await self._do("complete", task, rep, code="resolved", note="")
        await self._admit(1)
        self.door.now_ms += self.chance.randrange(200)
        began = time.perf_counter()
        offered = await self.door.offer(EXPIRES_MS)
        self.decisions_ms.append(1000 * (time.perf_counter() - began))
        self.offers += len(offered)
        await self._note_inside()
        for one in offered:
            owner = (await self.client.hget(f"hs:task:{one}", "rep")).decode()
            await self._do("accept", one, owner)

    async def watch_server(self) -> None:
        """Let Redis note how long each of its own commands takes."""
        await self.client.config_set("slowlog-max-len", _NEWEST)
        await self.client.config_set("slowlog-log-slower-than", 0)

    async def _note_inside(self) -> None:
        """How long the function itself ran, without the way there and the sync to the disk."""
        log = await self.client.slowlog_get(_NEWEST)
        took_us = [one["duration"] for one in log if b"hs_offer" in one["command"]]
        self.inside_ms.append(took_us[0] / 1000)

    async def _somebody(self) -> tuple[str, str]:
        while True:
            rep = f"rep{self.chance.randrange(AGENTS)}"
            held = await self.client.smembers(f"hs:rep:{rep}:tasks")
            if held:
                return rep, min(held).decode()


def _queue(name: str) -> Queue:
    return Queue(
        name=name,
        title=name,
        window_s=_WINDOW_MS / 1000,
        relax=(Relaxation(after_s=600, drop=("billing",)),) if name == "billing" else (),
        overflow=Overflow(after_s=900, to="service") if name == "billing" else None,
        preempts=name in ("urgent", "escalation"),
        interruptible=name == "sales",
    )


def _rep(number: int, chance: random.Random) -> Rep:
    languages = chance.sample(_LANGUAGES, 2)
    queues = chance.sample(_QUEUES, 3)
    skills = [*languages, *(_SKILLED[queue] for queue in queues if queue in _SKILLED)]
    return Rep(
        name=f"rep{number}",
        title=f"Rep {number}",
        role="agent",
        skills=tuple(skills),
        queues=tuple(queues),
    )


def _actor(rep: str) -> dict[str, str]:
    return {"type": "user", "id": rep, "role": "agent"}


def _admission(number: int, queue: str, skills: tuple[str, ...], detected_ms: int) -> Admission:
    detected_at = datetime.fromtimestamp(detected_ms / 1000, UTC)
    said = Mention(
        mention_id=mention_id_of("x", str(number)),
        source_id=str(number),
        channel="x",
        author=Author(handle=f"@c{number}"),
        text="Where is my order?",
        detected_at=detected_at,
    )
    times = deadlines(detected_at, _WINDOW_MS / 1000, 0.8)
    priority = number % 100
    nothing = Fact(op="duplicate", op_id=str(number), now_ms=detected_ms)
    return Admission(
        src=str(number),
        mention=said,
        facts=(),
        task=NewTask(
            task_id=task_id_of(said.mention_id),
            queue=queue,
            skills=skills,
            priority=priority,
            order_ms=order_ms(times, priority),
            detected_ms=times.detected_ms,
            half_ms=times.half_ms,
            at_risk_ms=times.at_risk_ms,
            due_ms=times.due_ms,
            reason="",
            channel="x",
        ),
        task_id=task_id_of(said.mention_id),
        card=b"{}",
        known=None,
        duplicate_fact=nothing,
        edited_fact=nothing,
    )


def measure() -> Row:
    """Both floors in turn, decision by decision, so that the machine is the same for both."""
    return asyncio.run(_measure())


async def _measure() -> Row:
    before = load_now()
    async with _floor(FEW) as few, _floor(MANY) as many:
        for floor in (few, many):
            await floor.watch_server()
        for _ in range(DECISIONS):
            await few.decide()
            await many.decide()
    low, high = few.decisions_ms, many.decisions_ms
    return Row(
        name=f"offer decision, {AGENTS} agents, {MANY} waiting",
        figures={
            "p50": quantile(high, 0.50),
            "p99": quantile(high, 0.99),
            f"p99 with {FEW}": quantile(low, 0.99),
            "ratio of p99": quantile(high, 0.99) / quantile(low, 0.99),
            "of p50": quantile(high, 0.50) / quantile(low, 0.50),
            "p99 inside Redis": quantile(many.inside_ms, 0.99),
            f"with {FEW}": quantile(few.inside_ms, 0.99),
        },
        unit="ms",
        load=(before, load_now()),
        note=f"{DECISIONS} decisions each, {few.offers} and {many.offers} offers",
        details={"max": max(high), "max_few": max(low), "appendfsync": "always"},
    )


@asynccontextmanager
async def _floor(waiting: int) -> AsyncIterator[Floor]:
    with tempfile.TemporaryDirectory(prefix="handshake-bench-offers-") as folder:
        (Path(folder) / "log").mkdir()
        child, url = await start_redis(Path(folder), free_port())
        client = connect(url)
        door = RedisDoor(client, now_ms=time.time_ns() // 1_000_000)
        try:
            await door.open()
            await door.begin("bench")
            floor = Floor(door, client, waiting)
            await floor.fill()
            yield floor
        finally:
            await client.aclose()
            await child.stop(_STOP_S)
