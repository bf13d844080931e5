"""handoffs: follow the ledger, and hand mentions and their stages on to partners.

Apart from every other process, so that a partner that hangs slows nobody but itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from app import codec, metrics
from app.adapters.kafka import Producer
from app.adapters.redis_floor import RedisFloor
from app.adapters.store.handoffs import Handoffs
from app.adapters.store.ledger import Ledger
from app.adapters.store.parties import Parties
from app.adapters.store.rule_events import RuleEvents
from app.adapters.webhook import Webhooks
from app.core import handoff as core
from app.core.event_acts import Act, handing_fact
from app.core.handoff import FAILED, HANDOFF, MOST_HOPS, PENDING, STATUS, Handoff, Partner, Party
from app.processes import service
from app.processes.handoff_delivery import Delivery
from app.processes.handoff_outcome import Outcome, Publisher
from app.settings import Settings
from app.wiring import base as wiring
from app.wiring import handoffs as partners_wiring

READER = "handoffs"
_FOLLOW_S, _DELIVER_S, _OUTCOME_S, _AGE_S = 0.25, 0.1, 0.25, 1.0
_FORGET_S = 60.0  # what is kept for days may stay a minute longer


async def main(settings: Settings) -> None:
    """Run until stopped. Raises ConfigError where a partner has no secret."""
    base = await wiring.base(settings)
    partners, log = base.config.partners, Handoffs(base.database)
    webhooks = Webhooks(partners_wiring.signers(partners, settings))
    producer = Producer(settings.kafka.bootstrap)
    acts = RuleEvents(base.database)
    follow = Follow(base.ledger, log, Parties(base.database), partners, acts)
    outcome = Outcome(base.door, RedisFloor(base.redis, base.config.catalogue), log, base.config)
    work: list[tuple[str, Any, float]] = [
        ("handoffs", follow.turn, _FOLLOW_S),
        ("handoff outcomes", outcome.turn, _OUTCOME_S),
        ("handoffs topic", Publisher(log, producer).turn, _OUTCOME_S),
        ("handoffs kept", lambda: forget(log, partners.values(), wiring.system_ms()), _FORGET_S),
        ("handoffs age", lambda: measure(log, wiring.system_ms()), _AGE_S),
    ]
    for partner in partners.values():
        delivery = Delivery(partner, log, webhooks)
        work.append((f"handoffs to {partner.name}", partial(delivery.work, _DELIVER_S), 0.0))
    async with service.health(service.always_ready):
        try:
            await asyncio.gather(*(service.patiently(*one) for one in work))
        finally:
            await webhooks.close()
            await producer.close()
            await base.close()


async def measure(log: Handoffs, now_ms: int) -> None:
    """How long the oldest event has waited for its partner."""
    oldest_ms = await log.oldest_pending_ms()
    metrics.HANDOFF_OLDEST.set(max(0, now_ms - oldest_ms) / 1000 if oldest_ms else 0)
    metrics.HANDOFFS_FOLLOWED.set(time.time())


async def forget(log: Handoffs, partners: Iterable[Partner], now_ms: int) -> None:
    """Delete what each partner's log has kept long enough."""
    for partner in partners:
        while await log.forget(partner.name, now_ms - round(partner.keep_s * 1000)):
            pass


