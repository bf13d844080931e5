"""A whole small centre on one Redis and one store: door, relay, ledger, and the keeper of both."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.adapters.redis_client import Client
from app.adapters.redis_door import RedisDoor
from app.adapters.redis_epoch import RedisEpoch
from app.adapters.redis_outbox import RedisOutbox
from app.adapters.store.database import Database
from app.adapters.store.known_profiles import KnownProfiles
from app.adapters.store.ledger import Ledger
from app.adapters.store.live import Live
from app.core.catalogue import Queue
from app.processes.keeper import Keeper
from app.processes.rebuild import Parts
from app.processes.relay import Relay
from tests.builders import CATALOGUE
from tests.doubles import KeepingProducer

# Told by no fact, because it follows from the rest: see docs/decisions/0007-rebuild.md.
DERIVED = ("unroutable", "lane", "reservation")
KEPT_FOR = ("for_rep", "for_until_ms")  # derived as well, but for a parked task


@dataclass
class Centre:
    door: RedisDoor
    redis: Client
    database: Database
    queues: dict[str, Queue] = field(default_factory=lambda: CATALOGUE.queues)
    apart_ms: int = 0  # how far the server's clock has jumped before the process's own
    producer: KeepingProducer = field(default_factory=KeepingProducer)

    def __post_init__(self) -> None:
        self.ledger, self.outbox = Ledger(self.database), RedisOutbox(self.redis)
        self.relay = Relay(self.outbox, self.ledger, self.producer)  # type: ignore[arg-type]
        self.epoch = RedisEpoch(self.redis, self.door)
        self.live = Live(self.database)
        self.keeper = self.another_keeper()

    def another_keeper(self, anew: Callable[[], None] = lambda: None) -> Keeper:
        """As of a `watch` that has just started."""
        parts = Parts(
            epoch=self.epoch,
            outbox=self.outbox,
            ledger=self.ledger,
            live=self.live,
            profiles=KnownProfiles(self.database),
            relay=self.relay,
            now_ms=lambda: self.door.now_ms,
            prepare=self._prepare,
            welcome=self._prepare,
        )
        return Keeper(parts, lambda: self.door.now_ms - self.apart_ms, anew)

    async def _prepare(self) -> None:
        await self.door.configure(self.queues.values())

    async def open(self) -> None:
        """As at a first start: an empty Redis is rebuilt from an empty ledger."""
        await self.redis.flushall()
        await self.door.open()
        assert await self.keeper.turn()
        await self.relayed()

    async def relayed(self) -> None:
        while await self.relay.move(block_ms=0):
            pass

    async def wiped(self) -> None:
        await self.redis.flushall()
        await self.redis.function_flush()

    async def forgotten(self) -> None:
        """What a restart of the server does: the door no longer knows what was compared."""
        await self.redis.function_flush()

    async def ops_of(self, task: str) -> dict[str, Any]:
        found = await self.redis.hgetall(f"hs:ops:{task}")
        return {op_id.decode(): orjson.loads(kept) for op_id, kept in found.items()}

    async def tasks(self) -> dict[str, dict[str, Any]]:
        """Every task as it stands behind the door, without what is derived."""
        found = {}
        for key in await self.redis.keys("hs:task:*"):
            raw = await self.redis.hgetall(key)
            fields: dict[str, Any] = {n.decode(): v.decode() for n, v in raw.items()}
            fields["card"] = orjson.loads(fields["card"].replace("+00:00", "Z"))
            fields["card"].pop("score")  # the builders' admissions come without that fact
            fields["card"].pop("profile")  # today's, not that of when the task was made
            for name in DERIVED + (KEPT_FOR if fields["state"] != "parked" else ()):
                fields.pop(name, None)
            found[key.decode().removeprefix("hs:task:")] = fields
        return found

    async def sets(self) -> dict[str, Any]:
        """Everything beside the tasks' hashes that decides what happens to them, in plain form."""
        found: dict[str, Any] = {}
        for pattern in ("hs:open:*", "hs:sla*", "hs:timers", "hs:offers", "hs:refused:*",
                        "hs:lane:*", "hs:wait:*", "hs:pushed:*", "hs:rep:*:tasks",
                        "hs:rep:*:parked", "hs:available", "hs:ready"):  # fmt: skip
            for key in await self.redis.keys(pattern):
                if await self.redis.type(key) == b"zset":
                    members = dict(await self.redis.zrange(key, 0, -1, withscores=True))
                    # When somebody looks again for who could take it is told by no fact.
                    found[key.decode()] = {
                        m.decode(): at for m, at in members.items() if not m.startswith(b"route|")
                    }
                else:
                    found[key.decode()] = {m.decode() for m in await self.redis.smembers(key)}
        return {key: members for key, members in found.items() if members}

    async def reps(self) -> dict[str, dict[str, str]]:
        found = {}
        for name in sorted(await self.redis.smembers("hs:reps")):
            raw = await self.redis.hgetall(b"hs:rep:" + name)
            fields = {n.decode(): v.decode() for n, v in raw.items()}
            load = {n: float(v) for n, v in fields.items() if n in ("load", "soft") or ":" in n}
            found[name.decode()] = {
                n: v for n, v in fields.items() if n not in load and n != "changes"
            } | {n: str(v) for n, v in load.items() if v}
        return found

    async def digest(self) -> str:
        """One sum over all tasks, sorted: I17."""
        tasks = sorted((await self.tasks()).items())
        return hashlib.sha256(orjson.dumps(tasks, option=orjson.OPT_SORT_KEYS)).hexdigest()


def differences(before: Any, after: Any, path: str = "") -> list[str]:
    """Where two nested structures differ, one line each."""
    if before == after:
        return []
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return [f"{path}: {before!r} became {after!r}"]
    names = sorted({*before, *after}, key=str)
    return [
        line
        for name in names
        for line in differences(before.get(name), after.get(name), f"{path}/{name}")
    ]
