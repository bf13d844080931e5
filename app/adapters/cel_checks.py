"""What is wrong with a condition: told when it is loaded, with its line and column."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator

import re2
from cel_expr_python import cel

from app.adapters import cel_budget
from app.adapters.cel_environment import environment, pattern, text_of
from app.config_rules import place
from app.core import condition, condition_limits
from app.core.condition import TEXT, Node, Unreadable
from app.core.condition_parts import names, patterns
from app.core.events import TASK_VARIABLES, variables_at
from app.core.rules import MENTION, Row, Rule

_ERROR = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*)")
_CODE = " [INVALID_ARGUMENT]"
_OTHER = "takes other arguments"
_UNKNOWN = re.compile(r"undeclared reference to ('[^']*').*")
_MIXED = re.compile(r"'\((double, int|int, double)\)'")
_HINT = ": a number beside a double needs its point, such as 1.0"
_KEPT = 8_192  # conditions whose problems are remembered: measuring them again takes time


def problems_of(rule: Row | Rule, lenience: float = 1.0) -> Iterator[str]:
    """What is wrong with the condition of a row or a rule, with the position.

    `lenience` multiplies the measured budgets, and nothing else.
    """
    on = rule.on if isinstance(rule, Rule) else MENTION
    for at, reason in check(rule.when, lenience, on):
        yield f"{place(rule)}: when: {condition.place(rule.when, at)}: {reason}"


def problems_together(every: Iterable[Row | Rule], lenience: float = 1.0) -> Iterator[str]:
    """What is wrong with rules that are each right, once `problems_of` has looked at each."""
    yield from cel_budget.together([rule.when for rule in every], lenience)


@functools.lru_cache(_KEPT)
def check(
    when: str, lenience: float = 1.0, on: str = MENTION
) -> tuple[condition_limits.Problem, ...]:
    """The problems of a condition at this event, by position: none where it may be evaluated."""
    try:
        root = condition.parse(when)
    except Unreadable as error:
        return ((error.at, error.reason),)
    found = list(_too_early(root)) if on == MENTION else []
    known = variables_at(on) if not found else variables_at("")
    found += [*condition_limits.problems(root, known), *_broken_patterns(root)]
    typed = list(_untyped(when))
    # Names and functions that there are not, we tell ourselves, with a guess at what was meant.
    found += [one for one in typed if not found or _OTHER not in one[1]]
    # Only what is right in every other way is measured: nothing else may ever be evaluated.
    return tuple(sorted(set(found))) or tuple(cel_budget.problems(root, when, lenience))


def _too_early(root: Node) -> Iterator[condition_limits.Problem]:
    for node, name in names(root, TASK_VARIABLES):
        if name:
            yield node.start, f"{name!r} is known at later events alone: at the mention, no task is"


def _broken_patterns(root: Node) -> Iterator[condition_limits.Problem]:
    for node in patterns(root):
        if node.kind != TEXT or len(node.value) > condition_limits.LONGEST_PATTERN:
            continue
        try:
            pattern(node.value)
        except re2.error as error:
            yield node.start, f"the pattern {node.value[:60]!r}: {text_of(error)}"


def _untyped(when: str) -> Iterator[condition_limits.Problem]:
    """What CEL's own compiler says of it."""
    try:
        expression = environment().compile(when)
    except RuntimeError as error:
        yield from _positioned(when, str(error))
        return
    if expression.return_type() != cel.Type.BOOL:
        got = expression.return_type().name()
        yield 0, f"expected true or false, got {got}"


def _positioned(when: str, text: str) -> Iterator[condition_limits.Problem]:
    found = list(_ERROR.finditer(text))
    for match in found:
        line, column, reason = int(match[1]), int(match[2]), match[3]
        # The name is known, or we had said so before: only its arguments can be wrong.
        reason = _UNKNOWN.sub(rf"\1 {_OTHER}", reason)
        said = reason.removesuffix(_CODE) + (_HINT if _MIXED.search(reason) else "")
        yield condition.position(when, max(line, 1), column), said
    if not found:  # without a position, such as a limit on its size
        yield 0, text.partition(": ")[2].partition(" [")[0]
