"""watch: offers, their expiry, the SLA clock, and the relay from the outbox to the ledger."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from app import metrics
from app.adapters.kafka import Producer
from app.adapters.redis_client import connected
from app.adapters.redis_clocks import RedisClocks
from app.adapters.redis_door import RedisDoor
from app.adapters.redis_epoch import RedisEpoch
from app.adapters.redis_feed import RedisFeed
from app.adapters.redis_outbox import RedisOutbox
from app.adapters.redis_queue_state import EVERY_S, RedisQueueState
from app.adapters.store.known_profiles import KnownProfiles
from app.adapters.store.live import Live
from app.adapters.store.model_changes import ModelChanges
from app.config import Config
from app.core.versions import Live as LiveVersion
from app.processes import follow, service
from app.processes.keeper import Keeper
from app.processes.promoted import Told
from app.processes.rebuild import Parts
from app.processes.reclock import Reclock, Terms
from app.processes.relay import Relay
from app.settings import Offer, Settings
from app.wiring import base as wiring
from app.wiring.profiles import order_of

log = structlog.get_logger()

# A change on the feed wakes the offers at once; the rest is swept this often.
SWEEP_MS = 200
RECLOCK_S = 1.0  # how often tasks are looked for whose clocks another policy has set

Turn = Callable[[], Awaitable[object]]


async def main(settings: Settings) -> None:
    base = await wiring.base(settings)
    producer = Producer(settings.kafka.bootstrap)
    # A blocking read occupies its connection: the relay and the offers each have their own.
    async with (
        connected(settings.redis.url) as for_outbox,
        connected(settings.redis.url) as for_feed,
    ):
        relay = Relay(RedisOutbox(for_outbox), base.ledger, producer)
        reclock = _reclock(base)
        keeper = Keeper(_parts(base, relay), anew=reclock.begin_anew)
        gates = (keeper.swept, reclock.looked)
        offers = Offers(
            base.door, RedisFeed(for_feed), round(settings.offer.expires_s * 1000), *gates
        )
        sweep = Sweep(base.door, settings.offer, keeper, reclock.looked)
        changes = follow.Changes(base.database, base.door)
        models = Told(ModelChanges(base.database), base.door)
        rules = _follower(base, reclock)
        state = RedisQueueState(base.redis, base.config.catalogue)

        try:
            async with service.health(keeper.missing):
                await asyncio.gather(
                    service.patiently("relay", relay.move),
                    service.patiently("offers", offers.turn),
                    service.patiently("reclock", _serving(keeper, reclock.turn), RECLOCK_S),
                    service.patiently("sweep", sweep.turn, SWEEP_MS / 1000),
                    service.patiently("versions", rules.turn, follow.POLL_S),
                    service.patiently("changes", changes.turn, follow.POLL_S),
                    service.patiently("model changes", models.turn, follow.POLL_S),
                    service.patiently("queue state", _serving(keeper, state.write), EVERY_S),
                )
        finally:
            await producer.close()
            await base.close()


def _serving(keeper: Keeper, turn: Turn) -> Turn:
    """Only while Redis holds what the ledger says: before that it may be empty, or old."""

    async def one() -> None:
        await keeper.serving.wait()
        await turn()

    return one


def _reclock(base: wiring.Base) -> Reclock:
    tasks = RedisClocks(base.redis, list(base.config.catalogue.queues))
    return Reclock(base.door, tasks, base.ledger, _terms(base, base.config))


def _terms(base: wiring.Base, config: Config) -> Terms:
    return Terms(slas=config.catalogue.slas, at_risk_share=base.settings.sla.at_risk_share)


def _follower(base: wiring.Base, reclock: Reclock) -> follow.Follower:
    """The windows of rules are deadlines: clocks follow the live version, too."""

    def adopt(made: follow.Compiled, _live: LiveVersion) -> None:
        reclock.adopt(_terms(base, made[0]))

    return follow.of(base, "watch", adopt)


def _parts(base: wiring.Base, relay: Relay) -> Parts:
    async def prepare() -> None:
        await base.door.configure(base.config.catalogue.queues.values())

    async def welcome() -> None:
        await prepare()
        if left := await base.door.staff(base.takers()):
            log.info("left", reps=left)

    return Parts(
        epoch=RedisEpoch(base.redis, base.door),
        outbox=RedisOutbox(base.redis),
        ledger=base.ledger,
        live=Live(base.database),
        profiles=KnownProfiles(base.database, order_of(base.settings, base.config.catalogue)),
        relay=relay,
        now_ms=wiring.system_ms,
        prepare=prepare,
        welcome=welcome,
    )


class Offers:
    """Offers what can be offered, whenever something on the floor has changed.

    Nothing is offered before all `gates` are set.
    """

    def __init__(
        self, door: RedisDoor, feed: RedisFeed, expires_ms: int, *gates: asyncio.Event
    ) -> None:
        self._door = door
        self._feed = feed
        self._expires_ms = expires_ms
        self._gates = gates
        self._seen = ""

    async def turn(self) -> None:
        """One round, then wait for the next change. Raises Unavailable.

        After an outage what is late comes first: it changes what is the most pressing.
        """
        if not self._seen:
            self._seen = await self._feed.last_id()
        while not all(gate.is_set() for gate in self._gates):  # one may shut while another opens
            for gate in self._gates:
                await gate.wait()
        await self._door.offer(self._expires_ms)
        events = await self._feed.next(self._seen, SWEEP_MS)
        if events:
            self._seen = events[-1].id


class Sweep:
    """Does everything that is due by itself; clocks first, so that nothing late is overlooked.

    Nobody is offered a task in place of another before all `gates` are set.
    """

    def __init__(
        self, door: RedisDoor, offer: Offer, keeper: Keeper, *gates: asyncio.Event
    ) -> None:
        self._door = door
        self._keeper = keeper
        self._gates = gates
        self._expires_ms = round(offer.expires_s * 1000)
        self._grace_ms = round(offer.grace_s * 1000)
        self._gone_ms = round(offer.gone_s * 1000)

    async def turn(self) -> None:
        """One round, once the keeper finds nothing wrong. Raises Unavailable."""
        if not await self._keeper.turn():
            return  # the clock has jumped: nobody may be late for that
        until_ms = self._keeper.believed_ms
        # A call does a bounded number: after an outage there may be thousands.
        while any((await self._door.thresholds(until_ms)).values()):
            pass
        while await self._door.expire(until_ms):
            pass
        await self._door.timers(until_ms)
        await self._door.absent(self._grace_ms, self._gone_ms, until_ms)
        if all(gate.is_set() for gate in self._gates):
            await self._door.preempt(self._expires_ms)
        self._keeper.swept.set()
        metrics.SWEPT.set(time.time())
