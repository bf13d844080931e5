"""What rules say against each other: labels nobody sets, rows nobody reaches, wishes that clash."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from app.core.condition import OPERATION, Node, Unreadable, parse
from app.core.condition_limits import meant
from app.core.condition_parts import conjuncts, labels_asked
from app.core.condition_truth import form
from app.core.rules import MENTION, Effects, Row, Rule, asked_in_order


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """Something wrong with one rule beside the others; `at` is inside its condition, or None."""

    rule: Row | Rule
    reason: str
    at: int | None = None


def contradictions(rows: Sequence[Row], rules: Sequence[Rule]) -> Iterator[Contradiction]:
    """All of them. What cannot be read is told elsewhere, and nothing is said of it here."""
    yield from _labels(rows, rules)
    yield from _unreachable(rows)
    yield from _clashes(rules)


def _read(rule: Row | Rule) -> Node | None:
    try:
        return parse(rule.when)
    except Unreadable:
        return None


def _labels(rows: Sequence[Row], rules: Sequence[Rule]) -> Iterator[Contradiction]:
    """A label can be asked for behind the rules that set it: so no rules can wait in a circle.

    What is labelled at the mention is known at every later event, whatever the order.
    """
    setters: dict[str, list[str]] = {}
    for rule in rules:
        for label in rule.does.labels:
            setters.setdefault(label, []).append(rule.id)
    waits = _waits(rules, setters)
    early = {label for rule in rules if rule.on == MENTION for label in rule.does.labels}
    known: set[str] = set()  # at the mention
    later = set(early)  # at the other events
    for one in asked_in_order(rows, rules):
        tree, at_mention = _read(one), isinstance(one, Row) or one.on == MENTION
        for node, label in labels_asked(tree) if tree else ():
            if label in (known if at_mention else later):
                continue
            if at_mention and label in later - early:
                reason = f"the label {label!r} is set after the mention alone"
            else:
                reason = _never_there(one, label, setters, waits)
            yield Contradiction(rule=one, reason=reason, at=node.start)
        if isinstance(one, Rule):
            (known if at_mention else later).update(one.does.labels)


def _waits(rules: Sequence[Rule], setters: dict[str, list[str]]) -> dict[str, set[str]]:
    """Whose labels each rule asks for."""
    found: dict[str, set[str]] = {}
    for rule in rules:
        tree = _read(rule)
        asked = labels_asked(tree) if tree else ()
        found[rule.id] = {one for _, label in asked for one in setters.get(label, ())}
    return found


def _never_there(
    rule: Row | Rule, label: str, setters: dict[str, list[str]], waits: dict[str, set[str]]
) -> str:
    by = setters.get(label)
    if not by:
        return f"no rule sets the label {label!r}{meant(label, setters)}"
    if rule.id in by:
        return f"only this rule sets the label {label!r}: it would wait for itself"
    circle = [one for one in by if _reaches(one, rule.id, waits)]
    if circle:
        return f"waits for the label {label!r} of rule {circle[0]}, which waits for this one"
    return f"only rule {by[0]} sets the label {label!r}, and it comes later"


def _reaches(start: str, goal: str, waits: dict[str, set[str]]) -> bool:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        one = waiting.pop()
        if one == goal:
            return True
        if one not in seen:
            seen.add(one)
            waiting.extend(waits.get(one, ()))
    return False


def _unreachable(rows: Sequence[Row]) -> Iterator[Contradiction]:
    """A row that asks for all that an earlier one asks for, and perhaps for more."""
    earlier: list[tuple[Row, frozenset[str]]] = []
    for row in rows:
        tree = _read(row)
        if tree is None:
            continue
        wanted = frozenset(form(node) for node in conjuncts(tree))
        before = next((one for one, asked in earlier if asked <= wanted), None)
        if before:
            reason = f"never reached: row {before.id} takes all that fits here, and comes first"
            yield Contradiction(rule=row, reason=reason)
        else:
            earlier.append((row, wanted))


def _clashes(rules: Sequence[Rule]) -> Iterator[Contradiction]:
    """Two wishes for the same customer, agent or tier, of which nobody could say which counts."""
    individual = [rule for rule in rules if rule.whom.rank]
    for one, other in combinations(individual, 2):
        if (one.on, one.whom.rank, one.level) != (other.on, other.whom.rank, other.level):
            continue
        shared, differing = _shared(one, other), _differing(one.does, other.does)
        if shared and differing and not _exclusive(one, other):
            reason = (
                f"conflicts with rule {one.id}: for {shared} both set the {differing[0]},"
                " differently; give one of them a higher level"
            )
            yield Contradiction(rule=other, reason=reason)


def _shared(one: Rule, other: Rule) -> str:
    """Whom both are for: the first example, empty where nobody is sure to be."""
    mine, theirs = one.whom, other.whom
    if mine.customers:
        both = [name for name in mine.customers if name in theirs.customers]
        same = not both or replace(mine, customers=()) != replace(theirs, customers=())
        return "" if same else f"customer {both[0]!r}"
    if mine != theirs:
        return ""
    return f"rep {mine.rep!r}" if mine.rep else f"tier {mine.tier!r}"


def _differing(one: Effects, other: Effects) -> list[str]:
    found = []
    if None not in (one.route, other.route) and one.route != other.route:
        found.append("queue")
    for setting in ("priority", "window_s", "draft", "macro", "case"):
        mine, theirs = getattr(one, setting), getattr(other, setting)
        if mine and theirs and mine != theirs:
            found.append(setting.removesuffix("_s"))
    return found


def _exclusive(one: Rule, other: Rule) -> bool:
    """Do they ask the same value to be two different things, so that only one can hold?"""
    first, second = _equalities(one), _equalities(other)
    return any(name in second and second[name] != value for name, value in first.items())


def _equalities(rule: Rule) -> dict[str, str]:
    """`score.intent == "complaint"` by its two sides, of the parts that must hold."""
    tree = _read(rule)
    found = {}
    for node in conjuncts(tree) if tree else ():
        if (
            node.kind == OPERATION
            and node.value == "=="
            and node.parts[1].kind in ("text", "literal")
        ):
            found[form(node.parts[0])] = form(node.parts[1])
    return found
