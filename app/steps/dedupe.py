"""dedupe: has this mention been here before, and in these words?"""

from __future__ import annotations

from app.ports import Seen
from app.steps.batch import Batch, Ports


async def dedupe(batch: Batch, ports: Ports) -> None:
    ids = {item.mention.mention_id for item in batch if item.mention}
    known = await ports.seen.seen(sorted(ids))
    for item in batch:
        if item.mention:
            mention_id, content_hash = item.mention.mention_id, item.mention.content_hash
            item.known = known.get(mention_id)
            known[mention_id] = _after(item.known, item.delivery.src, content_hash)


def _after(known: Seen | None, src: str, content_hash: str) -> Seen:
    """What is known once this delivery is through: the next of the batch may be an edit of it."""
    if known is None:
        return Seen(src=src, content_hash=content_hash, last_src=src)
    if src in (known.src, known.last_src) or content_hash == known.content_hash:
        return known
    return Seen(src=known.src, content_hash=content_hash, last_src=src)
