"""Explained: how each rule fared with the values of a mention, and what of it did not hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from app.core.recorded import Decide


class FailedPart(Protocol):
    """A part of a condition that did not hold: where it stands, and the values that it saw."""

    @property
    def condition(self) -> str: ...
    @property
    def at(self) -> str: ...
    @property
    def values(self) -> Mapping[str, object]: ...
    @property
    def error(self) -> str: ...


class Explained(Protocol):
    """How one rule fared: `result` is hit, miss, error or not_reached."""

    @property
    def rule(self) -> str: ...
    @property
    def result(self) -> str: ...
    @property
    def why(self) -> str: ...
    @property
    def detail(self) -> str: ...
    @property
    def failed(self) -> Sequence[FailedPart]: ...


class Explains(Protocol):
    def explain(self, values: Mapping[str, object]) -> Sequence[Explained]:
        """How each rule fares with these values, in the order in which they are asked."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Fared:
    """What a trace knows: the result of a rule, not the part of it that failed."""

    rule: str
    result: str
    why: str
    detail: str = ""
    failed: tuple[FailedPart, ...] = ()


class ByTrace:
    """Explains by the trace of the decision, for rules that cannot tell more."""

    def __init__(self, decide: Decide, whys: Mapping[str, str]) -> None:
        self._decide = decide
        self._whys = whys

    def explain(self, values: Mapping[str, object]) -> Sequence[Explained]:
        return [
            Fared(
                rule=trace.rule,
                result=trace.result,
                why=self._whys.get(trace.rule, ""),
                detail=trace.detail,
            )
            for trace in self._decide(values).trace
        ]


def told(one: Explained) -> dict[str, Any]:
    """The same, ready for JSON."""
    return {
        "rule": one.rule,
        "result": one.result,
        "why": one.why,
        "detail": one.detail,
        "failed": [
            {"condition": part.condition, "at": part.at, "values": dict(part.values),
             "error": part.error}
            for part in one.failed
        ],
    }  # fmt: skip
