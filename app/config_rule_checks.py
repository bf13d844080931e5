"""What no single rule can tell: names that nobody has, and rules that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.config_rules import place
from app.core import condition
from app.core.catalogue import ROLES, Catalogue
from app.core.condition import Unreadable
from app.core.condition_limits import meant
from app.core.condition_parts import keys_asked
from app.core.contradictions import contradictions
from app.core.event_acts import impossible
from app.core.rule_circles import circles
from app.core.rules import (
    CALENDARS,
    MAPS,
    MENTION,
    MOST_ITEMS,
    Row,
    Rule,
    asked_in_order,
)
from app.core.skills import MEDIATOR


def broken_rules(catalogue: Catalogue, rows: Sequence[Row], rules: Sequence[Rule]) -> Iterator[str]:
    """Everything that is wrong with the rules beside the catalogue and each other."""
    labels = {label for rule in rules for label in rule.does.labels}
    if len(labels) > MOST_ITEMS:
        yield f"rules/: expected at most {MOST_ITEMS} labels, got {len(labels)}"
    seen: set[str] = set()
    for rule in asked_in_order(rows, rules):
        if isinstance(rule, Rule):
            yield from _of_rule(catalogue, rule)
        else:
            yield from _of_row(catalogue, rule)
        if rule.id in seen:
            yield f"{place(rule)}: id: another row or rule has it already"
        seen.add(rule.id)
        yield from _names_asked(catalogue, rule)
    for found in contradictions(rows, rules):
        key = "when" if found.at is None else f"when: {condition.place(found.rule.when, found.at)}"
        yield f"{place(found.rule)}: {key}: {found.reason}"
    for rule, reason in circles(rules):
        yield f"{place(rule)}: when: {reason}"


def _of_row(catalogue: Catalogue, row: Row) -> Iterator[str]:
    if row.source.endswith(": queue") and row.queue not in catalogue.queues:
        yield (
            f"{place(row)}: then.queue: expected a queue's name or close = true,"
            f" got {row.queue!r}{meant(row.queue, catalogue.queues)}"
        )


def _of_rule(catalogue: Catalogue, rule: Rule) -> Iterator[str]:
    where = place(rule)
    for action, why in impossible(rule) if rule.on != MENTION else ():
        yield f"{where}: do.{action}: not possible with on = {rule.on!r}: {why}"
    route = rule.does.route
    if route and route not in catalogue.queues:
        yield f"{where}: do.queue: no queue is named {route!r}{meant(route, catalogue.queues)}"
    for notice in rule.does.notices:
        if notice.to not in (*ROLES, MEDIATOR, *catalogue.reps):
            near = meant(notice.to, (*ROLES, MEDIATOR, *catalogue.reps))
            yield f"{where}: do.notify.to: no role or rep is named {notice.to!r}{near}"
    rep = rule.whom.rep
    if rep and rep not in catalogue.reps:
        yield f"{where}: for.rep: no rep is named {rep!r}{meant(rep, catalogue.reps)}"


def _names_asked(catalogue: Catalogue, rule: Row | Rule) -> Iterator[str]:
    """Calendars and queues that a condition asks for, and nobody has."""
    try:
        root = condition.parse(rule.when)
    except Unreadable:
        return
    for table in MAPS:
        kind, known = (
            ("calendar", list(catalogue.calendars))
            if table == CALENDARS
            else ("queue", list(catalogue.queues))
        )
        for node, name in keys_asked(root, table):
            if name not in known:
                at = condition.place(rule.when, node.start)
                yield f"{place(rule)}: when: {at}: no {kind} is named {name!r}{meant(name, known)}"
