"""dedupe: has this mention been here before, and in these words?"""

from __future__ import annotations

from app.steps.batch import Batch, Ports


async def dedupe(batch: Batch, ports: Ports) -> None:
    ids = {item.mention.mention_id for item in batch if item.mention}
    known = await ports.seen.seen(sorted(ids))
    for item in batch:
        if item.mention:
            item.known = known.get(item.mention.mention_id)
