"""Placing: where a decided mention waits, in which order, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.core import sla
from app.core.decision import Decision
from app.core.policy import Slas
from app.core.queueing import order_ms
from app.core.sla import Deadlines


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the clocks need to know of a mention. `clock` is the one that its response stops."""

    channel: str
    tier: str
    detected_at: datetime
    clock: str = sla.FIRST_RESPONSE


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in a queue. `policy` is the stamp of what its times were made with.

    `window_s` is the response's; `resolution_due_ms` is 0 where there is no resolution clock.
    """

    times: Deadlines
    window_s: float
    order_ms: float
    resolution_due_ms: int
    policy: str


def place(decision: Decision, heard: Heard, slas: Slas, at_risk_share: float) -> Place | None:
    """The place of this mention; None where the rules closed it."""
    if not decision.queue:
        return None
    policy = slas.of(decision.queue, heard.tier, heard.channel)
    window_s = policy.response_s(heard.clock, decision.rule_window_s, decision.window_s)
    times = sla.deadlines(heard.detected_at, window_s, at_risk_share, policy.calendar)
    resolved = sla.deadlines(heard.detected_at, policy.resolution_s, at_risk_share, policy.calendar)
    return Place(
        times=times,
        window_s=window_s,
        order_ms=order_ms(times, decision.priority),
        resolution_due_ms=resolved.due_ms if policy.resolution_s else 0,
        policy=slas.stamp(policy, at_risk_share),
    )
