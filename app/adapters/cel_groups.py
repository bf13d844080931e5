"""Event rules in CEL: all that hold, in order, with what earlier ones have labelled.

Rules for everybody that follow each other are one expression, a list of their conditions, unless
one asks for labels that an earlier one of them may set. An individual rule stands alone: it is
asked only where it fits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cel_expr_python import cel

from app.adapters.cel_environment import METER, environment
from app.adapters.cel_table import Condition, compiled, result
from app.core import rules
from app.core.condition import parse
from app.core.condition_parts import LABELS, names
from app.core.deciding import Result
from app.core.rules import EVERYBODY, Rule, Whom

_RULES = 32  # in one expression: where one fails, all of them are asked again


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Some rules, from `start` on. `labelled`: do they ask for labels?"""

    start: int
    rules: tuple[Rule, ...]
    labelled: bool
    together: cel.Expression
    each: tuple[Condition, ...]

    @property
    def whom(self) -> Whom:
        return self.rules[0].whom

    def ask(self, given: cel.Activation) -> Sequence[Result]:
        """The result of each rule, as if each were asked alone."""
        left_bytes, left_s = METER.left_bytes, METER.left_s
        try:
            found = self.together.eval(given)
            if found.type() != cel.Type.ERROR:
                return found.plain_value()  # type: ignore[no-any-return]
        except RuntimeError:  # too many steps for all of them together
            pass
        METER.left_bytes, METER.left_s = left_bytes, left_s
        return [result(condition, given) for condition in self.each]


def groups_of(every: Sequence[Rule]) -> list[Group]:
    """The rules in their order, cut where a group has to end."""
    found, start = [], 0
    for members in _cut(every):
        found.append(_group(start, members))
        start += len(members)
    return found


def asks_for_labels(conditions: Sequence[str]) -> bool:
    """Does any of these conditions speak of labels?"""
    return any(
        variable == LABELS
        for when in conditions
        for _, variable in names(parse(when), rules.VARIABLES)
    )


def _cut(every: Sequence[Rule]) -> Iterator[list[Rule]]:
    members: list[Rule] = []
    labels = False
    for rule in every:
        alone = rule.whom != EVERYBODY or (members and members[0].whom != EVERYBODY)
        if members and (
            alone or len(members) == _RULES or (labels and asks_for_labels([rule.when]))
        ):
            yield members
            members, labels = [], False
        members.append(rule)
        labels = labels or bool(rule.does.labels)
    if members:
        yield members


def _group(start: int, members: Sequence[Rule]) -> Group:
    listed = ",".join(f"({rule.when}\n)" for rule in members)
    return Group(
        start=start,
        rules=tuple(members),
        labelled=asks_for_labels([rule.when for rule in members]),
        together=environment().compile(f"[{listed}]"),
        each=tuple(compiled(rule.when) for rule in members),
    )
