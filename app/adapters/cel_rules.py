"""Rules in CEL: typed, checked when loaded, bounded in time."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping

import re2
from cel_expr_python import cel

from app.config import Config
from app.core import rules
from app.core.decision import Decision
from app.core.errors import ConfigError
from app.core.rules import Row

_TYPES = {str: cel.Type.STRING, int: cel.Type.INT, float: cel.Type.DOUBLE, bool: cel.Type.BOOL}

# Text literals given to `says`, so that a broken pattern is found when the rule is loaded.
_PATTERNS = re.compile(r"""\.says\(\s*r?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
_KEPT_PATTERNS = 4096
_PATTERN_BYTES = 1 << 20  # a compiled pattern that needs more is refused


class CelRules:
    """The rules of one configuration, compiled. Raises `ConfigError` with all bad rows."""

    def __init__(self, config: Config) -> None:
        self.version = config.version
        self._config = config
        self._env = _environment()
        if problems := [problem for row in config.rows for problem in problems_of(row)]:
            raise ConfigError(problems)
        self._rows = [self._env.compile(row.when) for row in config.rows]

    def decide(self, values: Mapping[str, object]) -> Decision:
        """Decide by the first row that holds. A row that fails counts as not holding."""
        rows = self._config.rows
        traces = rules.trace(rows, self._results(values))
        lang = str(values["score.lang"])
        return rules.decide(rows, traces, self._config.catalogue, lang, self.version)

    def _results(self, values: Mapping[str, object]) -> list[bool | str]:
        """Each row's result up to the first that holds; the others are not reached."""
        activation = self._env.Activation(dict(values))
        results: list[bool | str] = []
        for row in self._rows:
            result = row.eval(activation)
            sound = result.type() == cel.Type.BOOL
            results.append(bool(result.value()) if sound else str(result.value()))
            if results[-1] is True:
                break
        return results


def problems_of(row: Row) -> Iterator[str]:
    """What is wrong with this row's condition, with the position."""
    place = row.source.rpartition(": ")[0]
    try:
        expression = _environment().compile(row.when)
    except RuntimeError as error:
        yield f"{place}: when: {_first_lines(error)}"
        return
    if expression.return_type() != cel.Type.BOOL:
        yield f"{place}: when: expected true or false, got {expression.return_type().name()}"
    for literal in _PATTERNS.findall(row.when):
        try:
            _compiled(literal[1:-1])
        except re2.error as error:
            yield f"{place}: when: the pattern {literal}: {_text(error)}"


@functools.cache
def _environment() -> cel.Env:
    types = {name: _TYPES[type_] for name, type_ in rules.VARIABLES.items()}
    return cel.NewEnv(variables=types, functions=[_says()])


def _says() -> cel.FunctionDecl:
    """`text.says(pattern)`: an RE2 search that ignores case, compiled once.

    CEL's own `matches` compiles its pattern at each evaluation, 15 times the cost.
    """
    overload = cel.Overload(
        id="string_says_string",
        return_type=cel.Type.BOOL,
        parameters=[cel.Type.STRING, cel.Type.STRING],
        is_member=True,
        impl=lambda text, pattern: _compiled(pattern).search(text) is not None,
    )
    return cel.FunctionDecl("says", [overload])


@functools.lru_cache(_KEPT_PATTERNS)
def _compiled(pattern: str) -> re2._Regexp:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _PATTERN_BYTES
    return re2.compile(pattern, options)


def _text(error: Exception) -> str:
    reason = error.args[0] if error.args else error
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


def _first_lines(error: Exception) -> str:
    text = str(error).removeprefix("INVALID_ARGUMENT: ").removesuffix(" [INVALID_ARGUMENT]")
    return text.removeprefix("ERROR: <input>:")
