"""The network between the processes and Redis: it delays, loses, answers late and goes away.

The client below is redis-py's own, down to where it would touch a socket.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError, TimeoutError

from app.adapters.redis_epoch import LEASE_MS
from tests.sim.loop import VirtualLoop
from tests.sim.server import Command, Server

LEASE = "hs:lease:rebuild"
_LEASED = ("hs_lease", "hs_end_epoch", "hs_clear", "hs_restore", "hs_reopen")  # take or renew it
TIMEOUT_S = 1.0  # of a client's socket
_FAST_S = (0.001, 0.015)
_SLOW_S = (0.02, 0.4)


@dataclass(eq=False, slots=True)
class _Answer:
    future: asyncio.Future[list[Any]]
    block_s: float


@dataclass(eq=False, slots=True)
class _Blocked:
    commands: Sequence[Command]
    answer: _Answer
    life: int


class Network:
    """`up`, `slow` and `lossy` are what the faults of a simulation switch."""

    def __init__(self, loop: VirtualLoop, server: Server, chance: random.Random) -> None:
        self._loop = loop
        self._server = server
        self._chance = chance
        self.up = True
        self.slow = False
        self.lossy = 0.0
        self.life = 0  # a restart cuts what is on its way
        self.news: set[str] = set()
        self.lapsed = 0  # leases whose holder died in the middle
        self._lease_until = 0.0
        self._told: Any = "0-0"
        self._blocked: list[_Blocked] = []

    async def ask(self, commands: Sequence[Command], block_s: float = 0.0) -> list[Any]:
        """Send commands and return the answers, or raise what redis-py would.

        With `block_s` one reading command waits on the server for something to read.
        """
        answer = _Answer(self._loop.create_future(), block_s)
        fate = self._chance.random()
        if fate < self.lossy:
            self._fail(answer, TIMEOUT_S, TimeoutError("Timeout reading from socket"))
        elif fate < 1.5 * self.lossy:  # it will be done, after the client has given up
            self._fail(answer, TIMEOUT_S, TimeoutError("Timeout reading from socket"))
            self._loop.outside(TIMEOUT_S * 1.5, self._arrive, commands, self.life, None)
        elif fate < 1.75 * self.lossy:
            self._loop.outside(self._delay_s(), self._cut, commands, self.life, answer)
        else:
            self._loop.outside(self._delay_s(), self._arrive, commands, self.life, answer)
        return await answer.future

    def restart(self) -> None:
        """Cut every connection; the data stays."""
        self.life += 1
        blocked, self._blocked = self._blocked, []
        for waiter in blocked:
            self._fail(waiter.answer, 0.0, RedisConnectionError("Connection closed by server."))

    def _lease(self) -> None:
        """Redis ends a lease by its own clock; here its ten seconds are ten of the world's."""
        self._lease_until = self._loop.time() + LEASE_MS / 1000
        self._loop.outside(LEASE_MS / 1000 + 0.001, self._end_lease)

    def _end_lease(self) -> None:
        if self._loop.time() >= self._lease_until:
            self.lapsed += self._server.one("DEL", LEASE)

    def _arrive(self, commands: Sequence[Command], life: int, answer: _Answer | None) -> None:
        if not self.up or life != self.life:
            self._fail(answer, 0.0, RedisConnectionError("Connection refused"))
            return
        found = self._run(commands)
        if answer is None:
            return
        if answer.block_s and not found[0]:
            waiter = _Blocked(commands, answer, life)
            self._blocked.append(waiter)
            self._loop.outside(answer.block_s, self._waited, waiter)
        else:
            self._send_back(answer, found, life)

    def _run(self, commands: Sequence[Command]) -> list[Any]:
        if not any(command[0] == "FCALL" for command in commands):
            return self._server.run(commands)
        blocked = self._blocked  # what they wait for may have come: asked in the same round trip
        feed = ("XREAD", "STREAMS", "hs:feed", self._told)
        found = self._server.run([*commands, *(w.commands[0] for w in blocked), feed])
        self._push(found.pop())
        for command, said in zip(commands, found, strict=False):
            if command[0] == "FCALL" and command[1] in _LEASED and _holds(said):
                self._lease()
        come = found[len(commands) :]
        self._blocked = [w for w, new in zip(blocked, come, strict=True) if not new]
        for waiter, new in zip(blocked, come, strict=True):
            if new:
                self._send_back(waiter.answer, [new], waiter.life)
        return found[: len(commands)]

    def _push(self, come: Any) -> None:
        """What the event stream tells the desks: for whom there is something new."""
        for entries in (come or {}).values():
            for entry_id, fields in entries:
                self._told = entry_id
                self.news.add(fields[1].removeprefix(b"rep:").decode())

    def _waited(self, waiter: _Blocked) -> None:
        if waiter in self._blocked:
            self._blocked.remove(waiter)
            self._send_back(waiter.answer, [None], waiter.life)

    def _send_back(self, answer: _Answer, found: list[Any], life: int) -> None:
        if self._chance.random() < self.lossy:
            self._fail(answer, TIMEOUT_S, TimeoutError("Timeout reading from socket"))
        else:
            self._loop.outside(self._delay_s(), self._answer, answer, found, life)

    def _cut(self, commands: Sequence[Command], life: int, answer: _Answer) -> None:
        """The connection breaks in the middle: the first commands are done, the rest is not."""
        if self.up and life == self.life:
            done = commands[: self._chance.randrange(len(commands) + 1)]
            if commands[0] == ("MULTI",):  # all or nothing
                done = commands if done else ()
            self._run(done)
        self._fail(answer, 0.0, RedisConnectionError("Connection closed by server."))

    def _answer(self, answer: _Answer, found: list[Any], life: int) -> None:
        if life != self.life:
            self._fail(answer, 0.0, RedisConnectionError("Connection closed by server."))
        elif not answer.future.done():
            answer.future.set_result(found)

    def _fail(self, answer: _Answer | None, delay_s: float, error: Exception) -> None:
        if answer is not None:
            self._loop.outside(delay_s, _raise_in, answer, error)

    def _delay_s(self) -> float:
        return self._chance.uniform(*(_SLOW_S if self.slow else _FAST_S))