class Follow:
    """Reads the ledger from where it stopped; the position moves with the events it makes."""

    def __init__(
        self,
        ledger: Ledger,
        log: Handoffs,
        parties: Parties,
        partners: Mapping[str, Partner],
        acts: RuleEvents,
    ) -> None:
        self._ledger = ledger
        self._log = log
        self._parties = parties
        self._partners = partners
        self._acts = acts

    async def turn(self) -> None:
        """What decisions hand off, then what event rules did. Raises Unavailable."""
        await self.advance()
        while acts := await self._acts.owed():
            seq = await self._ledger.cursor(READER)
            await self._log.take(READER, seq, await self._of_acts(acts, seq))
            await self._acts.handed(acts)

    async def advance(self) -> None:
        """Take in all that is new. Raises Unavailable; doing it again changes nothing."""
        async for facts in self._ledger.unread(READER):
            await self._log.take(READER, facts[-1]["seq"], await self._events(facts))

    async def _events(self, facts: Sequence[dict[str, Any]]) -> list[Handoff]:
        telling = {f["mention_id"] for f in facts if core.stage_of(f) or core.wanted_partners(f)}
        wanting = {f["mention_id"] for f in facts if core.wanted_partners(f)}
        parties = await self._parties.of(sorted(telling))
        trails = await self._ledger.of_mentions(sorted(wanting)) if wanting else {}
        events: list[Handoff] = []
        for fact in facts:
            mention_id = fact["mention_id"]
            known = parties.get(mention_id, [])
            events += self._statuses(fact, known)
            for name in core.wanted_partners(fact):
                event = self._hand_off(fact, name, trails[mention_id], known)
                events.append(event)
                if event.state == PENDING:
                    party = Party(partner=name, handoff=event.event_id)
                    parties.setdefault(mention_id, []).append(party)
        return events

    async def _of_acts(self, acts: Sequence[Act], seq: int) -> list[Handoff]:
        """The hand-offs of these acts, with the stages that were passed up to `seq` since."""
        ids = sorted({act.mention_id for act in acts})
        trails, parties = await self._ledger.of_mentions(ids), await self._parties.of(ids)
        events: list[Handoff] = []
        for act in acts:
            trail, known = trails[act.mention_id], parties.setdefault(act.mention_id, [])
            since = [fact for fact in trail if act.seq < fact["seq"] <= seq]
            fact = handing_fact(act, trail)
            for name in act.handoffs:
                if any(one.partner == name and not one.handed_in for one in known):
                    continue  # it has it already
                event = self._hand_off(fact, name, trail, known)
                events.append(event)
                if event.state == PENDING:
                    party = Party(partner=name, handoff=event.event_id)
                    known.append(party)
                    events += [row for one in since for row in self._statuses(one, [party])]
        return events

    def _statuses(self, fact: dict[str, Any], parties: Sequence[Party]) -> Iterable[Handoff]:
        stage = core.stage_of(fact)
        for party in parties if stage else ():
            partner = self._partners.get(party.partner)
            if partner and stage in partner.stages:
                yield _row(fact, partner, core.status_event(fact, party), STATUS)

    def _hand_off(
        self,
        fact: dict[str, Any],
        name: str,
        trail: Sequence[dict[str, Any]],
        parties: Sequence[Party],
    ) -> Handoff:
        partner = self._partners.get(name)
        came = [party for party in parties if party.handed_in]
        hops = max((party.hops for party in came), default=0) + 1
        problem = ""
        if partner is None:
            problem = "no partner has this name"
        elif any(party.partner == name for party in came):
            problem = "it came from there"
        elif hops > MOST_HOPS:
            problem = f"handed on {MOST_HOPS} times already"
        known = partner or Partner(name=name, title=name, url="")
        row = _row(fact, known, core.handoff_event(fact, trail, known, hops), HANDOFF)
        return _refused(row, problem) if problem else row


def _row(fact: dict[str, Any], partner: Partner, event: dict[str, Any], kind: str) -> Handoff:
    now_ms = int(fact["now_ms"])
    within_ms = round(partner.within_s * 1000)
    return Handoff(
        event_id=event["id"],
        partner=partner.name,
        mention_id=fact["mention_id"],
        kind=kind,
        stage=core.stage_of(fact) if kind == STATUS else "",
        seq=fact["seq"],
        body=codec.dumps(event),
        created_ms=now_ms,
        changed_ms=now_ms,
        next_ms=now_ms,
        deadline_ms=now_ms + within_ms if kind == HANDOFF else 0,
    )


def _refused(row: Handoff, problem: str) -> Handoff:
    """Kept in the log as failed from the first: whoever looks for it finds it, and why."""
    return replace(row, state=FAILED, problem=problem, deadline_ms=0)
