"""The scorer of a worker, looked after: its rung, its models, and what became of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

import structlog

from app import metrics
from app.adapters.ladder_scorer import LadderScorer
from app.adapters.lane import Lane
from app.adapters.onnx_scorer import Model
from app.core.errors import ConfigError, Unavailable
from app.ports import Door

log = structlog.get_logger()

LOOK_S = 1.0  # a worker without work climbs too, and tells what happened within this


class Scoring:
    """Looks at the ladder, and tells the ledger.

    `changed` gives another value where other models are to be loaded: the manifest was written
    anew, or another model was promoted. `loaded` is called when these are in use.
    """

    def __init__(
        self,
        scorer: LadderScorer,
        door: Callable[[], Door],
        process: str,
        changed: Callable[[], object],
        load: Callable[[], Mapping[str, Model]],
    ) -> None:
        self._scorer = scorer
        self._door = door
        self._process = process
        self._changed = changed
        self._load = load
        self.loaded: Callable[[], None] = lambda: None
        self._known = changed()
        self._refused = False
        metrics.MODEL.labels(scorer.model).set(1)

    async def turn(self) -> None:
        """Climb where it is calm, load again what was out, tell it. Raises Unavailable."""
        self._scorer.look()
        self._scorer.tiers.heal()
        self._show()
        await self.tell()

    def _show(self) -> None:
        """Whether we work without a model: one that was refused, or one that is out."""
        metrics.DEGRADED.labels("model").set(self._refused or not self._scorer.tiers.well)

    async def tell(self) -> None:
        """Put on its way to the ledger what has happened. Raises Unavailable."""
        facts = self._scorer.tiers.facts
        told = [replace(fact, data={**fact.data, "process": self._process}) for fact in facts]
        if told:
            await self._door().note(told)
            del facts[: len(told)]

    async def leave(self) -> None:
        """Tell the last of it, where that is possible."""
        with suppress(Unavailable):
            await self.tell()

    async def reload(self) -> None:
        """Load other models where there are; where they are wrong the last good ones stay."""
        if (changed := self._changed()) == self._known:
            return
        self._known = changed
        tiers, before, lane = self._scorer.tiers, self._scorer.model, Lane()
        try:
            loaded = await lane.do(self._load, None)
        except ConfigError as error:
            log.error("model_refused", problems=error.problems, kept=before)
            self._refused = True
            tiers.note("degraded", f"model refused, {before} stays: {error}")
        else:
            tiers.swap(loaded)
            self.loaded()
            metrics.MODEL.labels(before).set(0)
            log.info("model_loaded", model=self._scorer.model)
            self._refused = False
            metrics.MODEL.labels(self._scorer.model).set(1)
            tiers.note("configured", f"model {self._scorer.model}", model=self._scorer.model)
        finally:
            lane.leave()
            self._show()


def changed_at(path: os.PathLike[str]) -> int:
    """When a file was last written, in ns; 0 where it is not there."""
    try:
        return os.stat(path).st_mtime_ns
    except FileNotFoundError:
        return 0
