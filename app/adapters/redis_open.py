"""Some fields of all open tasks, read a page at a time."""

from __future__ import annotations

from collections.abc import Sequence

from app.adapters.redis_client import Client

_PAGE = 500  # tasks in one round trip


async def open_tasks(
    client: Client, queues: Sequence[str], fields: Sequence[str]
) -> list[tuple[str, list[bytes | None]]]:
    """Each open task's id with these fields; without the first one it has ended meanwhile."""
    members = await client.sunion([f"hs:open:{queue}" for queue in queues])
    ids = sorted(bytes(task).decode() for task in members)
    found: list[tuple[str, list[bytes | None]]] = []
    for start in range(0, len(ids), _PAGE):
        page = ids[start : start + _PAGE]
        async with client.pipeline(transaction=False) as pipe:
            for task_id in page:
                pipe.hmget(f"hs:task:{task_id}", *fields)
            rows = await pipe.execute()
        found += [(id_, row) for id_, row in zip(page, rows, strict=True) if row[0]]
    return found
