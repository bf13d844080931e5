"""join: profiles, pasts and queues for a whole batch in one round trip; without them it goes on.

And whether the authors speak to our response.
"""

from __future__ import annotations

from app.core.errors import Unavailable
from app.core.feedback import response_to
from app.ports import PROFILE, nothing_known
from app.steps.batch import Batch, Ports, thoughtful


async def join(batch: Batch, ports: Ports) -> None:
    said = thoughtful(batch)
    work = [item for item, _ in said]
    if not work:
        return
    try:
        known = await ports.profiles.of([item.handle_key for item in work])
    except Unavailable:
        known = nothing_known(len(work))
    for (item, mention), profile, past in zip(said, known.profiles, known.pasts, strict=True):
        item.profile, item.past, item.queues = profile, past, known.queues
        item.degraded += known.missing
        if profile.missing and PROFILE not in item.degraded:
            item.degraded.append(PROFILE)
        item.response = response_to(
            mention, profile, item.follows_up, within_ms=ports.sticky.feedback_ms
        )
