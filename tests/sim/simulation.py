"""One seed: build the world, let everything happen, heal, drain, judge."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from unittest import mock

import sqlalchemy as sa
import structlog

from app.adapters.store.tables import journal
from tests.sim import faults, judge, processes
from tests.sim.desks import Desk, Supervisor
from tests.sim.loop import Deadlock, VirtualLoop
from tests.sim.people import Customers, Web
from tests.sim.store import emptied
from tests.sim.world import Grounds, World

_HORIZON_S = 15.0  # faults begin within this
_DRAIN_S = 240.0


@dataclass(slots=True)
class Result:
    seed: int
    digest: str
    facts: int
    tasks: int
    calls: int
    virtual_s: float
    violations: list[str]
    said: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


def simulate(seed: int, on: Grounds) -> Result:
    """Run one seed; the same number gives the same history."""
    on.server.run([("CONFIG SET", "maxmemory", "0"), ("FLUSHALL",), ("FUNCTION FLUSH",)])
    on.server.calls = 0
    emptied(on.database)
    loop = VirtualLoop()
    world = World(seed, on, loop)
    web = Web(world)
    customers = Customers(world, web)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_quiet())
        for module, name, value in processes.shipped_modules_on(world):
            stack.enter_context(mock.patch.object(module, name, value))
        asyncio.set_event_loop(loop)
        try:
            ended = loop.run_until_complete(_everything(world, web, customers))
        except Deadlock:
            ended = "nothing is left that could happen"
        finally:
            _end(world)
            asyncio.set_event_loop(None)
    found = judge.bodies(world)
    violations = judge.judged(world, web, customers, found)
    return Result(
        seed=seed,
        digest=judge.history_hash(found),
        facts=len(found),
        tasks=len({t for t in (b.partition(b'"task_id":"')[2][:36] for b in found) if t}),
        calls=on.server.calls,
        virtual_s=loop.time(),
        violations=([f"drain: {ended}"] if ended else []) + loop.mistakes + violations,
        said=world.said,
        bodies=found,
    )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The shipped processes say much about faults; here only violations are of interest."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    try:
        yield
    finally:
        structlog.configure(**before)


async def _everything(world: World, web: Web, customers: Customers) -> str:
    for name, factory in (
        ("watch", processes.watcher),
        ("web", processes.web),
        ("worker-1", processes.worker),
        ("worker-2", processes.worker),
        ("reconcile", processes.reconciler),
        ("record", processes.recorder),
    ):
        world.host(name, factory)
    await asyncio.sleep(0.5)
    spawn = world.loop.spawn
    plan = faults.plan(world.chance("faults"), _HORIZON_S)
    staff = world.on.config.catalogue.reps.values()
    bosses = [Supervisor(world, web, rep) for rep in staff if rep.role == "supervisor"]
    desks: list[Desk | Supervisor] = [
        *(Desk(world, web, rep) for rep in staff if rep.queues),
        *bosses,
    ]
    ours = [spawn(None, faults.happen(world, plan)), spawn(None, customers.write())]
    working = [spawn(None, desk.work()) for desk in desks]
    working += [spawn(None, boss.help()) for boss in bosses]
    working.append(spawn(None, faults.leases(world)))
    await asyncio.wait(ours)
    world.say("healed: drain")
    world.drain.set()
    ended = await _drained(world, working)
    for task in (*ours, *working):
        if task.done():
            task.result()  # a mistake of the simulation itself must not pass in silence
    return ended


async def _drained(world: World, working: list[asyncio.Task[None]]) -> str:
    """Wait until everything has come to its end; says what has not."""
    until = world.loop.time() + _DRAIN_S
    left = ""
    while world.loop.time() < until:
        await asyncio.sleep(1.0)
        for task in working:
            if task.done():
                task.result()
        left = _left(world)
        if not left:
            return ""
    return left


def _left(world: World) -> str:
    """What is still on its way, or nothing."""
    if not world.on.server.one("GET", "hs:epoch"):
        return "Redis is being rebuilt"
    queues = list(world.on.config.catalogue.queues)
    *opened, outbox = world.on.server.run(
        [("SCARD", f"hs:open:{name}") for name in queues] + [("XLEN", "hs:outbox")]
    )
    if any(opened) or outbox:
        return f"{dict(zip(queues, opened, strict=True))} open, {outbox} facts in the outbox"
    lag = sum(map(len, world.broker.log)) - sum(world.broker.committed)
    unsettled = sa.select(sa.func.count()).where(journal.c.settled.is_(False))
    waiting = world.on.database.run_now(lambda c: c.execute(unsettled).scalar(), True)
    if lag or waiting:
        return f"{lag} messages on the topic, {waiting} accepted mentions unsettled"
    return ""


def _end(world: World) -> None:
    """Close what still waits, so that nothing of this seed runs in the next one."""
    loop = world.loop
    loop.abandon(loop.everything)
    loop.close()
