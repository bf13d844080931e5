"""Facts: the immutable records of what happened. The ledger is made of nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

OPS: Final = (
    "received", "duplicate", "edited", "dead", "scored", "identified", "decided", "queued",
    "offered", "accepted", "rejected", "timed_out", "rescinded", "transferred", "parked",
    "replied", "wrapping", "completed", "cancelled", "at_risk", "breached", "escalated",
    "prioritised", "degraded", "configured", "halfway", "unroutable",
    "handed_off", "handoff_failed", "handoff_status", "noted", "erased",
    "sent", "not_sent", "consent_changed", "signalled", "warned",
    "case_opened", "case_closed", "corrected",
)  # fmt: skip

# Every accepted mention has exactly one of these for the delivery that brought it in.
OUTCOMES: Final = ("duplicate", "edited", "dead", "decided")

SYSTEM_ACTOR: Final[Mapping[str, str]] = {"type": "system", "id": "triage", "role": "service"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that happened; `fact_id` makes writing it twice harmless."""

    op: str
    op_id: str
    now_ms: int
    mention_id: str = ""
    source_id: str = ""
    reason: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    actor: Mapping[str, str] = field(default_factory=lambda: SYSTEM_ACTOR)

    @property
    def fact_id(self) -> str:
        return f"{self.op_id}/{self.op}"

    def as_dict(self) -> dict[str, Any]:
        """The wire form, shared with the facts that the Lua door writes."""
        return {
            "fact_id": self.fact_id,
            "op": self.op,
            "op_id": self.op_id,
            "now_ms": self.now_ms,
            "mention_id": self.mention_id,
            "source_id": self.source_id,
            "reason": self.reason,
            "actor": dict(self.actor),
            "data": self.data,
        }
