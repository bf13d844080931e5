"""Triage, the door and the ledger, with clocks that tests move and policies that they change."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from app import flow
from app.adapters.redis_client import Client
from app.adapters.redis_clocks import RedisClocks
from app.adapters.redis_door import RedisDoor
from app.adapters.redis_outbox import RedisOutbox
from app.adapters.redis_seen import RedisSeen
from app.adapters.store.ledger import Ledger
from app.core.calendar import Calendar, Period
from app.core.policy import Policy, Slas
from app.core.sla_fold import Clock, Clocks, fold
from app.processes.reclock import Reclock, Terms
from tests.builders import CATALOGUE, delivery, do, mention_id_of, task_id
from tests.doubles import ports

HOUR_MS = 3_600_000
TASK, MENTION = task_id("1"), mention_id_of("x", "1")
STANDARD = Policy(name="standard", first_response_s=600, resolution_s=3600)
# Open from 11 to 12 (UTC) every day; NOON_MS is at 11:06:40.
NOON_HOUR = Calendar(name="noon", zone=ZoneInfo("UTC"), week=((Period(start=660, end=720),),) * 7)


def slas(policy: Policy = STANDARD, version: str = "v1") -> Slas:
    return Slas(policies=(policy,), version=version)


@dataclass
class House:
    """The door in Redis, the ledger behind it, and triage before it."""

    door: RedisDoor
    redis: Client
    ledger: Ledger
    slas: Slas = field(default_factory=slas)

    async def hear(self, id_: str = "1", **given: Any) -> None:
        catalogue = replace(CATALOGUE, slas=self.slas)
        seen = RedisSeen(self.redis, self.ledger)
        at = datetime.fromtimestamp(self.door.now_ms / 1000, UTC).isoformat()
        parts = ports(door=self.door, seen=seen, catalogue=catalogue)
        await flow.triage([delivery(f"s{id_}", id=id_, detected_at=at, **given)], parts)

    async def relay(self) -> None:
        while entries := await RedisOutbox(self.redis).read(500, 0):
            await self.ledger.append([entry.fact for entry in entries])
            await self.redis.xdel("hs:outbox", *(entry.id for entry in entries))

    async def accept(self) -> None:
        await self.door.offer(20_000)
        await do(self.door, "accept", TASK, "ann")

    async def ask_customer(self, minutes: int = 600) -> None:
        until_ms = self.door.now_ms + minutes * 60_000
        given = {"until_ms": until_ms, "waits_for": "customer", "reason": "asked back"}
        await do(self.door, "park", TASK, "ann", **given)

    async def sweep(self) -> None:
        await self.door.thresholds()
        await self.door.timers()

    def reclock(self, by: Slas) -> Reclock:
        clocks = RedisClocks(self.redis, list(CATALOGUE.queues))
        return Reclock(self.door, clocks, self.ledger, Terms(slas=by, at_risk_share=0.8))

    async def facts(self) -> list[dict[str, Any]]:
        await self.relay()
        return await self.ledger.of_mention(MENTION)

    async def clocks(self, by: Slas | None = None) -> Clocks:
        found = fold(await self.facts(), by or self.slas, 0.8)
        assert found
        return found

    async def resolution(self, by: Slas | None = None) -> Clock:
        found = (await self.clocks(by)).resolution
        assert found
        return found

    async def live(self, name: str) -> str:
        value = await self.redis.hget(f"hs:task:{TASK}", name)
        assert value is not None
        return bytes(value).decode()

    async def live_ms(self) -> tuple[int, ...]:
        names = ("half_ms", "at_risk_ms", "due_ms", "resolution_ms")
        return tuple([int(await self.live(name)) for name in names])
