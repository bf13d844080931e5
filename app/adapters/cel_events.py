"""Event rules at events after the mention, in CEL: one by one, with what earlier ones labelled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.adapters.cel_environment import METER, OVER_BUDGET, activation
from app.adapters.cel_table import compiled, result
from app.core.condition_parts import LABELS
from app.core.deciding import fault
from app.core.decision import HIT, MISS, Trace
from app.core.rules import MENTION, Rule

NOT_FOR = "for others"  # an individual rule, and a mention that it is not for


@dataclass(frozen=True, slots=True, kw_only=True)
class Fared:
    """How rules fared at one event: those that hold, in order, and the trace of all."""

    fired: tuple[Rule, ...]
    trace: tuple[Trace, ...]


class CelEvents:
    """The compiled rules of all events but the mention. What fails does not hold."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rule for rule in rules if rule.on != MENTION)
        self._compiled = {rule.id: compiled(rule.when) for rule in self.rules}
        self._on: dict[str, tuple[Rule, ...]] = {}
        for rule in self.rules:
            self._on[rule.on] = (*self._on.get(rule.on, ()), rule)

    def on(self, event: str) -> tuple[Rule, ...]:
        """The rules of one event, in the order in which they are asked."""
        return self._on.get(event, ())

    def ask(self, rules: Sequence[Rule], values: Mapping[str, object]) -> Fared:
        """Ask these rules, in order; `values` are those of `events.seen`. Never raises."""
        METER.begin()
        labels = list(_texts(values[LABELS]))
        fired, trace = [], []
        for rule in rules:
            one = self._one(rule, {**values, LABELS: labels})
            trace.append(one)
            if one.result == HIT:
                fired.append(rule)
                labels += [label for label in rule.does.labels if label not in labels]
        return Fared(fired=tuple(fired), trace=tuple(trace))

    def _one(self, rule: Rule, values: Mapping[str, object]) -> Trace:
        if not rule.whom.fits(values):
            return Trace(rule=rule.id, result=MISS, detail=NOT_FOR)
        found = result(self._compiled[rule.id], activation(values))
        if isinstance(found, str):
            return fault(rule.id, found)
        return Trace(rule=rule.id, result=HIT if found else MISS)


def reason_of(trace: Trace) -> str:
    """Why a condition failed, as the metric of errors names it."""
    return "over_budget" if OVER_BUDGET in trace.detail else "failed"


def _texts(found: object) -> Sequence[str]:
    return found if isinstance(found, list) else ()
