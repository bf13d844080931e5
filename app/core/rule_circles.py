"""Event rules that can be seen to go in circles: refused when they are read.

What cannot be seen, the budget of `event_acts` stops.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.core.condition import NAME, OPERATION, TEXT, Node, Unreadable, parse
from app.core.condition_parts import LABELS, conjuncts, names
from app.core.condition_truth import form, truth
from app.core.events import EVERY_VARIABLE, TASK_VARIABLES, TRANSFERRED
from app.core.rules import Rule

_QUEUE = "task.queue"


def circles(rules: Sequence[Rule]) -> Iterator[tuple[Rule, str]]:
    """Rules that would move a task for ever, each with the reason.

    Only what is certain: rules that ask nothing of the task but its queue, and beside it the same
    of the mention, which does not change. What always holds, asks nothing.
    """
    roads: dict[object, dict[str, Rule]] = {}
    for rule in rules:
        if rule.on != TRANSFERRED or not rule.does.route:
            continue
        found = _asked(rule)
        if found is None:
            continue
        queue, others = found
        if not queue and not others:
            yield (
                rule,
                (
                    "expected a condition that does not always hold: this one sends away whatever"
                    " somebody hands on, wherever they hand it"
                ),
            )
        elif queue:
            roads.setdefault((others, rule.whom), {}).setdefault(queue, rule)
    for road in roads.values():
        yield from _round(road)


def _round(road: dict[str, Rule]) -> Iterator[tuple[Rule, str]]:
    told: set[str] = set()
    for start in road:
        way, queue = [start], road[start].does.route or ""
        while queue in road and queue not in way and queue not in told:
            way.append(queue)
            queue = road[queue].does.route or ""
        if queue == start and len(way) > 1:
            told.update(way)
            others = ", ".join(road[one].id for one in way[1:])
            yield road[start], f"goes in a circle with {others}: {' to '.join([*way, start])}"


def _asked(rule: Rule) -> tuple[str, frozenset[str]] | None:
    """The queue that the condition asks for, and the rest of it.

    None where nobody can tell, and where it never holds.
    """
    try:
        tree = parse(rule.when)
    except Unreadable:
        return None
    if truth(tree) is False:
        return None
    parts = list(conjuncts(tree))
    queue, others = "", set()
    for node in parts:
        if found := _equal_queue(node):
            if queue:
                return None
            queue = found
        elif any(map(_changes, names(node, EVERY_VARIABLE))):
            return None
        else:
            others.add(form(node))
    return queue, frozenset(others)


def _changes(named: tuple[Node, str]) -> bool:
    """May it be another value at the next event?"""
    name = named[1]
    return name in TASK_VARIABLES or name.startswith((LABELS, "time.", "calendar.", "queue."))


def _equal_queue(node: Node) -> str:
    if node.kind != OPERATION or node.value != "==":
        return ""
    left, right = node.parts
    if left.kind == TEXT:
        left, right = right, left
    return right.value if left.kind == NAME and left.value == _QUEUE and right.kind == TEXT else ""
