"""Which rules may ask about a task later on: known before anything has happened to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.core.recorded import Recorded
from app.core.rules import MENTION, VARIABLES, Rule

_ENDED = ("completed", "cancelled")  # states


def goes_on(trail: Iterable[Mapping[str, Any]]) -> bool:
    """Is there a task in this trail of one mention, and has it not ended?"""
    states = [str(fact.get("to")) for fact in trail if fact.get("task_id")]
    return bool(states) and states[-1] not in _ENDED


def later_of(
    rules: Iterable[Rule], known: Recorded | None, trail: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """As `later`, of a recorded mention by its newest decision that can be asked about."""
    return later(rules, known.values) if known and goes_on(trail) else []


def later(rules: Iterable[Rule], values: Mapping[str, object]) -> list[dict[str, Any]]:
    """The rules at events after the mention that may ask about its task, in their order.

    `values` are those of its decision. `fits` is False for a rule that is for somebody else:
    it is asked, and never holds. Raises KeyError where values are missing.
    """
    return [
        {
            "rule": rule.id,
            "on": rule.on,
            "after_s": rule.after_s,
            "when": rule.when,
            "why": rule.why,
            "fits": rule.whom.fits(values),
        }
        for rule in rules
        if rule.on != MENTION
    ]


def newest(decisions: Iterable[Recorded]) -> Recorded | None:
    """The newest of these whose values are all there; older software kept none, or fewer."""
    for known in reversed(list(decisions)):
        if known.values.keys() >= VARIABLES.keys():
            return known
    return None
