"""Sending: one channel's messages through the gate and out, the one place that does it."""

from __future__ import annotations

import json
import random
from collections.abc import Awaitable, Callable

import structlog

from app import codec, metrics
from app.adapters.store.consents import READER
from app.adapters.store.outbound import UNREAD, OutboundLog
from app.core.delivery import AGAIN, TAKEN, Answer, Circuit, backoff_ms
from app.core.errors import Conflict
from app.core.outbound import FAILED, REFUSED, SENT, WAITING, Outgoing, Sending
from app.core.permission import NotPermitted, Permit, Policy, Refusal
from app.ports import Connector
from app.processes.in_flight import InFlight
from app.wiring.base import system_ms

log = structlog.get_logger()

_RETRIED = "retried"
_MOST_LOOKS = 20  # for an end of the ledger; where it runs away, the message waits for a turn


class Lane:
    """One channel. Killed in the middle it asks and sends again: the same message, the same id."""

    def __init__(  # noqa: PLR0913 (what it works with, and the two doubles of tests)
        self,
        to: Sending,
        connector: Connector,
        kept: OutboundLog,
        policy: Policy,
        catch_up: Callable[[], Awaitable[None]],
        now_ms: Callable[[], int] = system_ms,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._to = to
        self._connector = connector
        self._kept = kept
        self._policy = policy
        self._catch_up = catch_up
        self._now_ms = now_ms
        self._chance = chance
        self._circuit = Circuit()
        self._flying = InFlight()

    async def turn(self) -> None:
        """Begin to send what is due; answers are not waited for.

        Raises Unavailable, also for what was begun before.
        """
        self._flying.land()
        now_ms = self._now_ms()
        room = self._circuit.room(now_ms) - len(self._flying)
        if room <= 0:
            return
        due = await self._kept.due(self._to.name, now_ms, room + len(self._flying))
        fresh = [one for one in due if one.message.outbound_id not in self._flying]
        for found in fresh[:room]:
            self._flying.start(found.message.outbound_id, self._pass(found))

    async def work(self, rest_s: float) -> None:
        """A turn, then a rest until something has landed, or for so long."""
        await self.turn()
        await self._flying.rest(rest_s)

    async def landed(self) -> None:
        """Wait until nothing is in flight. Raises Unavailable."""
        await self._flying.landed()

    async def _pass(self, found: Outgoing) -> None:
        """Through the gate, and with its permit out."""
        answer = await self._asked(found)
        if isinstance(answer, Refusal):
            outcome = WAITING if answer.again_ms else REFUSED
            metrics.OUTBOUND.labels(self._to.name, outcome).inc()
            metrics.REFUSALS.labels(answer.code).inc()
        elif isinstance(answer, Permit):
            await self._note(found, await self._sent(found, answer))

    async def _sent(self, found: Outgoing, permit: Permit) -> Answer:
        try:
            return await self._connector.send(found.message, permit)
        except NotPermitted as late:  # we were stopped in between for longer than it holds
            return Answer(problem=str(late))

    async def _asked(self, found: Outgoing) -> Permit | Refusal | None:
        """What the gate says now that all that the ledger has is known; None: not this time."""
        for _ in range(_MOST_LOOKS):
            await self._catch_up()
            try:
                return await self._kept.decide(found, self._policy, READER, self._now_ms())
            except Conflict as early:
                if early.code != UNREAD:
                    raise
        log.warning("ledger_runs_away", channel=self._to.name)
        return None

    async def _note(self, found: Outgoing, answer: Answer) -> None:
        now_ms = self._now_ms()
        self._circuit.note(answer, now_ms)
        tries = found.attempts + 1
        if answer.verdict == TAKEN:
            outcome = SENT
            await self._kept.sent(found, _reference(answer), now_ms)
            metrics.OUTBOUND_SECONDS.observe(max(0, now_ms - found.message.created_ms) / 1000)
        elif answer.verdict == AGAIN and tries <= self._to.retries:
            outcome = _RETRIED
            next_ms = now_ms + backoff_ms(tries, self._chance(), answer.retry_after_s)
            await self._kept.again(found, answer.problem, next_ms, now_ms)
        else:
            outcome = FAILED
            never_out = answer.verdict != AGAIN
            await self._kept.failed(found, answer.problem, now_ms, never_out)
            log.warning("outbound_failed", channel=self._to.name, problem=answer.problem)
        metrics.OUTBOUND.labels(self._to.name, outcome).inc()


def _reference(answer: Answer) -> str:
    """How the receiver calls the message, where it says so: {"id": "..."}. Never raises."""
    try:
        given = json.loads(answer.body)
    except (ValueError, RecursionError):
        return ""
    named = given.get("id") if isinstance(given, dict) else None
    return codec.clean(str(named)) if isinstance(named, str | int) else ""
