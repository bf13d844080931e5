"""A snapshot of all open tasks at one moment, for whoever compares it with the ledger.

It only holds when no fact was under way, before and after it was read: then the last number that
the relay brought to the ledger names the moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.adapters.redis_client import Client, away_is_unavailable
from app.adapters.redis_open import open_tasks

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
        tasks = [_task(*found) for found in await open_tasks(client, queues, _FIELDS)]
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


def _task(task_id: str, row: Sequence[bytes | None]) -> dict[str, Any]:
    state, rep, queue, priority, due_ms, version = ((value or b"").decode() for value in row)
    return {
        "task_id": task_id,
        "state": state,
        "rep": rep,
        "queue": queue,
        "priority": int(priority),
        "deadline_ms": int(due_ms),
        "version": int(version),
    }
