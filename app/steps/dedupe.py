"""dedupe: has this mention been here before, in these words, and does it go on with another?"""

from __future__ import annotations

from dataclasses import replace

from app.core.mention import Mention, parent_of
from app.core.profile import handle_key
from app.ports import Seen
from app.steps.batch import Batch, Ports


async def dedupe(batch: Batch, ports: Ports) -> None:
    said = [item.mention for item in batch if item.mention]
    # What a mention goes on with is asked for in the same round trip.
    ids = {mention.mention_id for mention in said} | {parent_of(mention) for mention in said}
    known = await ports.seen.seen(sorted(ids - {""}))
    for item in batch:
        if item.mention:
            mention_id = item.mention.mention_id
            item.known = known.get(mention_id)
            item.follows_up = _follows_up(item.mention, known.get(parent_of(item.mention)))
            known[mention_id] = _after(item.known, item.delivery.src, item.mention)


def _follows_up(mention: Mention, parent: Seen | None) -> bool:
    """Only where the same customer said the first one: an answer to a stranger begins anew."""
    return parent is not None and parent.handle_key == _key(mention)


def _key(mention: Mention) -> str:
    return handle_key(mention.channel, mention.author.handle)


def _after(known: Seen | None, src: str, mention: Mention) -> Seen:
    """What is known once this delivery is through: the next of the batch may be an edit of it."""
    content_hash = mention.content_hash
    if known is None:
        return Seen(src=src, content_hash=content_hash, last_src=src, handle_key=_key(mention))
    if src in (known.src, known.last_src) or content_hash == known.content_hash:
        return known
    return replace(known, content_hash=content_hash, last_src=src)
