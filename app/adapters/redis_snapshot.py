"""A snapshot of all open tasks at one moment, for whoever compares it with the ledger.

It only holds when no fact was under way, before and after it was read: then the last number that
the relay brought to the ledger names the moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.adapters.redis_client import Client, away_is_unavailable

_PAGE = 500  # tasks in one round trip
_FIELDS = ("state", "rep", "queue", "priority", "due_ms", "version")


@dataclass(frozen=True, slots=True)
class _Mark:
    seq: int
    under_way: int
    last_fact: bytes


async def snapshot(client: Client, queues: Sequence[str]) -> dict[str, Any] | None:
    """{"seq", "tasks"} with the open tasks; None while facts are under way. Raises Unavailable."""
    with away_is_unavailable():
        before = await _mark(client)
        open_tasks = await client.sunion([f"hs:open:{queue}" for queue in queues])
        ids = sorted(bytes(task).decode() for task in open_tasks)
        tasks = [
            task
            for start in range(0, len(ids), _PAGE)
            for task in await _tasks(client, ids[start : start + _PAGE])
        ]
        if before.under_way or before != await _mark(client):
            return None
    return {"seq": before.seq, "tasks": tasks}


async def _mark(client: Client) -> _Mark:
    async with client.pipeline(transaction=True) as pipe:
        pipe.get("hs:relayed")
        pipe.xlen("hs:outbox")
        pipe.exists("hs:outbox")
        seq, under_way, known = await pipe.execute()
    stream = await client.xinfo_stream("hs:outbox") if known else {}
    return _Mark(int(seq or 0), under_way, bytes(stream.get("last-generated-id", b"")))


async def _tasks(client: Client, ids: Sequence[str]) -> list[dict[str, Any]]:
    async with client.pipeline(transaction=False) as pipe:
        for task_id in ids:
            pipe.hmget(f"hs:task:{task_id}", *_FIELDS)
        found = await pipe.execute()
    return [_task(task_id, row) for task_id, row in zip(ids, found, strict=True) if row[0]]


def _task(task_id: str, row: Sequence[bytes]) -> dict[str, Any]:
    state, rep, queue, priority, due_ms, version = (value.decode() for value in row)
    return {
        "task_id": task_id,
        "state": state,
        "rep": rep,
        "queue": queue,
        "priority": int(priority),
        "deadline_ms": int(due_ms),
        "version": int(version),
    }
