"""A draft beside the live rules: did it come to the same, and what does it cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from app.core.decision import Decision

# What a draft may cost of one core, a mention, before it is switched off: a hundred rows cost
# less than a tenth of it, and a batch of 64 is held up by an eighth of a second at most.
BUDGET_S = 0.002
LONGEST_S = 0.1  # no single mention may cost this much
_ENOUGH = 50  # mentions before a mean says something


@dataclass(slots=True)
class Cost:
    """What the draft has cost so far."""

    mentions: int = 0
    seconds: float = 0.0

    def add(self, seconds: float) -> str:
        """One more mention; returns why the draft must stop, or nothing."""
        self.mentions += 1
        self.seconds += seconds
        if seconds > LONGEST_S:
            return f"too slow: {seconds * 1000:.0f} ms for one mention"
        mean = self.seconds / self.mentions
        if self.mentions >= _ENOUGH and mean > BUDGET_S:
            return f"too slow: {mean * 1000:.1f} ms a mention over {self.mentions} of them"
        return ""


def same(live: Decision, shadow: Decision) -> bool:
    """Would the customer and the agents notice a difference? Names and reasons do not count."""
    return _effect(live) == _effect(shadow)


def told(decision: Decision) -> dict[str, Any]:
    """What a sample tells of a decision."""
    names = ("queue", "priority", "window_s", "skills", "rule", "why")
    return {name: getattr(decision, name) for name in names}


def _effect(decision: Decision) -> Decision:
    return replace(decision, rule="", why="", version="", trace=(), by={})
