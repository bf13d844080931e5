"""How far a flight is: its tasks counted, its goal measured, its outcome summed up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from app.core.flight import QUIET, ROUTE, Flight

_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What belongs to a flight: mentions, those that are tasks, those not yet ended.

    `ended_ms` is when the last of its tasks ended; 0 where none has.
    """

    mentions: int = 0
    tasks: int = 0
    open: int = 0
    ended_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One mention of a flight: detected when, first answered when (0: not yet)."""

    detected_ms: int
    replied_ms: int


def due_ms(flight: Flight, counts: Counts) -> int:
    """When the goal is reached if nothing else happens; 0 where that cannot be said.

    Quiet begins with the last task that ended: a flight without any task has not begun to end.
    """
    goal = flight.plan.goal
    if goal.kind == QUIET:
        if not counts.tasks or counts.open:
            return 0
        return max(counts.ended_ms, flight.begun_ms) + goal.minutes * _MINUTE_MS
    if goal.kind == ROUTE:
        return max(flight.route_ms, flight.begun_ms) if flight.arrived else 0
    return goal.until_ms


def reached(flight: Flight, counts: Counts, now_ms: int) -> bool:
    """Is the goal reached by now?"""
    return 0 < due_ms(flight, counts) <= now_ms


def outcome(
    flight: Flight,
    counts: Counts,
    answered: Sequence[Answered],
    did: Iterable[tuple[str, str]],
    now_ms: int,
) -> dict[str, Any]:
    """What came of it, for the event that closes it. Times in seconds; None where nobody replied.

    `did` are the replies and completions of its tasks: kind and rep.
    """
    waits = [max(0, a.replied_ms - a.detected_ms) / 1000 for a in answered if a.replied_ms]
    at_ms = due_ms(flight, counts)
    return {
        "mentions": counts.mentions,
        "tasks": counts.tasks,
        "open": counts.open,
        "answered": len(waits),
        "first_reply_median_s": round(median(waits), 1) if waits else None,
        "first_reply_longest_s": round(max(waits), 1) if waits else None,
        "steps_done": len(flight.done),
        "steps": len(flight.plan.steps),
        "reached_ms": at_ms if 0 < at_ms <= now_ms else 0,
        "lasted_s": round((now_ms - flight.opened_ms) / 1000),
        "people": _people(flight, did),
    }


def _people(flight: Flight, did: Iterable[tuple[str, str]]) -> dict[str, Mapping[str, int]]:
    """Who did how much: replies, completed tasks, steps."""
    found: dict[str, Counter[str]] = {}
    words = {"replied": "replies", "completed": "completed"}
    for kind, rep in did:
        if kind in words and rep:
            found.setdefault(rep, Counter())[words[kind]] += 1
    for done in flight.done.values():
        found.setdefault(done.by, Counter())["steps"] += 1
    named = ("replies", "completed", "steps")
    return {rep: {name: found[rep][name] for name in named} for rep in sorted(found)}
