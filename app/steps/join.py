"""join: the profiles of all authors in one round trip, and whether they speak to our response.

Without the cache triage goes on.
"""

from __future__ import annotations

from app.core.errors import Unavailable
from app.core.feedback import response_to
from app.core.profile import STRANGER
from app.steps.batch import Batch, Ports, thoughtful

PROFILE_MISSING = "profile"  # marks what was decided without knowing the customer


async def join(batch: Batch, ports: Ports) -> None:
    said = thoughtful(batch)
    work = [item for item, _ in said]
    try:
        profiles = await ports.profiles.of([item.handle_key for item in work])
    except Unavailable:
        profiles = [STRANGER] * len(work)
        for item in work:
            item.degraded.append(PROFILE_MISSING)
    for (item, mention), profile in zip(said, profiles, strict=True):
        item.profile = profile
        item.response = response_to(
            mention, profile, item.follows_up, within_ms=ports.sticky.feedback_ms
        )
