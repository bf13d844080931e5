"""identify: the key under which the author is known, by exact handle."""

from __future__ import annotations

from app.core.profile import handle_key
from app.steps.batch import Batch, Ports, thoughtful


async def identify(batch: Batch, _ports: Ports) -> None:
    for item, mention in thoughtful(batch):
        item.handle_key = handle_key(mention.channel, mention.author.handle)
