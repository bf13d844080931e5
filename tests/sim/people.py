"""The people: customers who write, agents who work, double-click, dawdle and go home."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from app import codec
from app.core.errors import Conflict, Unavailable
from tests.sim.world import Work, World

_PATIENCE_S = 2.5  # a browser's, for one answer
_LOST = 0.02  # share of answers that get lost between web and browser


@dataclass
class Web:
    """What the web process does with a command, less HTTP. Keeps what each client was told."""

    world: World
    told: list[dict[str, Any]] = field(default_factory=list)
    keys: int = 0

    def __post_init__(self) -> None:
        self.chance = self.world.chance("web")
        self.door = self.world.base().door
        self.gate = self.world.gate()

    async def ask(self, work: Callable[[], Work]) -> tuple[str, Any]:
        """ok with the result, fail with a code, or info: the client cannot know."""
        process = self.world.hosts["web"].process
        if not process.alive:
            await asyncio.sleep(0.05)
            return "info", "connection refused"
        answer: asyncio.Future[tuple[str, Any]] = self.world.loop.create_future()

        async def serve() -> None:
            try:
                found = "ok", await work()
            except Conflict as error:
                found = "fail", error.code
            except Unavailable as error:
                found = "info", str(error)
            if self.chance.random() >= _LOST and not answer.done():
                answer.set_result(found)

        self.world.loop.spawn(process, serve())
        done, _ = await asyncio.wait([answer], timeout=_PATIENCE_S)
        return answer.result() if done else ("info", "no answer")

    async def command(self, who: dict[str, str], name: str, task: str, **given: Any) -> str:
        """One click: the same key until there is an answer, as the desk does it."""
        self.keys += 1
        return await self._click(who, name, task, str(self.keys), given)

    async def double(self, who: dict[str, str], name: str, task: str, **given: Any) -> str:
        """A double click (one key), or the same click in two tabs (two keys)."""
        self.keys += 2
        keys = [str(self.keys), str(self.keys - self.chance.randrange(2))]
        kinds = await asyncio.gather(*(self._click(who, name, task, k, given) for k in keys))
        return kinds[0]

    async def _click(
        self, who: dict[str, str], name: str, task: str, key: str, given: dict[str, Any]
    ) -> str:
        rep, op_id = who["id"], f"{who['id']}:{name}:{key}"
        said_by = json.dumps(given, sort_keys=True).encode()
        given = given | {"digest": hashlib.sha256(said_by).hexdigest()}
        kind, said = "info", None
        for _ in range(4):
            self._log("invoke", op_id, name, rep, task, None)
            kind, said = await self.ask(
                lambda: self.door.command(name, task, op_id, rep=rep, actor=who, **given)
            )
            self._log(kind, op_id, name, rep, task, said)
            if kind != "info":
                break
            await asyncio.sleep(self.chance.uniform(0.1, 0.6))
        self.world.say(f"{who['id']} {name} {task[:8]} key {key}: {kind} {said}")
        return kind

    def _log(self, kind: str, op_id: str, name: str, rep: str, task: str, said: Any) -> None:
        status = {"ok": 200, "fail": 409, "info": 503}.get(kind, 0)
        row = {"type": kind, "op_id": op_id, "command": name, "rep": rep, "task": task}
        row |= {"status": status} | ({"result": said} if kind == "ok" else {})
        self.told.append(row)


class Customers:
    """They write, most of them through the intake; some write twice, or change their words."""

    def __init__(self, world: World, web: Web) -> None:
        self.world = world
        self.web = web
        self.chance = world.chance("customers")
        self.done = False
        self.sent: list[dict[str, Any]] = []
        self.direct: list[str] = []  # where messages lie that came past the intake

    async def write(self) -> None:
        busy = self.chance.random()
        for number in range(self.chance.randint(6, 24)):
            await asyncio.sleep(self.chance.expovariate(1.0 + 3.0 * busy))
            await self._one(number)
        self.done = True

    async def _one(self, number: int) -> None:
        if self.chance.random() < 0.08:
            self._direct(self._nonsense())
            return
        wire = self._words(number)
        self.sent.append(wire)
        for _ in range(self.chance.choices((1, 2, 3), (8, 2, 1))[0]):
            if self.chance.random() < 0.15:
                self._direct(codec.dumps(wire))
            else:
                await self._through_intake(wire)
            if self.chance.random() < 0.3:
                wire = wire | {"text": f"{wire['text']} (edited)"}

    def _words(self, number: int) -> dict[str, Any]:
        if self.sent and self.chance.random() < 0.1:  # the same id once more, perhaps other words
            return dict(self.chance.choice(self.sent))
        queue = self.chance.choice((*self.world.on.config.catalogue.queues, "service", "close"))
        if self.chance.random() < 0.01:
            queue = "boom"
        late_s = self.chance.choices((0, 2, 20, 3600, -600), (16, 4, 2, 1, 1))[0]
        at_s = self.world.now_ms() / 1000 - late_s
        return {
            "id": str(number),
            "channel": self.chance.choice(list(self.world.on.config.catalogue.channels)),
            "text": f"{queue} {self.chance.randrange(101)} words",
            "author": {"handle": f"@kim{self.chance.randrange(5)}"},
            "lang": self.chance.choices(("en", "de", "fr", "it"), (8, 2, 1, 1))[0],
            "detected_at": datetime.fromtimestamp(at_s, UTC).isoformat(),
        }

    def _nonsense(self) -> bytes | None:
        return self.chance.choice(
            (None, b"", b"{", b"[]", b'{"id": "1"}', b"\xff\xfe", b"[" * 50, b"1" * 400_000)
        )

    def _direct(self, raw: bytes | None) -> None:
        """A connector of somebody else's writes to the topic; Kafka has acknowledged it."""
        if not self.world.broker.up:
            return
        message = self.world.broker.append_direct(raw, f"{self.chance.random()}".encode())
        at_ms = round(message.timestamp * 1000)
        self.direct.append(f"{message.topic}/{message.partition}/{message.offset}@{at_ms}")

    async def _through_intake(self, wire: dict[str, Any]) -> None:
        for _ in range(3):  # a source repeats what was not taken
            kind, _ = await self.web.ask(lambda: self.web.gate.accept([codec.validate(wire)]))
            if kind != "info":
                return
            await asyncio.sleep(self.chance.uniform(0.1, 1.0))


def pick(chance: random.Random, choices: dict[str, float]) -> str:
    return chance.choices(list(choices), list(choices.values()))[0]
