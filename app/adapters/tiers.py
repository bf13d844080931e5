"""Tiers: the models of the rungs, and how each of them is."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from functools import partial

import numpy as np
import structlog

from app import metrics
from app.adapters.lane import Lane
from app.adapters.onnx_scorer import Floats, Model
from app.core.facts import Fact
from app.core.ladder import CASCADE, FAST, FULL

log = structlog.get_logger()

# A text that a model stumbles over is no reason to take it from all others: only where it fails on
# this one, too, it is broken.
_PLAIN = "The gate is next to the stairs."
OTHERS = "others"  # not a rung: the model for what the others do not know, beside all of them
# A model that hung leaves a thread and a session behind: the longer, the rarer it is tried again.
_LONGEST_MS = 3_600_000


class Trouble(Exception):
    """A tier did not answer, or failed. `tier` is its name."""

    def __init__(self, tier: str) -> None:
        super().__init__(tier)
        self.tier = tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The models by rung, by name; of `cascade` the one for all, then the one for the unsure.

    `others` judges what they do not know, beside each rung but the lexicon; empty where none does.
    """

    full: str
    cascade: tuple[str, ...] = ()
    fast: str = ""
    others: str = ""

    def of(self, rung: str) -> tuple[str, ...]:
        """The models that a rung needs, or `others`: none for the lexicon."""
        others = (self.others,) if self.others else ()
        known = {FULL: (self.full,), CASCADE: self.cascade, FAST: (self.fast,), OTHERS: others}
        return known.get(rung, ())

    def names(self, rungs: Sequence[str]) -> tuple[str, ...]:
        """Each model that these rungs need, once. The one of `full` signs for all, so it is in."""
        needed = [name for rung in (*rungs, OTHERS) for name in self.of(rung)]
        return tuple(dict.fromkeys([self.full, *needed]))


@dataclass(slots=True)
class _Tier:
    model: Model
    well: bool = True
    well_ms: int | None = None  # since when; None: from the start
    falls: int = 0  # times that it was taken out, forgotten after an hour of being well
    again_ms: int = 0  # when to load it again
    loading: asyncio.Task[None] | None = None


@dataclass(slots=True, kw_only=True)
class Tiers:
    """Asks models on one lane. `facts` are what happened to them, for whoever tells the ledger.

    `load` makes a model by its name anew; it raises where that is not possible.
    """

    plan: Plan
    models: InitVar[Mapping[str, Model]]
    load: Callable[[str], Model]
    retry_ms: int
    now_ms: Callable[[], int]
    lanes: Callable[[], Lane] = Lane
    facts: list[Fact] = field(default_factory=list)
    lane: Lane = field(init=False)
    _tiers: dict[str, _Tier] = field(init=False)

    def __post_init__(self, models: Mapping[str, Model]) -> None:
        self.lane = self.lanes()
        self.swap(models)

    def model(self, name: str) -> Model:
        return self._tiers[name].model

    def swap(self, models: Mapping[str, Model]) -> None:
        """Put these in the place of all that are there."""
        self._tiers = {name: _Tier(model) for name, model in models.items()}

    @property
    def well(self) -> bool:
        """Is no model out?"""
        return all(tier.well for tier in self._tiers.values())

    def ready(self, rung: str, without: set[str]) -> bool:
        """Can all models of this rung be asked?"""
        return all(self._tiers[n].well and n not in without for n in self.plan.of(rung))

    async def ask(self, name: str, texts: Sequence[str], budget_s: float) -> tuple[Floats, Model]:
        """Probabilities, float32 of shape (texts, columns), and who said so. Raises Trouble."""
        tier = self._tiers[name]
        model = tier.model
        try:
            rows = await self.lane.do(lambda: _said(model, texts), budget_s)
        except TimeoutError:
            self.relieve()
            metrics.MODEL_TROUBLES.labels("hung").inc()
            log.error("model_hangs", model=model.files.tag, budget_s=budget_s)
            self._fell(tier, f"it did not answer for {budget_s:g} s")
            raise Trouble(name) from None
        except Exception as error:  # whatever the model does, the mentions must reach people
            metrics.MODEL_TROUBLES.labels("failed").inc()
            log.exception("model_failed", model=model.files.tag)
            await self._doubt(tier, type(error).__name__, budget_s)
            raise Trouble(name) from None
        return rows, model

    async def _doubt(self, tier: _Tier, error: str, budget_s: float) -> None:
        """It failed: was it the text or the model?"""
        try:
            await self.lane.do(partial(_said, tier.model, [_PLAIN]), budget_s)
        except Exception:  # a hang, too
            self.relieve()
            self._fell(tier, f"it fails on any text: {error}")

    def relieve(self) -> None:
        """The thread hangs in native code and cannot be stopped: leave it behind."""
        self.lane.leave()
        self.lane = self.lanes()

    def heal(self) -> None:
        """Load again, beside everything else, what is out and whose time has come."""
        for name, tier in self._tiers.items():
            if not tier.well and tier.loading is None and self.now_ms() >= tier.again_ms:
                tier.loading = asyncio.ensure_future(self._again(name, tier))

    def _current(self, tier: _Tier) -> bool:
        """Not so where a new manifest put another one in its place: then it is nobody's concern."""
        return any(one is tier for one in self._tiers.values())

    def _fell(self, tier: _Tier, why: str) -> None:
        if not self._current(tier):
            return
        now = self.now_ms()
        if tier.well and tier.well_ms is not None and now - tier.well_ms >= _LONGEST_MS:
            tier.falls = 0
        tier.falls, tier.well = tier.falls + 1, False
        wait_ms = min(self.retry_ms * 2 ** (tier.falls - 1), _LONGEST_MS)
        tier.again_ms = now + wait_ms
        tag = tier.model.files.tag
        told = f"model {tag} is out, as {why}; again in {wait_ms / 1000:g} s"
        self.note("degraded", told, model=tag)

    async def _again(self, name: str, tier: _Tier) -> None:
        """A new session, loaded and warmed up on a thread of its own. It may take for ever."""
        lane = self.lanes()
        try:
            model = await lane.do(lambda: self.load(name), None)
            if model.files != tier.model.files:
                raise ValueError("the manifest now names another one, which was not accepted")
        except Exception as error:  # a file that is wrong now may be right later
            log.error("model_not_loaded_again", model=name, reason=str(error))
            self._fell(tier, f"it cannot be loaded again: {error}")
        else:
            if self._current(tier):
                self._back(tier, model)
        finally:
            lane.leave()
            tier.loading = None

    def _back(self, tier: _Tier, model: Model) -> None:
        tier.model, tier.well, tier.well_ms = model, True, self.now_ms()
        tag = model.files.tag
        log.info("model_loaded_again", model=tag)
        self.note("configured", f"model {tag} is back", model=tag)

    def note(self, op: str, reason: str, **data: object) -> None:
        """Keep a fact for whoever tells the ledger."""
        now, name = self.now_ms(), f"scoring:{uuid.uuid4().hex}"
        self.facts.append(Fact(op=op, op_id=name, now_ms=now, reason=reason, data=data))


def _said(model: Model, texts: Sequence[str]) -> Floats:
    """Raises ValueError where the answer does not fit, or holds no number at all."""
    rows = model.probabilities(texts)
    if rows.shape != (len(texts), model.files.columns):
        raise ValueError(f"{model.files.tag}: {rows.shape} for {len(texts)} texts")
    if not np.isfinite(rows).all(axis=1).any():
        raise ValueError(f"{model.files.tag}: no number for any of {len(texts)} texts")
    return rows
