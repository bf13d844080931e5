"""events: follow the ledger, ask the event rules about each event, and note what they do.

What they do to tasks is done by `event_acts`, from the log that is written here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from app import metrics
from app.adapters.cel_events import CelEvents
from app.adapters.cel_rules import CelRules
from app.adapters.redis_floor import RedisFloor
from app.adapters.redis_queue_state import RedisQueueState
from app.adapters.store.ledger import Ledger
from app.adapters.store.live import Live as LiveTasks
from app.adapters.store.notices import Notices
from app.adapters.store.rule_events import Asked, RuleEvents
from app.config import Config
from app.core import events as core
from app.core.event_acts import Act, acts, depth_of, labels_of
from app.core.events import TASK_VARIABLES, Event
from app.core.later import newest
from app.core.notices import of_acts, of_decision
from app.core.queue_state import NO_QUEUES, QueueValues, packed
from app.core.recorded import NOT_RECORDED, QUEUES, recorded
from app.core.rules import WAITING, Rule
from app.core.versions import Live
from app.core.waiting import Wait, Waits, waiting_event
from app.processes import follow, service
from app.processes.event_acts import Doing
from app.processes.event_keeping import keep
from app.processes.queue_look import Look, looking, nobody_looks
from app.settings import Settings
from app.wiring import base as wiring

log = structlog.get_logger()

READER = "events"
_TURN_S, _DO_S, _PRUNE_S = 0.25, 0.25, 60.0
_MOST_DUE = 100  # waits asked about in one turn: after an outage there may be thousands
_OF_MOMENT = ("time.hour", "time.minute_of_day", "time.weekday", "calendar.open", "labels")


async def main(settings: Settings) -> None:
    """Run until stopped. Raises ConfigError where the live rules do not fit here."""
    base = await wiring.base(settings)
    noted, notices = RuleEvents(base.database), Notices(base.database)
    now = in_effect((base.config, CelRules(base.config)), follow.live_of(base))
    events = Events(base.ledger, noted, LiveTasks(base.database), now)
    events.look = looking(RedisQueueState(base.redis, base.config.catalogue))
    doing = Doing(base.door, RedisFloor(base.redis, base.config.catalogue), noted, base.config)
    follower = follow.of(base, "events", events.adopt)

    async def prune() -> None:
        while await noted.prune(wiring.system_ms()) or await notices.prune(wiring.system_ms()):
            pass

    async with service.health(events.missing):
        try:
            await asyncio.gather(
                service.patiently("events", events.turn, _TURN_S),
                service.patiently("event acts", doing.turn, _DO_S),
                service.patiently("versions", follower.turn, follow.POLL_S),
                service.patiently("events log", prune, _PRUNE_S),
            )
        finally:
            await base.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class InEffect:
    """The rules that are asked. One reference: no page is asked by two versions.

    `queues` is how the queues stand when they are asked.
    """

    config: Config
    rules: CelEvents
    number: int
    queues: QueueValues = field(default_factory=lambda: NO_QUEUES)


def in_effect(made: follow.Compiled, live: Live) -> InEffect:
    config, rules = made
    return InEffect(config=config, rules=rules.events, number=live.number)


class Events:
    """Reads the ledger from where it stopped; the position moves with what was noted.

    `look` tells how the queues stand, where anybody knows.
    """

    def __init__(
        self,
        ledger: Ledger,
        log: RuleEvents,
        tasks: LiveTasks,
        now: InEffect,
        now_ms: Callable[[], int] = wiring.system_ms,
    ) -> None:
        self._ledger = ledger
        self._log = log
        self._tasks = tasks
        self._in_effect = now
        self._now_ms = now_ms
        self._waits = Waits(now.rules.rules)
        self._begun = False
        self.look: Look = nobody_looks

    async def missing(self) -> list[str]:
        """What keeps this process from being ready."""
        return [] if self._begun else ["the ledger's position"]

    def adopt(self, made: follow.Compiled, live: Live) -> None:
        """These rules are asked from the next page on."""
        self._in_effect = in_effect(made, live)
        self._waits.adopt(self._in_effect.rules.rules)

    async def turn(self) -> None:
        """Take in all that is new, then who has waited long enough.

        Raises Unavailable; doing it again changes nothing.
        """
        if not self._begun:
            await self._begin()
        async for facts in self._ledger.unread(READER):
            now = await self._now()
            asked = await self._of_facts(facts, now)
            told = [notice for fact in facts for notice in of_decision(fact)]
            await keep(self._log, asked, told, (READER, facts[-1]["seq"]))
            for fact in facts:
                self._waits.follow(fact)
            await self._of_waits(now)  # a long way behind, they still come in time
        await self._of_waits(await self._now())
        metrics.EVENTS_FOLLOWED.set(time.time())

    async def _now(self) -> InEffect:
        """The rules that are asked, with the queues as they stand now."""
        return replace(self._in_effect, queues=await self.look())

    async def _begin(self) -> None:
        """What happened before there was anybody to ask is history: rules do not act on it."""
        await self._log.begin(READER, await self._ledger.last_seq())
        async for page in self._tasks.tasks():
            for trail in page:
                for fact in trail:
                    self._waits.follow(fact)
        self._begun = True

    async def _of_facts(self, facts: Sequence[dict[str, Any]], now: InEffect) -> list[Asked]:
        wanted = [fact for fact in facts if now.rules.on(core.event_of(fact))]
        known = await self._known({fact["mention_id"] for fact in wanted})
        found = []
        for fact in wanted:
            event = core.fact_event(fact, depth_of(fact))
            trail = [one for one in known[event.mention_id][0] if one["seq"] <= event.seq]
            so_far = known[event.mention_id][1]
            one = ask(event, now.rules.on(event.name), trail, so_far, now)
            so_far += one.acts
            found.append(one)
        return found

    async def _of_waits(self, now: InEffect) -> None:
        while due := self._waits.due(self._now_ms(), _MOST_DUE):
            try:
                await keep(self._log, await self._of_due(due, now))
            except BaseException:
                self._waits.put_back(due)
                raise

    async def _of_due(self, due: Sequence[tuple[Wait, str]], now: InEffect) -> list[Asked]:
        rules = {rule.id: rule for rule in now.rules.on(WAITING)}
        done = await self._log.known([_event_id(wait, rule) for wait, rule in due])
        fresh = [(w, r) for w, r in due if r in rules and _event_id(w, r) not in done]
        known = await self._known({wait.mention_id for wait, _ in fresh})
        at_ms, found = self._now_ms(), []
        for wait, rule in fresh:
            trail, so_far = known[wait.mention_id]
            if not _waits_still(trail, wait):
                continue
            event = waiting_event(wait, rule, at_ms, trail[-1]["seq"])
            one = ask(event, [rules[rule]], trail, so_far, now)
            so_far += one.acts
            found.append(one)
        return found

    async def _known(
        self, mention_ids: set[str]
    ) -> dict[str, tuple[list[dict[str, Any]], list[Act]]]:
        """The trail of each mention, and what event rules did for it so far."""
        if not mention_ids:
            return {}
        trails = await self._ledger.of_mentions(sorted(mention_ids))
        acted = await self._log.acts_of(sorted(mention_ids))
        return {id_: (trails[id_], acted[id_]) for id_ in mention_ids}


def ask(
    event: Event,
    rules: Sequence[Rule],
    trail: Sequence[Mapping[str, Any]],
    so_far: Sequence[Act],
    now: InEffect,
) -> Asked:
    """Ask these rules about one event, of the mention's trail up to it.

    Never raises: one event that cannot be asked about must not stop all that come after it.
    """
    try:
        return _asked(event, rules, trail, so_far, now)
    except Exception as error:
        log.exception("event_not_asked", fact_id=event.fact_id)
        return _not_asked(event, now, f"{type(error).__name__}: {error}")


def _not_asked(event: Event, now: InEffect, problem: str) -> Asked:
    version = now.config.version
    return Asked(
        event=event, version=version, number=now.number, values={}, trace=(), problem=problem
    )


def _asked(
    event: Event,
    rules: Sequence[Rule],
    trail: Sequence[Mapping[str, Any]],
    so_far: Sequence[Act],
    now: InEffect,
) -> Asked:
    known = newest(recorded(trail))
    if known is None:
        return _not_asked(event, now, NOT_RECORDED)
    calendars = now.config.catalogue.calendars
    at_mention = core.seen(known, trail, event, calendars, labels_of(so_far))
    values = {**at_mention, **now.queues}
    fared = now.rules.ask(rules, values)
    did = acts(event, fared.fired, now.number, so_far)
    return Asked(
        event=event,
        version=now.config.version,
        number=now.number,
        values={name: values[name] for name in (*TASK_VARIABLES, *_OF_MOMENT)}
        | {QUEUES: packed(values)},
        trace=fared.trace,
        acts=did,
        notices=of_acts(did),
    )


def _event_id(wait: Wait, rule: str) -> str:
    return waiting_event(wait, rule, at_ms=0, seq=0).event_id


def _waits_still(trail: Sequence[Mapping[str, Any]], wait: Wait) -> bool:
    begun = ""
    for fact in trail:
        if fact.get("task_id") and core.begins_wait(fact):
            begun = str(fact["fact_id"])
        elif fact.get("task_id") and not core.waits(fact):
            begun = ""
    return begun == wait.fact_id
