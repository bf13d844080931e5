"""A scorer with models that do what the text says, on a lane without threads or time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, TypeVar

import numpy as np

from app.adapters.ladder_scorer import LadderScorer, Limits
from app.adapters.lane import Lane
from app.adapters.language import Language
from app.adapters.tiers import Plan, Tiers
from app.core.ladder import RUNGS, Ladder

T = TypeVar("T")
LABELS = ("negative", "neutral", "positive")
L6, FAST, MULTI = "l6", "fast", "multi"


class Hangs(BaseException):
    """What a model raises here instead of never coming back."""


class NoNumber(Exception):
    """As `broken`: the model answers, and says nothing with it."""


class InlineLane(Lane):
    """Does the work where it is asked; what hangs is late at once."""

    async def do(self, work: Callable[[], T], within_s: float | None) -> T:
        assert within_s is None or within_s > 0
        try:
            return work()
        except Hangs:
            raise TimeoutError from None


@dataclass
class FakeModel:
    """Says of a text what its first word asks for. `broken` is raised for every text."""

    name: str
    number: int = 1
    broken: BaseException | None = None
    languages: frozenset[str] = frozenset({"en"})
    asked: list[list[str]] = field(default_factory=list)

    @property
    def files(self) -> Any:
        tag = f"{self.name}@{self.number}"
        return SimpleNamespace(
            tag=tag, labels=LABELS, languages=self.languages, heads={}, columns=len(LABELS)
        )

    def lengths(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def probabilities(self, texts: Sequence[str]) -> Any:
        self.asked.append(list(texts))
        if isinstance(self.broken, NoNumber):
            return np.full((len(texts), len(LABELS)), np.nan, dtype=np.float32)
        if self.broken:
            raise self.broken
        return np.array([self._row(text) for text in texts], dtype=np.float32)

    @staticmethod
    def _row(text: str) -> list[float]:
        first = text.split()[0]
        if first == "raise":
            raise RuntimeError("a broken model")
        if first == "nan":
            return [float("nan")] * 3
        if first.isdigit():  # so sure of it, in percent
            return [int(first) / 100, (100 - int(first)) / 100, 0.0]
        return [0.8, 0.1, 0.1] if first == "bad" else [0.1, 0.2, 0.7]


@dataclass
class House:
    """A clock, a wait and two models, to be set; a scorer that sees them."""

    language: Language
    now_ms: int = 1_000_000
    waited_ms: int = 0
    limits: Limits = field(default_factory=Limits)
    models: dict[str, FakeModel] = field(default_factory=dict)
    loads: list[str] = field(default_factory=list)
    load: Callable[[str], FakeModel] = FakeModel
    others: frozenset[str] = frozenset()  # the languages of a third model; none: there is none

    def __post_init__(self) -> None:
        self.models = {name: FakeModel(name) for name in (L6, FAST)}
        if self.others:
            self.models[MULTI] = FakeModel(MULTI, languages=self.others)
        self.tiers = Tiers(
            plan=Plan(full=L6, cascade=(FAST, L6), fast=FAST, others=MULTI if self.others else ""),
            models=self.models,  # type: ignore[arg-type]
            load=self._load,
            retry_ms=30_000,
            now_ms=lambda: self.now_ms,
            lanes=InlineLane,
        )
        self.scorer = LadderScorer(
            tiers=self.tiers,
            language=self.language,
            ladder=Ladder(rungs=RUNGS, until_ms=(1000, 4000, 15_000), calm_ms=10_000),
            limits=self.limits,
            waited_ms=lambda: self.waited_ms,
            now_ms=lambda: self.now_ms,
        )

    def _load(self, name: str) -> Any:
        self.loads.append(name)
        self.models[name] = self.load(name)
        return self.models[name]

    def facts(self, op: str = "degraded") -> list[str]:
        return [fact.reason for fact in self.tiers.facts if fact.op == op]

    def steps(self) -> list[tuple[str, str, str]]:
        """Each step as (before, after, why)."""
        told = [fact.data for fact in self.tiers.facts if "rung" in fact.data]
        return [(data["before"], data["rung"], data["cause"]) for data in told]
