"""The customer's own agent: whoever answered them last, if that was not too long ago."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.profile import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Sticky:
    """How long a task waits for its own agent, and how long an agent stays one; milliseconds.

    Who writes again within `feedback_ms` of our response says something to it.
    """

    wait_ms: int = 0
    age_ms: int = 0
    feedback_ms: int = 0

    def own_rep(self, profile: Profile | None, now_ms: int) -> str:
        """The name of the customer's own agent, or nothing."""
        if profile is None or not self.wait_ms or now_ms - profile.last_reply_ms > self.age_ms:
            return ""
        return profile.last_rep
