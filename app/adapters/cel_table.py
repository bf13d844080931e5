"""A decision table in CEL: the first row that holds, asked in groups.

Sixteen rows are one expression `(c1) ? 0 : (c2) ? 1 : ... : -1`. CEL asks them in order and stops
at the first that holds, so that the answer is that of asking each row alone, for a fifth of the
cost. Where a row fails, the rows of its group and all behind it are asked alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cel_expr_python import cel

from app.adapters.cel_environment import METER, environment
from app.core.condition import parse
from app.core.condition_parts import names
from app.core.deciding import NotKnown, Result
from app.core.queue_state import QUEUE_VARIABLES
from app.core.rules import MAPS

_ROWS = 16  # in one expression: CEL nests no deeper than 32, and conditions need some of that
_NONE = -1
_NO_KEY = re.compile(r'NOT_FOUND: Key not found in map : "(.*)"', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition. `of_queues`: does it ask for the state of queues?"""

    expression: cel.Expression
    of_queues: bool


def compiled(when: str) -> Condition:
    """Raises RuntimeError where CEL refuses it."""
    asked = {variable for _, variable in names(parse(when), MAPS)}
    return Condition(environment().compile(when), not asked.isdisjoint(QUEUE_VARIABLES))


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows from `start` on, as one expression."""

    start: int
    expression: cel.Expression


class Table:
    """The compiled conditions of the rows, in their order."""

    def __init__(self, conditions: Sequence[str]) -> None:
        self._each = [compiled(when) for when in conditions]
        self._parts = [
            part
            for start in range(0, len(conditions), _ROWS)
            for part in _parts(start, conditions[start : start + _ROWS])
        ]

    def ask(self, given: cel.Activation) -> tuple[int, list[Result] | None]:
        """The number of the row that holds, or how many there are.

        Where a row failed, also the result of each up to the one that holds.
        """
        for part in self._parts:
            left_bytes, left_s = METER.left_bytes, METER.left_s
            found = _number(part.expression, given)
            if found is None:
                METER.left_bytes, METER.left_s = left_bytes, left_s
                results = self.one_by_one(given, part.start)
                hit = len(results) - 1 if results[-1] is True else len(self._each)
                return hit, results
            if found != _NONE:
                return part.start + found, None
        return len(self._each), None

    def one_by_one(self, given: cel.Activation, start: int = 0) -> list[Result]:
        """Each row's result up to the first that holds; those before `start` did not."""
        results: list[Result] = [False] * start
        for condition in self._each[start:]:
            results.append(result(condition, given))
            if results[-1] is True:
                break
        return results


def result(condition: Condition, given: cel.Activation) -> Result:
    """Whether a condition holds, or why it cannot be told. Never raises.

    A queue of which nothing is known is no fault of the condition that asks for it.
    """
    try:
        found = condition.expression.eval(given)
    except RuntimeError as error:  # CEL stops what takes too many steps
        return str(error)
    value = found.value()
    if isinstance(value, bool):
        return value
    missing = _NO_KEY.fullmatch(str(value)) if condition.of_queues else None
    return NotKnown(f"nothing is known of a queue {missing[1]!r}") if missing else str(value)


def _number(expression: cel.Expression, given: cel.Activation) -> int | None:
    try:
        value = expression.eval(given).value()
    except RuntimeError:
        return None
    return value if isinstance(value, int) else None


def _parts(start: int, conditions: Sequence[str]) -> Iterator[_Part]:
    """One expression for all, or for halves where the nesting of all would be too deep."""
    # The line's end closes a comment at the end of a condition.
    asked = "".join(f"({when}\n) ? {number} : " for number, when in enumerate(conditions))
    try:
        yield _Part(start, environment().compile(f"{asked}{_NONE}"))
    except RuntimeError:
        if len(conditions) == 1:
            raise
        half = len(conditions) // 2
        yield from _parts(start, conditions[:half])
        yield from _parts(start + half, conditions[half:])
