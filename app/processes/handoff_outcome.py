"""Outcome: what a delivery that has ended changes, as facts and through the door; and the topic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from app.adapters.kafka import TOPICS, Producer, Record
from app.adapters.redis_door import RedisDoor
from app.adapters.redis_floor import RedisFloor
from app.adapters.store.handoffs import Handoffs
from app.config import Config
from app.core.delivery import Route
from app.core.errors import Conflict
from app.core.facts import Fact
from app.core.handoff import DELIVERED, HANDOFF, Handoff
from app.core.queueing import task_id_of
from app.core.skills import after_move
from app.wiring.base import system_ms

_REASON_CHARS = 300
_CLOUDEVENT = {"content-type": b"application/cloudevents+json; charset=utf-8"}


class Outcome:
    """Each step has an op id made of the event's: whatever it is killed in is done again."""

    def __init__(
        self,
        door: RedisDoor,
        floor: RedisFloor,
        log: Handoffs,
        config: Config,
        now_ms: Callable[[], int] = system_ms,
    ) -> None:
        self._door = door
        self._floor = floor
        self._log = log
        self._config = config
        self._now_ms = now_ms

    async def turn(self) -> None:
        """Do what is owed for all that has ended. Raises Unavailable."""
        while events := await self._log.unsettled():
            for event in events:
                await self._settle(event)

    async def _settle(self, event: Handoff) -> None:
        data = {
            "partner": event.partner,
            "event_id": event.event_id,
            "kind": event.kind,
            "stage": event.stage,
            "attempts": event.attempts,
            "status": event.status,
        }
        if event.kind == HANDOFF:
            data |= await self._move(event)
        taken = event.state == DELIVERED
        fact = Fact(
            op="handed_off" if taken else "handoff_failed",
            op_id=event.op_id,
            now_ms=self._now_ms(),
            mention_id=event.mention_id,
            reason=event.problem,
            data=data,
            actor=_actor(event),
        )
        await self._door.note([fact])
        await self._log.settle(event)

    async def _move(self, event: Handoff) -> dict[str, Any]:
        """Send the task where the partner says, or the alternative route; says what was done."""
        partner = self._config.partners.get(event.partner)
        if partner is None:
            return {}
        if event.state != DELIVERED:
            if not event.deadline_ms:  # never meant to be sent: the task stays where the rules say
                return {}
            why = f"{partner.title} did not take it: {event.problem}"
            return await self._reroute(event, partner.on_failure, why)
        if not event.route:
            return {}
        route, why = msgspec.json.decode(event.route, type=Route), f"{partner.title} says so"
        done = await self._reroute(event, route.queue, why)
        done |= await self._prioritise(event, route.priority, why)
        return done | ({"ignored": list(route.ignored)} if route.ignored else {})

    async def _reroute(self, event: Handoff, queue: str, why: str) -> dict[str, Any]:
        if not queue:
            return {}
        task_id = task_id_of(event.mention_id)
        card = await self._floor.card(task_id)
        of_queue = self._config.catalogue.queues[queue].skills
        skills = after_move(of_queue, (card or {}).get("skills", []))
        given = {"queue": queue, "skills": skills, "reason": why[:_REASON_CHARS]}
        return await self._do("reroute", event, given, {"moved_to": queue})

    async def _prioritise(self, event: Handoff, priority: int | None, why: str) -> dict[str, Any]:
        if priority is None:
            return {}
        given = {"priority": priority, "reason": why[:_REASON_CHARS]}
        return await self._do("prioritise", event, given, {"priority": priority})

    async def _do(
        self, name: str, event: Handoff, given: dict[str, Any], done: dict[str, Any]
    ) -> dict[str, Any]:
        """Through the one door; where the task is beyond it (in hand, ended), it stays."""
        task_id, op_id = task_id_of(event.mention_id), f"{event.op_id}:{event.state}:{name}"
        try:
            await self._door.command(name, task_id, op_id, actor=_actor(event), **given)
        except Conflict as refused:
            return {"stays": str(refused)}
        return done


def _actor(event: Handoff) -> dict[str, str]:
    return {"type": "system", "id": event.partner, "role": "service"}


class Publisher:
    """Puts every event on the topic `handoffs` as well, for whoever reads along."""

    def __init__(self, log: Handoffs, producer: Producer) -> None:
        self._log = log
        self._producer = producer

    async def turn(self) -> None:
        """Send what has not been; killed in between, it sends the same events again."""
        while events := await self._log.unpublished():
            await self._producer.send([_record(event) for event in events])
            await self._log.mark_published([event.event_id for event in events])


def _record(event: Handoff) -> Record:
    headers = _CLOUDEVENT | {"partner": event.partner.encode()}
    key = event.mention_id.encode()
    return Record(topic=TOPICS["handoffs"], key=key, value=event.body, headers=headers)
