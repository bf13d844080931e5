"""Why a rule did not act: each part of its condition that did not hold, with its values.

Asked for on demand, never while mentions wait.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping

from cel_expr_python import cel

from app.adapters.cel_environment import METER
from app.adapters.cel_table import Condition, compiled, result
from app.core import condition
from app.core.condition import Node
from app.core.condition_parts import conjuncts, names
from app.core.decision import Failed
from app.core.events import EVERY_VARIABLE

_SHOWN_CHARS = 200  # of a text among the values: the mention is beside it anyway
_KEPT = 4_096


def failed_parts(
    when: str, given: cel.Activation, values: Mapping[str, object]
) -> Iterator[Failed]:
    """The top-level conjuncts that do not hold for these values."""
    for node, text, asked in _parts(when):
        METER.begin()
        if (found := result(asked, given)) is True:
            continue
        yield Failed(
            condition=text,
            at=condition.place(when, node.start),
            values=_seen(node, values),
            error=found if isinstance(found, str) else "",
        )


@functools.lru_cache(_KEPT)
def _parts(when: str) -> tuple[tuple[Node, str, Condition], ...]:
    found = []
    for node in conjuncts(condition.parse(when)):
        text = when[node.start : node.end]
        found.append((node, text, compiled(text)))
    return tuple(found)


def _seen(node: Node, values: Mapping[str, object]) -> dict[str, object]:
    """The values of the variables that a part of a condition speaks of."""
    asked = dict.fromkeys(variable for _, variable in names(node, EVERY_VARIABLE))
    return {name: _shown(values[name]) for name in asked if name}


def _shown(value: object) -> object:
    return value[:_SHOWN_CHARS] if isinstance(value, str) else value
