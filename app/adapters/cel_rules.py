"""Rules in CEL: typed, checked when loaded, bounded in time."""

from __future__ import annotations

from collections.abc import Mapping

from cel_expr_python import cel

from app.config import Config
from app.core import rules
from app.core.decision import Decision
from app.core.errors import ConfigError
from app.core.rules import Row

_TYPES = {str: cel.Type.STRING, int: cel.Type.INT, float: cel.Type.DOUBLE, bool: cel.Type.BOOL}


class CelRules:
    """The rules of one configuration, compiled. Raises `ConfigError` with all bad rows."""

    def __init__(self, config: Config) -> None:
        self.version = config.version
        self._config = config
        self._env = cel.NewEnv(variables={n: _TYPES[t] for n, t in rules.VARIABLES.items()})
        problems = [p for row in config.rows if (p := self._problem(row))]
        if problems:
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
            failed = result.type() == cel.Type.ERROR
            results.append(str(result.value()) if failed else bool(result.value()))
            if results[-1] is True:
                break
        return results

    def _problem(self, row: Row) -> str | None:
        place = row.source.rpartition(": ")[0]
        try:
            expression = self._env.compile(row.when)
        except RuntimeError as error:
            return f"{place}: when: {_first_lines(error)}"
        if expression.return_type() != cel.Type.BOOL:
            return f"{place}: when: expected true or false, got {expression.return_type().name()}"
        return None


def _first_lines(error: Exception) -> str:
    text = str(error).removeprefix("INVALID_ARGUMENT: ").removesuffix(" [INVALID_ARGUMENT]")
    return text.removeprefix("ERROR: <input>:")