def _holds(said: Any) -> bool:
    """Did this call of the rebuild find itself the holder of the lease?"""
    answer = orjson.loads(said) if isinstance(said, bytes) else {"error": "refused"}
    return "error" not in answer and bool(answer.get("held", True))


def _raise_in(answer: _Answer, error: Exception) -> None:
    if not answer.future.done():
        answer.future.set_exception(error)


class Client(Redis):  # type: ignore[type-arg,misc,unused-ignore]
    """redis-py's client over the simulated network."""

    network: Network

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        if args[0] == "XREAD" and b"BLOCK" in args:
            return await self._blocking(args, options)
        [answer] = await self.network.ask([args])
        return self._parsed(args[0], answer, options)

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> Any:
        return _Pipeline(self, self.connection_pool, self.response_callbacks, transaction, None)

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        return

    async def _blocking(self, args: Command, options: dict[str, Any]) -> Any:
        at = args.index(b"BLOCK")
        asked = args[:at] + args[at + 2 :]  # the real server must not block: our time stands still
        [answer] = await self.network.ask([asked], int(args[at + 1]) / 1000)
        return self._parsed(args[0], answer, options)

    def _parsed(self, name: str, answer: Any, options: dict[str, Any]) -> Any:
        if isinstance(answer, ResponseError):
            raise answer
        options.pop("keys", None)
        parse = self.response_callbacks.get(name)
        return parse(answer, **options) if parse else answer


class _Pipeline(Pipeline):  # type: ignore[type-arg,misc,unused-ignore]
    def __init__(self, client: Client, *given: Any) -> None:
        super().__init__(*given)
        self._client = client

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        stack, self.command_stack = self.command_stack, []
        if not stack:
            return []  # as redis-py: nothing to say, nothing sent
        commands = [command for command, _ in stack]
        if self.is_transaction:
            *_, answers = await self._client.network.ask([("MULTI",), *commands, ("EXEC",)])
            if isinstance(answers, ResponseError):
                raise answers
        else:
            answers = await self._client.network.ask(commands)
        return [
            self._client._parsed(str(command[0]), answer, dict(options))
            for (command, options), answer in zip(stack, answers, strict=True)
        ]
