"""Rules in CEL: typed, checked when loaded, bounded in time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cel_expr_python import cel

from app import metrics
from app.adapters.cel_budget import IN_USE
from app.adapters.cel_checks import problems_of, problems_together
from app.adapters.cel_environment import METER, Names, activation, asked_by
from app.adapters.cel_events import NOT_FOR, CelEvents, reason_of
from app.adapters.cel_explain import failed_parts
from app.adapters.cel_groups import asks_for_labels, groups_of
from app.adapters.cel_table import Table
from app.config import Config
from app.core.condition_parts import LABELS
from app.core.deciding import Decider, Found, Traces
from app.core.decision import ERROR, HIT, MISS, Decision, Explanation, Failed, Trace
from app.core.errors import ConfigError
from app.core.rules import MENTION, Row, Rule, asked_in_order


@dataclass(slots=True)
class _Asked:
    """Where asking the event rules has got to."""

    names: Names
    given: cel.Activation
    labels: list[str]
    rules: list[Rule]
    trace: list[Trace]
    stale: bool = False  # labels have come since `given` was made

    def seen(self, values: Mapping[str, object]) -> cel.Activation:
        """The values with all labels so far."""
        if self.stale:
            self.given = activation({**values, LABELS: self.labels}, self.names)
            self.stale = False
        return self.given


class CelRules:
    """The rules of one configuration, compiled. Raises `ConfigError` with all bad ones."""

    def __init__(self, config: Config) -> None:
        self.version = config.version
        problems = [problem for rule in config.every for problem in problems_of(rule, IN_USE)]
        if problems := problems or list(problems_together(config.every, IN_USE)):
            raise ConfigError(problems)
        self._rows: tuple[Row, ...] = config.rows
        self._rules = tuple(rule for rule in config.rules if rule.on == MENTION)
        self._groups = groups_of(self._rules)
        conditions = [row.when for row in self._rows]
        self._table = Table(conditions)
        self._names = asked_by([*conditions, *(rule.when for rule in self._rules)])
        self._table_is_labelled = asks_for_labels(conditions)
        self._rule_traces = Traces(rule.id for rule in self._rules)
        self._row_traces = Traces(row.id for row in self._rows)
        self._decider = Decider(config.catalogue, config.version)
        self.events = CelEvents(config.rules)

    def decide(self, values: Mapping[str, object]) -> Decision:
        """Let the event rules act, then the first row that holds. What fails does not hold."""
        METER.begin()
        asked = self._ask_rules(values)
        given = asked.seen(values) if self._table_is_labelled else asked.given
        hit, results = self._table.ask(given)
        table = self._row_traces.table(hit) if results is None else self._row_traces.each(results)
        found = Found(
            row=self._rows[hit] if hit < len(self._rows) else None,
            rules=asked.rules,
            trace=(*asked.trace, *table) if asked.trace else table,
        )
        if results is not None or any(trace.result == ERROR for trace in asked.trace):
            _count(found.trace)
        return self._decider.decide(found, str(values["score.lang"]))

    def explain(self, values: Mapping[str, object]) -> tuple[Explanation, ...]:
        """How each rule and row fares, and of a miss what failed, with its values."""
        return tuple(self._explained(values))

    def _explained(self, values: Mapping[str, object]) -> Iterator[Explanation]:
        trace = self.decide(values).trace
        asked = self._begin(values)
        for rule, fared in zip(asked_in_order(self._rows, self._rules), trace, strict=True):
            failed: tuple[Failed, ...] = ()
            if fared.result == MISS and fared.detail != NOT_FOR:
                now = {**values, LABELS: list(asked.labels)}
                failed = tuple(failed_parts(rule.when, asked.seen(values), now))
            yield Explanation(
                rule=rule.id,
                result=fared.result,
                why=rule.why,
                detail=fared.detail,
                failed=failed,
            )
            if isinstance(rule, Rule) and fared.result == HIT:
                _act(asked, rule)

    def _begin(self, values: Mapping[str, object]) -> _Asked:
        return _Asked(self._names, activation(values, self._names), list(_labels(values)), [], [])

    def _ask_rules(self, values: Mapping[str, object]) -> _Asked:
        asked = self._begin(values)
        for group in self._groups:
            if not group.whom.fits(values):
                rule = group.rules[0]
                asked.trace.append(Trace(rule=rule.id, result=MISS, detail=NOT_FOR))
                continue
            given = asked.seen(values) if group.labelled else asked.given
            for number, result in enumerate(group.ask(given), group.start):
                asked.trace.append(self._rule_traces.one(number, result))
                if result is True:
                    _act(asked, self._rules[number])
        return asked


def _labels(values: Mapping[str, object]) -> list[str]:
    found = values[LABELS]
    return found if isinstance(found, list) else []


def _act(asked: _Asked, rule: Rule) -> None:
    asked.rules.append(rule)
    new = [label for label in rule.does.labels if label not in asked.labels]
    asked.labels += new
    asked.stale = asked.stale or bool(new)


def _count(trace: tuple[Trace, ...]) -> None:
    for one in trace:
        if one.result == ERROR:
            metrics.RULE_ERRORS.labels(reason_of(one)).inc()
