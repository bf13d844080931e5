"""The shipped processes, put together as `app.processes` does it, on simulated ground."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from agents import guard, triage
from agents.guard import Guard
from app import flow
from app.adapters.dead_letters import KeptDeadLetters
from app.adapters.redis_feed import RedisFeed
from app.adapters.redis_outbox import RedisOutbox
from app.adapters.redis_profiles import RedisProfiles
from app.adapters.redis_seen import RedisSeen
from app.adapters.store.dead import DeadLetterTable
from app.adapters.store.journal import Journal
from app.adapters.store.record import Record
from app.core.errors import Unavailable
from app.processes import rebuild, reconcile, record, service, watch
from app.processes.keeper import Keeper
from app.processes.relay import Relay
from app.steps.batch import Batch, Ports
from app.wiring import base as wiring
from app.wiring import intake
from tests.sim import broker, standins
from tests.sim.loop import Process, current
from tests.sim.world import OFFER_S, Work, World

SWEEP_MS = 1200
_RECORD_S = 10.0


class Exited(BaseException):
    """`os._exit` inside a process."""


def worker(world: World, process: Process) -> list[Work]:
    """agents.triage, agents.guard and all steps, on a stream of our own."""
    base = world.base()
    skew_ms = world.fate.choice((0, 0, -1500, 1500))  # no two hosts agree about the time
    ports = Ports(
        seen=RedisSeen(base.redis, base.ledger),
        scorer=standins.Scorer(),
        profiles=RedisProfiles(base.redis),
        rules=standins.Rules(base.config.catalogue),
        door=base.door,
        dead_letters=KeptDeadLetters(DeadLetterTable(base.database), world.producer()),
        catalogue=base.config.catalogue,
        at_risk_share=base.settings.sla.at_risk_share,
        now_ms=lambda: world.now_ms() + skew_ms,
    )
    stream = broker.Stream(world.broker, process)
    app: Any = broker.App()

    def settled(_batch: Batch) -> None:
        return

    body: Any = triage.register(app, Guard(ports, flow._untimed), base.settings.kafka, settled)
    return [body(stream), stream.committing()]


def watcher(world: World, _process: Process) -> list[Work]:
    base = world.base()
    relay = Relay(RedisOutbox(world.client()), base.ledger, world.producer())
    keeper = Keeper(watch._parts(base, relay), lambda: round(world.loop.time() * 1000))
    feed, expires_ms = RedisFeed(world.client()), round(OFFER_S * 1000)
    offers = watch.Offers(base.door, feed, expires_ms, keeper.swept)
    sweep = watch.Sweep(base.door, base.settings.offer, keeper)

    async def main() -> None:
        while True:
            try:
                await base.door.open()
                break
            except Unavailable:
                await asyncio.sleep(0.5)  # `up` starts it again until Redis is there
        await asyncio.gather(
            service.patiently("relay", relay.move),
            service.patiently("offers", offers.turn),
            service.patiently("sweep", sweep.turn, SWEEP_MS / 1000),
        )

    return [main()]


def reconciler(world: World, _process: Process) -> list[Work]:
    base = world.base()
    again = reconcile.Reconciler(base, Journal(base.database), world.producer())
    return [service.patiently("reconcile", again.turn, base.settings.reconcile.every_s)]


def recorder(world: World, _process: Process) -> list[Work]:
    base = world.base()
    fold = record.Fold(base.ledger, Record(base.database))
    return [service.patiently("record", fold.advance, _RECORD_S)]


def web(world: World, _process: Process) -> list[Work]:
    """It answers (see people.Web), and says whose desks are open, as app.web.presence does."""
    base = world.base()

    async def present() -> None:
        if world.at_desk:
            await base.door.present(sorted(world.at_desk))

    return [service.patiently("presence", present, 1.0)]


def shipped_modules_on(world: World) -> list[tuple[Any, str, Any]]:
    """What the shipped modules take from their surroundings: the time, names, the exit."""

    def leave(_code: int) -> None:
        process = current()
        if process:
            world.kill(process.name.partition("#")[0], "os._exit")
        raise Exited

    ids = SimpleNamespace(uuid4=lambda: SimpleNamespace(hex=world.new_id()))
    clock = SimpleNamespace(monotonic=world.loop.time, time=lambda: world.now_ms() / 1000)
    return [
        (watch, "SWEEP_MS", SWEEP_MS),
        (intake, "system_ms", world.now_ms),
        (intake, "uuid", ids),
        (wiring, "system_ms", world.now_ms),
        (reconcile, "system_ms", world.now_ms),
        (rebuild, "uuid", ids),
        (rebuild, "time", clock),
        (guard, "os", SimpleNamespace(_exit=leave)),
    ]
