"""What one fact means for the figures that supervisors and SREs watch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.sla import RESOLUTION

_OFFER_OPS = ("offered", "accepted", "rejected", "timed_out", "rescinded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Figures of one fact; None where it says nothing about that figure."""

    offer: str | None = None
    to_offer_s: float | None = None
    response_s: float | None = None
    sla: str | None = None
    resolution: str | None = None


def measure(fact: Mapping[str, Any]) -> Measure:
    """Read the figures out of a fact.

    Each task counts once as met or breached, and once more for its resolution where it has one.
    """
    op, data = fact["op"], fact.get("data") or {}
    if op == "offered" and data.get("attempt") == 1:
        return Measure(offer=op, to_offer_s=(fact["now_ms"] - data["detected_ms"]) / 1000)
    if op in _OFFER_OPS:
        return Measure(offer=op)
    if op in ("at_risk", "breached"):
        return Measure(resolution=op) if data.get("clock") == RESOLUTION else Measure(sla=op)
    if op == "replied" and data.get("first"):
        met = "met" if data.get("sla") == "met" else None
        return Measure(sla=met, response_s=data["response_ms"] / 1000)
    if op == "completed":
        unanswered = not data.get("answered") and data.get("sla") == "met"
        return Measure(sla="met" if unanswered else None, resolution=data.get("resolution"))
    return Measure()
