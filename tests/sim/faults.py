"""What goes wrong, when and for how long: drawn from the seed before anything runs."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson

from app.adapters import redis_door
from app.adapters.redis_epoch import LEASE_MS
from tests.sim.network import LEASE, TIMEOUT_S
from tests.sim.world import World

_SLACK_S = 2 * TIMEOUT_S + 1.0  # who waits for a lost answer notices the end only then
PROCESSES = ("worker-1", "worker-2", "watch", "web", "reconcile", "record")


@dataclass(frozen=True, slots=True)
class Fault:
    at_s: float
    kind: str
    seconds: float
    process: str


def plan(chance: random.Random, horizon_s: float) -> list[Fault]:
    """None for one seed in ten, up to nine at once for the rest."""
    if chance.random() < 0.1:
        return []
    kinds = chance.sample(list(KINDS), chance.randint(1, 4))
    faults = [
        Fault(
            at_s=round(chance.uniform(0.5, horizon_s), 3),
            kind=chance.choice(kinds),
            seconds=round(chance.uniform(0.2, 5.0), 3),
            process=chance.choice(PROCESSES),
        )
        for _ in range(chance.randint(1, 9))
    ]
    return sorted(faults, key=lambda fault: fault.at_s)


async def happen(world: World, faults: list[Fault]) -> None:
    """Let each begin at its time; returns when the last is over."""
    running = []
    for fault in faults:
        await asyncio.sleep(max(0.0, fault.at_s - world.loop.time()))
        running.append(asyncio.ensure_future(_one(world, fault)))
    if running:
        await asyncio.wait(running)
    for task in running:
        task.result()


async def leases(world: World) -> None:
    """Who is killed in the middle of a rebuild holds everybody up until the lease has ended."""
    known = 0
    while True:
        await asyncio.sleep(1.0)
        if world.network.lapsed > known:
            known, now = world.network.lapsed, world.now_ms()
            world.say("the lease of a dead rebuild has ended")
            world.outages.append((now - LEASE_MS - 2000, now + 4000))


async def _one(world: World, fault: Fault) -> None:
    world.say(f"fault {fault.kind} {fault.process} {fault.seconds} s")
    world.outage(fault.seconds + _SLACK_S)
    await KINDS[fault.kind](world, fault)
    world.outage(_SLACK_S)


async def _kill(world: World, fault: Fault) -> None:
    world.kill(fault.process)


async def _storm(world: World, fault: Fault) -> None:
    """Workers die and come back, so that partitions move all the time."""
    until = world.loop.time() + fault.seconds
    while world.loop.time() < until:
        world.kill(world.fate.choice(("worker-1", "worker-2")))
        await asyncio.sleep(world.fate.uniform(0.3, 1.5))


async def _terminate(world: World, fault: Fault) -> None:
    """SIGTERM: it may finish within four seconds, as `app.processes.service` grants."""
    host = world.hosts[fault.process]
    process = host.process
    if not process.alive or process.stopped:
        return
    for task in list(process.tasks):
        if not task.done():
            task.cancel()
    await asyncio.sleep(4.0)
    if host.process is process:
        world.kill(fault.process, "end of SIGTERM")


async def _stop(world: World, fault: Fault) -> None:
    """SIGSTOP and SIGCONT: it comes back believing that no time has passed."""
    process = world.hosts[fault.process].process
    if not process.alive:
        return
    world.loop.stop_process(process)
    world.broker.silent(process)
    await asyncio.sleep(fault.seconds)
    world.loop.resume(process)
    world.broker.wake()


async def _redis_down(world: World, fault: Fault) -> None:
    """kill -9 of Redis; it comes back with the same data, because each command is on the disk."""
    world.network.up = False
    world.network.restart()
    await asyncio.sleep(fault.seconds)
    _reload(world)
    world.network.up = True


def _reload(world: World) -> None:
    """A started Redis reads the functions from its file: what they remembered is gone."""
    server = world.on.server
    _, limit = server.one("CONFIG GET", "maxmemory").popitem()
    server.one("CONFIG SET", "maxmemory", "0")  # what is read at a start is never refused
    server.one("FUNCTION LOAD", "REPLACE", redis_door.library())
    server.one("CONFIG SET", "maxmemory", limit)


async def _redis_wiped(world: World, fault: Fault) -> None:
    """It comes back empty. What had not reached the ledger is lost, and the world notes which."""
    world.network.up = False
    world.network.restart()
    await asyncio.sleep(fault.seconds)
    for _, fields in world.on.server.one("XRANGE", "hs:outbox", "-", "+"):
        world.lost.add(orjson.loads(fields[1])["op_id"])
    world.network.lapsed += world.on.server.one("EXISTS", LEASE)  # its holder was dead already
    world.on.server.run([("FLUSHALL",), ("FUNCTION FLUSH",)])
    world.network.up = True


async def _redis_lossy(world: World, fault: Fault) -> None:
    world.network.lossy = 0.15
    await asyncio.sleep(fault.seconds)
    world.network.lossy = 0.0


async def _redis_slow(world: World, fault: Fault) -> None:
    world.network.slow = True
    await asyncio.sleep(fault.seconds)
    world.network.slow = False


async def _redis_full(world: World, fault: Fault) -> None:
    """No memory left: Redis refuses what writes, for real."""
    world.on.server.one("CONFIG", "SET", "maxmemory", "1")
    await asyncio.sleep(fault.seconds)
    world.on.server.one("CONFIG", "SET", "maxmemory", "0")


async def _redis_clock(world: World, fault: Fault) -> None:
    """Its clock steps back and is set right again."""
    world.redis_skew_ms = -round(fault.seconds * 1000)
    await asyncio.sleep(fault.seconds)
    world.redis_skew_ms = 0
    await asyncio.sleep(fault.seconds)


async def _staff_changes(world: World, fault: Fault) -> None:
    """Somebody is taken out of staff.toml and `watch` started with it; later they are back."""
    takers = [rep.name for rep in world.on.config.catalogue.reps.values() if rep.queues]
    name = world.fate.choice(takers)
    world.dismissed.add(name)
    world.kill("watch", f"a staff without {name}")
    await asyncio.sleep(fault.seconds)
    world.dismissed.discard(name)
    world.kill("watch", f"a staff with {name}")


async def _broker_down(world: World, fault: Fault) -> None:
    world.broker.up = False
    await asyncio.sleep(fault.seconds)
    world.broker.up = True
    world.broker.wake()


async def _broker_lossy(world: World, fault: Fault) -> None:
    world.broker.lossy = 0.3
    await asyncio.sleep(fault.seconds)
    world.broker.lossy = 0.0


async def _rebalance(world: World, fault: Fault) -> None:
    """Members come and go in the group; whoever holds a batch finds itself fenced."""
    until = world.loop.time() + fault.seconds
    while world.loop.time() < until:
        world.broker.rebalance()
        await asyncio.sleep(world.fate.uniform(0.05, 1.0))


async def _store_down(world: World, fault: Fault) -> None:
    world.store.down = True
    await asyncio.sleep(fault.seconds)
    world.store.down = False


async def _store_lossy(world: World, fault: Fault) -> None:
    world.store.lossy = 0.2
    await asyncio.sleep(fault.seconds)
    world.store.lossy = 0.0


KINDS: dict[str, Callable[[World, Fault], Awaitable[None]]] = {
    "kill": _kill,
    "storm": _storm,
    "terminate": _terminate,
    "stop": _stop,
    "redis down": _redis_down,
    "redis wiped": _redis_wiped,
    "redis lossy": _redis_lossy,
    "redis slow": _redis_slow,
    "redis full": _redis_full,
    "redis clock": _redis_clock,
    "broker down": _broker_down,
    "broker lossy": _broker_lossy,
    "rebalance": _rebalance,
    "store down": _store_down,
    "store lossy": _store_lossy,
    "staff changes": _staff_changes,
}
