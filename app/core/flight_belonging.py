"""Which mentions belong to a flight: those whose recorded decision has one of its labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.core.flight import OPEN, Flight

LONGEST_LABEL: Final = 40  # as rules may name them


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A mention with the labels of one of its decisions, and when that was made."""

    mention_id: str
    labels: tuple[str, ...]
    at_ms: int


def labelled_of(fact: Mapping[str, Any]) -> Labelled | None:
    """What a fact says of labels: `decided`, and an edit that was decided anew."""
    decision = (fact.get("data") or {}).get("decision") or {}
    labels = [str(each) for each in decision.get("labels") or ()]
    if fact["op"] not in ("decided", "edited") or not labels:
        return None
    return Labelled(
        mention_id=str(fact["mention_id"]),
        labels=tuple(dict.fromkeys(each for each in labels if len(each) <= LONGEST_LABEL)),
        at_ms=int(fact["now_ms"]),
    )


def label_of(flight: Flight, found: Labelled) -> str:
    """The label by which this mention belongs to an open flight; empty where it does not.

    Who belongs goes on belonging, also where a later edit has other labels: it is taken out by
    hand alone.
    """
    if flight.state != OPEN or found.at_ms < flight.plan.since_ms:
        return ""
    return next((label for label in flight.plan.labels if label in found.labels), "")
