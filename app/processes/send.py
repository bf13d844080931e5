"""send: hear who wants nothing from us any more, and bring replies to those who may have them.

It takes in the ledger, asks the permission gate about each message, and tells the ledger what came
of it. Apart from every other process, so that a channel that hangs slows nobody else.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import Any

import structlog

from app import metrics
from app.adapters.store.consents import READER, Consents
from app.adapters.store.ledger import Ledger
from app.adapters.store.outbound import OutboundLog
from app.adapters.store.rule_events import RuleEvents
from app.config_permission import Permission
from app.core.outbound import NO_CONNECTOR, Outgoing
from app.core.outbound_facts import (
    consent_of,
    fact_of,
    fact_of_consent,
    message_of,
    reply_of_act,
    says,
    unconnected,
)
from app.core.proactive import WARNED, warning_message
from app.processes import service
from app.processes.follow import Notes
from app.processes.sending import Lane
from app.settings import Settings
from app.wiring import base as wiring
from app.wiring import outbound as outbound_wiring

log = structlog.get_logger()

_BEGAN = "send-from"
_OTHER = "other"  # all channels without a connector: anybody may name new ones
_ACTS = "send-acts"  # how far the acts of event rules were read
# STOP takes effect within a second of its arrival; most of that is for triage.
_TAKE_S, _SEND_S, _TELL_S, _AGE_S = 0.1, 0.1, 0.25, 1.0


async def main(settings: Settings) -> None:
    """Run until stopped. Raises ConfigError where a channel has no secret."""
    base = await wiring.base(settings)
    kept, consents = OutboundLog(base.database), Consents(base.database)
    try:
        async with outbound_wiring.connectors(base) as connectors:
            acts = RuleEvents(base.database)
            intake = Intake(base.ledger, acts, kept, base.config.permission, connectors)
            work: list[tuple[str, Any, float]] = [
                ("outbound", intake.turn, _TAKE_S),
                ("outbound told", Telling(kept, consents, base.door).turn, _TELL_S),
                ("outbound age", lambda: measure(kept, wiring.system_ms()), _AGE_S),
            ]
            for channel, connector in connectors.items():
                to = base.config.sending[channel]
                lane = Lane(to, connector, kept, base.config.permission.policy, intake.turn)
                work.append((f"outbound to {channel}", partial(lane.work, _SEND_S), 0.0))
            async with service.health(intake.missing):
                await asyncio.gather(*(service.patiently(*one) for one in work))
    finally:
        await base.close()


async def measure(kept: OutboundLog, now_ms: int) -> None:
    """How long the oldest message has waited to get through."""
    oldest_ms = await kept.oldest_queued_ms()
    metrics.OUTBOUND_OLDEST.set(max(0, now_ms - oldest_ms) / 1000 if oldest_ms else 0)


class Intake:
    """Reads the ledger from where it stopped; the position moves with what is made of it.

    `turn` is also what each send waits for: whoever wrote STOP before is heard before.
    """

    def __init__(  # noqa: PLR0913 (what it reads, what it writes, and the clock)
        self,
        ledger: Ledger,
        acts: RuleEvents,
        kept: OutboundLog,
        permission: Permission,
        channels: Collection[str],
        now_ms: Callable[[], int] = wiring.system_ms,
    ) -> None:
        self._ledger = ledger
        self._acts = acts
        self._kept = kept
        self._words = permission.words
        self._channels = channels
        self._now_ms = now_ms
        self._from_seq = -1  # replies up to here were recorded before there was anybody to send
        self._turn = asyncio.Lock()  # two readers of one page would move the position back

    async def missing(self) -> list[str]:
        """What keeps this process from being ready."""
        return ["the ledger's position"] if self._from_seq < 0 else []

    async def turn(self) -> None:
        """Take in all that is new. Raises Unavailable; doing it again changes nothing."""
        async with self._turn:
            if self._from_seq < 0:
                await self._begin()
            async for facts in self._ledger.unread(READER):
                await self._take(facts)
            await self._take_acts()
            metrics.OUTBOUND_FOLLOWED.set(time.time())

    async def _begin(self) -> None:
        """Consent of all times counts, but nobody is sent an answer of last year."""
        await self._kept.unconnected(self._channels, self._now_ms())
        await self._kept.begin(_ACTS, await self._acts.last_act())
        self._from_seq = await self._kept.begin(_BEGAN, await self._ledger.last_seq())

    async def _take(self, facts: Sequence[dict[str, Any]]) -> None:
        events = [one for fact in facts if (one := consent_of(fact, self._words))]
        messages = await self._messages(facts)
        read = (READER, facts[-1]["seq"])
        stops = await self._kept.take(read, events, messages, self._now_ms())
        for stop in stops:
            metrics.STOP_SECONDS.observe(max(0, self._now_ms() - stop.at_ms) / 1000)
            log.info("stop_heard", channel=stop.channel, consent=stop.event_id)

    async def _messages(self, facts: Sequence[dict[str, Any]]) -> list[Outgoing]:
        replies = [f for f in facts if says(f) and f["seq"] > self._from_seq]
        warnings = [f for f in facts if f["op"] == WARNED and f["seq"] > self._from_seq]
        trails = await self._trails(fact["mention_id"] for fact in replies)
        found = [message_of(fact, trails[fact["mention_id"]]) for fact in replies]
        found += map(warning_message, warnings)
        return [self._connected(one) for one in found if one]

    async def _take_acts(self) -> None:
        """What event rules say later on; their acts stand beside the ledger."""
        while acts := await self._acts.after(await self._ledger.cursor(_ACTS)):
            trails = await self._trails(act.mention_id for _, act in acts if act.reply)
            found = (reply_of_act(act, trails.get(act.mention_id, [])) for _, act in acts)
            messages = [self._connected(one) for one in found if one]
            await self._kept.take((_ACTS, acts[-1][0]), [], messages, self._now_ms())

    async def _trails(self, mention_ids: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
        ids = sorted(set(mention_ids))
        return await self._ledger.of_mentions(ids) if ids else {}

    def _connected(self, found: Outgoing) -> Outgoing:
        channel = found.message.channel
        if channel in self._channels:
            return found
        metrics.OUTBOUND.labels(_OTHER, NO_CONNECTOR).inc()
        return unconnected(found)


class Telling:
    """Tells the ledger what came of messages, and what was heard; each fact has its own id."""

    def __init__(self, kept: OutboundLog, consents: Consents, door: Notes) -> None:
        self._kept = kept
        self._consents = consents
        self._door = door

    async def turn(self) -> None:
        """Raises Unavailable; what has not been told then is told later, once."""
        while events := await self._consents.untold():
            await self._door.note([fact_of_consent(event) for event in events])
            await self._consents.told(events)
        while found := await self._kept.untold():
            await self._door.note([fact_of(one) for one in found])
            for one in found:
                await self._kept.told(one)
