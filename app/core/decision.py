"""The decision: what the rules made of a mention, with the trace of every rule."""

from __future__ import annotations

from dataclasses import dataclass

HIT, MISS, ERROR, NOT_REACHED = "hit", "miss", "error", "not_reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """How one rule fared: `result` is hit, miss, error or not_reached.

    The condition itself is in the fact `configured` of the decision's `version`.
    """

    rule: str
    result: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Where the mention goes. An empty `queue` means that no task is needed.

    `window_s` is the rule's window, else the queue's; `rule_window_s` is 0 where the rule has none.
    """

    queue: str
    priority: int
    window_s: float
    skills: tuple[str, ...]
    rule: str
    why: str
    version: str
    rule_window_s: float = 0.0
    trace: tuple[Trace, ...] = ()
