"""The decision: what the rules made of a mention, with the trace of every rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

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
class Notice:
    """A text for a person, or for everybody of a role. A decision names the `rule` that says it."""

    to: str
    text: str
    rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A text that a rule sends to the customer by itself, where the permission gate lets it out."""

    text: str
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Where the mention goes. An empty `queue` means that no task is needed.

    `window_s` is the rule's window, else the queue's; `rule_window_s` is 0 where the rule has none.
    `rule` is whatever gave the queue, and `by` names who gave each setting; what it does not name
    is the queue's own. The trace has the event rules first, then the rows, each in their order.
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
    labels: tuple[str, ...] = ()
    handoffs: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    draft: str = ""
    macro: str = ""
    case: str = ""
    reply: Reply | None = None
    by: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A part of a condition that did not hold, with the values that it saw."""

    condition: str
    at: str  # line:column in the rule's condition
    values: dict[str, object]
    error: str = ""  # where it could not be told whether it holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a rule acted, or did not: of a miss, each part of its condition that failed."""

    rule: str
    result: str
    why: str
    detail: str = ""
    failed: tuple[Failed, ...] = ()


# What rules say to whoever takes the task, beside the why, and what stands for nothing said.
ADVICE: Final = {"labels": [], "draft": "", "macro": ""}


def advice(decision: Mapping[str, Any]) -> dict[str, Any]:
    """The advice of a decision as its fact has it; facts of older rules say nothing of it."""
    return {name: decision.get(name, nothing) for name, nothing in ADVICE.items()}
