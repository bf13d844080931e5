"""A decision table in CEL: the first row that holds, asked in groups.

Sixteen rows are one expression `(c1) ? 0 : (c2) ? 1 : ... : -1`. CEL asks them in order and stops
at the first that holds, so that the answer is that of asking each row alone, for a fifth of the
cost. Where a row fails, the rows of its group and all behind it are asked alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cel_expr_python import cel

from app.adapters.cel_environment import METER, environment
from app.core.deciding import Result

_ROWS = 16  # in one expression: CEL nests no deeper than 32, and conditions need some of that
_NONE = -1


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows from `start` on, as one expression."""

    start: int
    expression: cel.Expression


class Table:
    """The compiled conditions of the rows, in their order."""

    def __init__(self, conditions: Sequence[str]) -> None:
        self._each = [environment().compile(when) for when in conditions]
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
        for expression in self._each[start:]:
            results.append(result(expression, given))
            if results[-1] is True:
                break
        return results


def result(expression: cel.Expression, given: cel.Activation) -> Result:
    """Whether a condition holds, or why it cannot be told. Never raises."""
    try:
        found = expression.eval(given)
    except RuntimeError as error:  # CEL stops what takes too many steps
        return str(error)
    value = found.value()
    return value if isinstance(value, bool) else str(value)


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
