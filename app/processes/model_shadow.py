"""A candidate model in shadow: asked beside the live one in a process of its own, without effect.

It reads the ledger as it grows, writes nothing, and is no consumer of any topic.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from app.adapters.model_files import ModelFiles
from app.adapters.model_named import named
from app.adapters.store.database import Database
from app.core.errors import Unavailable
from app.core.mention import Mention
from app.core.model_shadow import Comparison, Heard
from app.core.score import UNSUPPORTED
from app.ports import Scorer
from app.settings import MODELS, Settings
from app.wiring.promoted import alone, live_files

log = structlog.get_logger()

POLL_S = 0.5  # how often the ledger is looked at where nothing comes

Pages = AsyncIterator[Sequence[Mention]]


class Coming(Protocol):
    """Mentions in the ledger, by its numbers."""

    async def newest(self) -> int: ...
    async def since(self, seq: int) -> tuple[int, Sequence[Mention]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two: a scorer, the languages of its model, and how to mend it where it is out."""

    scorer: Scorer
    languages: frozenset[str]
    heal: Callable[[], None]


class _Unheard(Exception):
    """No answer of the model itself: `lang` is the language of the text."""

    def __init__(self, lang: str) -> None:
        super().__init__(lang)
        self.lang = lang


@dataclass(slots=True, kw_only=True)
class Pair:
    """The live model and the candidate, a mention at a time, first the one, then the other, and
    the other way round at the next: neither has the warmer cache each time.
    """

    live: Side
    candidate: Side
    clock: Callable[[], float] = time.perf_counter
    comparison: Comparison = field(init=False)

    def __post_init__(self) -> None:
        self.comparison = Comparison(
            live=self.live.scorer.model, candidate=self.candidate.scorer.model
        )

    async def ask(self, said: Mention) -> None:
        """One mention more. Where a model knows no such language, or fails, that is counted."""
        self.live.heal()
        self.candidate.heal()
        made = self.comparison
        turn = -1 if made.mentions % 2 else 1
        try:
            heard = [await self._heard(s, said) for s in (self.live, self.candidate)[::turn]]
        except _Unheard as unheard:
            if unheard.lang in self.live.languages & self.candidate.languages:
                made.failed += 1
            else:
                made.skipped += 1
        else:
            live, candidate = heard[::turn]
            made.add(said.mention_id, said.text, live, candidate)

    async def _heard(self, side: Side, said: Mention) -> Heard:
        """Raises _Unheard where another one answered, or nobody: word lists stand in for models."""
        began = self.clock()
        [score] = await side.scorer.score([said])
        took = self.clock() - began
        if score.model != side.scorer.model or score.sentiment.label == UNSUPPORTED:
            raise _Unheard(score.lang)
        return Heard(score.sentiment.label, score.sentiment.negative, took)


async def compare(pages: Pages, pair: Pair, most: int, stop: asyncio.Event) -> Comparison:
    """Ask both about all that comes, until `most` were compared (0: no end) or told to stop.

    Raises Unavailable.
    """
    async for page in pages:
        for said in page:
            if stop.is_set() or (most and pair.comparison.mentions >= most):
                return pair.comparison
            await pair.ask(said)
        if most and pair.comparison.mentions >= most:
            break
    return pair.comparison


async def coming(received: Coming, stop: asyncio.Event, poll_s: float = POLL_S) -> Pages:
    """Mentions that come from now on, until told to stop; while the store is away it waits.

    Raises Unavailable where it cannot begin.
    """
    seq = await received.newest()
    while not stop.is_set():
        page: Sequence[Mention] = ()
        try:
            seq, page = await received.since(seq)
        except Unavailable as error:
            log.warning("waiting", what="shadow", reason=str(error))
        yield page
        if not page:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), poll_s)


def pair_of(settings: Settings, database: Database, given: str) -> Pair:
    """The live model of this machine and the candidate named. Raises ConfigError."""
    live, candidate = live_files(settings, database), named(given, MODELS, settings.scoring.model)
    return Pair(live=_side(settings, live), candidate=_side(settings, candidate))


def _side(settings: Settings, files: ModelFiles) -> Side:
    scorer = alone(settings, files)
    return Side(scorer=scorer, languages=files.languages, heal=scorer.tiers.heal)
