"""join: the profiles of all authors in one round trip; without the cache triage goes on."""

from __future__ import annotations

from app.core.errors import Unavailable
from app.core.profile import MISSING
from app.steps.batch import Batch, Ports, thoughtful

PROFILE_MISSING = "profile"  # marks what was decided without knowing the customer


async def join(batch: Batch, ports: Ports) -> None:
    work = [item for item, _ in thoughtful(batch)]
    try:
        profiles = await ports.profiles.of([item.handle_key for item in work])
    except Unavailable:
        profiles = [MISSING] * len(work)
    for item, profile in zip(work, profiles, strict=True):
        item.profile = profile
        if profile.missing:
            item.degraded.append(PROFILE_MISSING)
