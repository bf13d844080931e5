"""What event rules after the mention would have done, of a forecast of each side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.core.backtest import Choose, Outcome
from app.core.catalogue import ESCALATION_QUEUE
from app.core.event_acts import DONE, PRIORITISE, REROUTE, STOPPED, Act
from app.core.forecast import REFUSED
from app.core.forecast_tasks import Served
from app.core.rules import Rule

Fates = Mapping[str, Served]  # by mention

_COUNTED = ("fired", "stopped", "moved", "prioritised", "refused")


def later_rules(rules: Iterable[Rule], live: Fates, draft: Fates) -> Iterator[dict[str, Any]]:
    """How often each of these rules held, and what came of it, on both sides."""
    sides = {"live": _by_rule(live), "draft": _by_rule(draft)}
    for rule, on in dict.fromkeys((rule.id, rule.on) for rule in rules):
        figures = {
            side: {name: found[rule, name] for name in _COUNTED} for side, found in sides.items()
        }
        yield {"rule": rule, "on": on, **figures}


def _by_rule(side: Fates) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for served in side.values():
        for act in served.acts:
            found.update((act.rule, name) for name in _of(act))
    return found


def _of(act: Act) -> Iterator[str]:
    """`moved` says that it waits in another queue, not that it was to."""
    yield "fired"
    if act.state == STOPPED:
        yield "stopped"
    if act.done.get(REROUTE) == DONE:
        yield "moved"
    if act.done.get(PRIORITISE) == DONE:
        yield "prioritised"
    if REFUSED in act.done.values():
        yield "refused"


def moves(live: Fates, draft: Fates) -> Iterator[dict[str, Any]]:
    """From which queue to which event rules moved tasks, the draft's most frequent way first."""
    before, after = (_moves(side) for side in (live, draft))
    for source, target in sorted(before | after, key=lambda way: (-after[way], -before[way], way)):
        way = source, target
        yield {"from": source, "to": target, "live": before[way], "draft": after[way]}


def _moves(side: Fates) -> Counter[tuple[str, str]]:
    return Counter(move for served in side.values() for move in served.moves)


def moved(side: Fates) -> set[str]:
    """The mentions whose tasks event rules have moved."""
    return {id_ for id_, served in side.items() if served.moves}


def escalated(side: Fates) -> set[str]:
    """Those whose tasks they have moved to the mediators."""
    return {id_ for id_, one in side.items() if any(to == ESCALATION_QUEUE for _, to in one.moves)}


def notices(known: Sequence[Outcome], live: Fates, draft: Fates) -> Iterator[dict[str, Any]]:
    """How many notices each recipient gets, of the rules at the mention and of later ones."""
    before = _told(known, lambda one: one.live, live)
    after = _told(known, lambda one: one.draft, draft)
    for to in sorted(before | after):
        yield {"to": to, "live": before[to], "draft": after[to]}


def _told(known: Sequence[Outcome], of: Choose, side: Fates) -> Counter[str]:
    """What an edit's rules say reaches nobody: notices are of the first decision."""
    found = Counter(to for one in known for to in of(one).told)
    for served in side.values():
        for act in served.acts:
            if act.state != STOPPED:
                found.update(notice["to"] for notice in act.notices)
    return found


def failed(live: Fates, draft: Fates) -> Counter[tuple[str, str, str]]:
    """Conditions that could not be evaluated at later events, by side, rule and reason."""
    return Counter(
        (side, *error)
        for side, fates in (("live", live), ("draft", draft))
        for served in fates.values()
        for error in served.failed
    )
