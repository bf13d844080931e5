"""What the facts of one mention say about its clocks, whatever the policy is.

Windows and calendars are not in here, on purpose: a changed policy is applied to the same
history, and nothing that was paused or answered under the old one is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from typing import Any, Final

from app.core.calendar import Span
from app.core.sla import FIRST_RESPONSE, RESOLUTION, to_ms

NEVER: Final = 2**62  # the end of a pause that has not ended
CUSTOMER: Final = "customer"  # what a parked task waits for when its resolution clock stands still
CANCELLED: Final = "cancelled"
REPLIED: Final = "replied"


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One mention's clocks as facts, times in ms; 0 or empty for what has not happened.

    `waits` are the times in which the customer was waited for. `why_answered` and `why_ended`
    say what stopped a clock: replied, cancelled, or the code with which the task was completed.
    """

    mention_id: str = ""
    channel: str = ""
    tier: str = ""
    queue: str = ""
    rule: str = ""
    rule_window_s: float = 0.0
    queue_window_s: float = 0.0
    clock: str = FIRST_RESPONSE
    posted_ms: int = 0
    detected_ms: int = 0
    queued_ms: int = 0
    answered_ms: int = 0
    why_answered: str = ""
    ended_ms: int = 0
    why_ended: str = ""
    waits: tuple[Span, ...] = ()
    told: frozenset[tuple[str, str]] = frozenset()  # thresholds in the ledger: (clock, op)
    priority: int = 0
    foremost: bool = False  # escalated: waits before everything else
    version: int = 0
    # What its deadlines were last made with, and what the door goes by since; 0 while paused.
    policy: str = ""
    resolution_due_ms: int = 0


EMPTY: Final = History()


def history(facts: Iterable[Mapping[str, Any]], so_far: History = EMPTY) -> History:
    """Fold facts, in their order, into what was known before them."""
    return reduce(step, facts, so_far)


def step(known: History, fact: Mapping[str, Any]) -> History:
    """One fact more. An edit, a transfer or an escalation moves no clock: they are not here."""
    op, data, now_ms = str(fact["op"]), fact.get("data") or {}, int(fact["now_ms"])
    if op in _TOLD:
        known = replace(known, **_TOLD[op](data))
    if not fact.get("task_id"):
        return known
    known = replace(known, **_standing(known, fact, data))
    if op == "queued" and not known.queued_ms:
        return replace(known, **_queued(fact, data))
    if op == "replied" and not known.answered_ms:
        return replace(known, answered_ms=now_ms, why_answered=REPLIED)
    if op in ("completed", "cancelled"):
        return _ended(known, now_ms, CANCELLED if op == "cancelled" else str(fact["reason"]))
    if op == "parked" and data.get("waits_for") == CUSTOMER and not _waiting(known):
        return replace(known, waits=(*known.waits, (now_ms, NEVER)), resolution_due_ms=0)
    return known


def _received(data: Mapping[str, Any]) -> dict[str, Any]:
    mention = data["mention"]
    posted = mention.get("posted_at")
    posted_ms = to_ms(datetime.fromisoformat(posted)) if posted else 0
    return {"channel": mention["channel"], "posted_ms": posted_ms}


def _identified(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"tier": data.get("tier", "")}


def _decided(data: Mapping[str, Any]) -> dict[str, Any]:
    decision = data["decision"]
    return {
        # Whoever gave the window may be another rule than whoever gave the queue.
        "rule": decision.get("by", {}).get("window") or decision["rule"],
        "rule_window_s": decision.get("rule_window_s", 0.0),
        "queue_window_s": decision["window_s"],
    }


_TOLD = {"received": _received, "identified": _identified, "decided": _decided}


def _queued(fact: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    now_ms = int(fact["now_ms"])
    return {
        "mention_id": fact["mention_id"],
        "queue": fact["queue"],
        "queued_ms": now_ms,
        "detected_ms": int(data.get("detected_ms", now_ms)),
        "clock": data.get("clock") or FIRST_RESPONSE,
    }


def _standing(known: History, fact: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """What every fact of a task may change: its version, its place in the order, its pause."""
    op = str(fact["op"])
    changed: dict[str, Any] = {"version": int(fact.get("version", known.version))}
    changed["priority"] = int(fact.get("priority", known.priority))
    changed["policy"] = data.get("policy", known.policy)
    if "resolution_due_ms" in data:
        changed["resolution_due_ms"] = int(data["resolution_due_ms"])
    if "order_ms" in data:
        changed["foremost"] = (
            known.queued_ms > 0
            and data["order_ms"] == known.detected_ms
            and (known.foremost or op == "escalated")
        )
    if op in ("halfway", "at_risk", "breached"):
        clock = RESOLUTION if data.get("clock") == RESOLUTION else known.clock
        changed["told"] = known.told | {(clock, op)}
    if _waiting(known) and fact.get("from") == "parked" != fact.get("to"):
        begun_ms = known.waits[-1][0]
        changed["waits"] = (*known.waits[:-1], (begun_ms, int(fact["now_ms"])))
    return changed


def _ended(known: History, now_ms: int, why: str) -> History:
    if not known.answered_ms:
        known = replace(known, answered_ms=now_ms, why_answered=why)
    return replace(known, ended_ms=now_ms, why_ended=why)


def _waiting(known: History) -> bool:
    return bool(known.waits) and known.waits[-1][1] == NEVER
