"""A broker in memory: partitions, one consumer group, commits, rebalances; at least once.

What it promises is what Kafka does: a message that was acknowledged is delivered, perhaps again,
in the order of its partition. A member that falls silent loses its partitions.
"""

from __future__ import annotations

import asyncio
import random
import zlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.adapters.kafka import TOPICS, Record
from app.core.errors import Unavailable
from tests.sim.loop import Process, VirtualLoop

PARTITIONS = 3
_SESSION_S = 3.0
_COMMIT_S = 1.0
_MENTIONS = TOPICS["mentions"]


@dataclass(frozen=True, slots=True)
class Message:
    topic: str
    partition: int
    offset: int
    timestamp: float
    value: bytes | None
    headers: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Event:
    message: Message


@dataclass(eq=False, slots=True)
class Member:
    """One consumer; `generation` fences a commit that comes after a rebalance."""

    process: Process
    generation: int = 0
    position: dict[int, int] = field(default_factory=dict)
    acked: dict[int, int] = field(default_factory=dict)


class Broker:
    def __init__(self, loop: VirtualLoop, chance: random.Random, now_ms: Any) -> None:
        self._loop = loop
        self.chance = chance
        self._now_ms = now_ms
        self.up = True
        self.lossy = 0.0
        self.log: list[list[Message]] = [[] for _ in range(PARTITIONS)]
        self.committed = [0] * PARTITIONS
        self.generation = 0
        self.members: list[Member] = []
        self.dead: list[Record] = []
        self._waiting: list[asyncio.Future[None]] = []

    def append(self, record: Record) -> None:
        if record.topic != _MENTIONS:
            if record.topic == TOPICS["dead"]:
                self.dead.append(record)
            return
        self._keep(record.value, record.key or b"", dict(record.headers))

    def append_direct(self, value: bytes | None, key: bytes) -> Message:
        """A stranger's message, without our headers."""
        return self._keep(value, key, {})

    def _keep(self, value: bytes | None, key: bytes, headers: dict[str, bytes]) -> Message:
        partition = zlib.crc32(key) % PARTITIONS
        log = self.log[partition]
        at_s = self._now_ms() / 1000
        log.append(Message(_MENTIONS, partition, len(log), at_s, value, headers))
        self.wake()
        return log[-1]

    def wake(self) -> None:
        """Something may be there to be fetched."""
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def news(self) -> None:
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append(waiter)
        await waiter

    def forget(self) -> None:
        """The embedded broker was replaced: it counts from 0 again, and all that it had is gone."""
        self.log = [[] for _ in range(PARTITIONS)]
        self.committed = [0] * PARTITIONS
        self.rebalance()

    def join(self, process: Process) -> Member:
        member = Member(process)
        self.members.append(member)
        self.rebalance()
        return member

    def missed(self, member: Member) -> None:
        """The session of a member that was killed or stopped has run out."""
        if member in self.members:
            self.members.remove(member)
            self.rebalance()

    def silent(self, process: Process) -> None:
        for member in self.members:
            if member.process is process:
                self._loop.outside(_SESSION_S, self._end_session, member)

    def _end_session(self, member: Member) -> None:
        if not member.process.alive or member.process.stopped:
            self.missed(member)

    def rebalance(self) -> None:
        """Everybody starts again from what is committed, with a new share."""
        self.generation += 1
        members = list(self.members)
        self.chance.shuffle(members)
        for member in members:
            member.generation = self.generation
            member.position.clear()
            member.acked.clear()
        for partition in range(PARTITIONS if members else 0):
            owner = members[partition % len(members)]
            owner.position[partition] = self.committed[partition]
        self.wake()

    def fetch(self, member: Member, most: int) -> list[Message]:
        """What comes next for this member; from one partition or several, as Faust mixes them."""
        if not self.up:
            return []
        found: list[Message] = []
        for partition, position in list(member.position.items()):
            come = self.log[partition][position : position + most - len(found)]
            found += come
            member.position[partition] = position + len(come)
        return found

    def commit(self, member: Member) -> None:
        if not self.up or member.generation != self.generation:
            return  # fenced: another member has these partitions now
        for partition, offset in member.acked.items():
            if partition in member.position:
                self.committed[partition] = max(self.committed[partition], offset)


class Producer:
    """The producer's port: returns once acknowledged, raises Unavailable, sometimes wrongly."""

    def __init__(self, broker: Broker, loop: VirtualLoop) -> None:
        self._broker = broker
        self._loop = loop

    async def send(self, records: Sequence[Record]) -> None:
        broker, chance = self._broker, self._broker.chance
        await asyncio.sleep(chance.uniform(0.005, 0.05))
        if not broker.up:
            await asyncio.sleep(0.5)
            raise Unavailable("Kafka does not answer: simulated")
        kept = len(records)
        broken = chance.random() < broker.lossy
        if broken:  # nothing, some or all of it was kept, and we are not told
            kept = chance.randrange(len(records) + 1)
        for record in records[:kept]:
            broker.append(record)
        if broken:
            raise Unavailable("Kafka does not answer: simulated")
        await asyncio.sleep(chance.uniform(0.005, 0.05))

    async def close(self) -> None:
        return


class Stream:
    """What the Faust agent iterates over: acknowledged when the loop body asks for more."""

    def __init__(self, broker: Broker, process: Process) -> None:
        self._broker = broker
        self._process = process
        self._member = broker.join(process)

    async def take_events(self, most: int, within: float) -> AsyncIterator[list[Event]]:
        while True:
            await asyncio.sleep(self._broker.chance.uniform(within, within + 0.08))
            if self._member not in self._broker.members:  # it was taken for dead: join again
                self._member = self._broker.join(self._process)
            member, generation = self._member, self._member.generation
            messages = self._broker.fetch(member, most)
            if not messages:
                await self._broker.news()
                continue
            try:
                yield [Event(message) for message in messages]
            finally:  # Faust acknowledges however the body ended
                if member.generation == generation:
                    for message in messages:
                        member.acked[message.partition] = message.offset + 1

    async def committing(self) -> None:
        """Faust commits by a timer of its own beside the agent, and once more when it stops."""
        try:
            while True:
                await asyncio.sleep(_COMMIT_S)
                self._broker.commit(self._member)
        finally:
            self._broker.commit(self._member)


class App:
    """As much of a Faust app as `agents.triage.register` touches."""

    def topic(self, *_names: str, **_given: Any) -> App:
        return self

    def agent(self, _channel: Any, **_given: Any) -> Any:
        return lambda body: body
