"""join: profiles, pasts and queues for a whole batch in one round trip; without them it goes on."""

from __future__ import annotations

from app.core.errors import Unavailable
from app.ports import nothing_known
from app.steps.batch import Batch, Ports, thoughtful


async def join(batch: Batch, ports: Ports) -> None:
    work = [item for item, _ in thoughtful(batch)]
    if not work:
        return
    try:
        known = await ports.profiles.of([item.handle_key for item in work])
    except Unavailable:
        known = nothing_known(len(work))
    for item, profile, past in zip(work, known.profiles, known.pasts, strict=True):
        item.profile, item.past, item.queues = profile, past, known.queues
        item.degraded += known.missing
