"""CEL as rules know it: typed variables, `says`, and a bound on what patterns may read."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import re2
from cel_expr_python import cel

from app.core.condition import NAME, parse
from app.core.condition_parts import variable, walk
from app.core.events import EVERY_VARIABLE, TASK_VARIABLES
from app.core.rules import MAPS, MOST_ITEMS, TEXT_CHARS, VARIABLES

# What the patterns of one mention may read together, in bytes. Counted, not timed, so that asking
# again later gives the same decision. At 1 to 5 ns a byte it takes 20 to 80 ms.
READ_BYTES = 16 << 20
# The net below it: a pattern that is slower than anything it was measured with. Processor time.
MENTION_S = 0.25
_LONG_BYTES = 4_096  # shorter texts cannot be slow, and are not timed
_CALL_BYTES = 256  # what calling a pattern costs, however short the text is
_PATTERN_BYTES = 1 << 20  # a compiled pattern that needs more is refused
MOST_STEPS = 1_000  # instructions of a compiled pattern: its cost a character, at the worst
_KEPT_PATTERNS = 4_096
OVER_BUDGET = "over budget"

_TYPES = {
    str: cel.Type.STRING,
    int: cel.Type.INT,
    float: cel.Type.DOUBLE,
    bool: cel.Type.BOOL,
    list: cel.Type.List(cel.Type.STRING),
}


class Meter(threading.local):
    """What patterns may still read and take for the mention in hand, in this thread."""

    left_bytes = READ_BYTES
    left_s = MENTION_S

    def begin(self) -> None:
        """The next mention."""
        self.left_bytes, self.left_s = READ_BYTES, MENTION_S


METER = Meter()


@functools.cache
def environment() -> cel.Env:
    types = {name: _type(name, type_) for name, type_ in EVERY_VARIABLE.items()}
    return cel.NewEnv(variables=types, functions=[_says()])


def _type(name: str, type_: type) -> cel.Type:
    return cel.Type.Map(cel.Type.STRING, _TYPES[MAPS[name]]) if type_ is dict else _TYPES[type_]


@dataclass(frozen=True, slots=True)
class Names:
    """Variables that conditions are given, and those of them whose values may be too long."""

    every: tuple[str, ...]
    bounded: tuple[str, ...]


def names_of(variables: Iterable[str]) -> Names:
    every = tuple(variables)
    return Names(every, tuple(name for name in every if EVERY_VARIABLE[name] in (str, list)))


def asked_by(conditions: Iterable[str]) -> Names:
    """The variables that any of these conditions speaks of: handing over the others costs time."""
    asked = {
        variable(visit.node.value, EVERY_VARIABLE)
        for when in conditions
        for visit in walk(parse(when))
        if visit.node.kind == NAME
    }
    return names_of(name for name in EVERY_VARIABLE if name in asked)


def activation(values: Mapping[str, object], names: Names | None = None) -> cel.Activation:
    """The values as conditions see them: of a long text the beginning, of a long list too.

    At the mention there is no task: conditions that speak of one are not asked there.
    """
    given = names or (_WITH_TASK if _TASK in values else _AT_MENTION)
    seen = {name: values[name] for name in given.every}
    for name in given.bounded:
        value = seen[name]
        if isinstance(value, str) and len(value) > TEXT_CHARS:
            seen[name] = value[:TEXT_CHARS]
        elif isinstance(value, list) and len(value) > MOST_ITEMS:
            seen[name] = value[:MOST_ITEMS]
    return environment().Activation(seen)


_TASK = next(iter(TASK_VARIABLES))
_AT_MENTION, _WITH_TASK = names_of(VARIABLES), names_of(EVERY_VARIABLE)


def _says() -> cel.FunctionDecl:
    """`text.says(pattern)`: an RE2 search that ignores case, compiled once.

    CEL's own `matches` compiles its pattern at each evaluation, 15 times the cost.
    """
    overload = cel.Overload(
        id="string_says_string",
        return_type=cel.Type.BOOL,
        parameters=[cel.Type.STRING, cel.Type.STRING],
        is_member=True,
        impl=_search,
    )
    return cel.FunctionDecl("says", [overload])


def _search(text: str, written: str) -> bool:
    raw = text[:TEXT_CHARS].encode()
    METER.left_bytes -= len(raw) + _CALL_BYTES
    if METER.left_bytes < 0:
        raise ValueError(f"{OVER_BUDGET}: the patterns of all rules have read {READ_BYTES} bytes")
    if len(raw) < _LONG_BYTES:
        return pattern(written).search(raw) is not None
    if METER.left_s < 0:
        raise ValueError(f"{OVER_BUDGET}: the patterns of all rules have taken {MENTION_S} s")
    began = time.thread_time()
    found = pattern(written).search(raw) is not None
    METER.left_s -= time.thread_time() - began
    return found


@functools.lru_cache(_KEPT_PATTERNS)
def pattern(written: str) -> re2._Regexp:
    """Compile a pattern. Raises re2.error where RE2 refuses it, or where it is too large."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _PATTERN_BYTES
    options.never_capture = True  # whether it is there is asked, not where
    compiled = re2.compile(written, options)
    if compiled.programsize > MOST_STEPS:
        needed = compiled.programsize
        raise re2.error(f"expected at most {MOST_STEPS} steps in a pattern, got {needed}")
    return compiled


def text_of(error: Exception) -> str:
    """The words of an error of RE2, which may be bytes."""
    reason = error.args[0] if error.args else error
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
