"""Scoring down a ladder: the best model while there is time, a cheaper one while there is not."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import structlog

from app import metrics
from app.adapters.language import ASSUMED, Language, hinted
from app.adapters.onnx_scorer import Floats, Model, finish, judgement_of
from app.adapters.tiers import Tiers, Trouble
from app.core import ladder as rungs
from app.core import lexicon
from app.core.ladder import CASCADE, FULL, LEXICON, TOP, Ladder, Standing
from app.core.mention import Mention
from app.core.score import NOT_JUDGED, Judgement, Score

log = structlog.get_logger()

Said = tuple[Judgement, str]  # and which model said it


# No model is asked for a batch after so many budgets: two may hang, and the words still come.
_BUDGETS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one batch may take, and how it is cut.

    A model that does not answer a micro-batch within `budget_s` hangs. `escalate` is the share of
    the least sure that a cascade asks its second model about.
    """

    budget_s: float = 5.0
    micro_batch: int = 8
    escalate: float = 0.25
    lexicon: frozenset[str] = frozenset({"en"})


@dataclass(slots=True, kw_only=True)
class LadderScorer:
    """Scores mentions; the rung is chosen for each micro-batch anew.

    `waited_ms` tells how long the oldest mention in hand has waited.
    """

    tiers: Tiers
    language: Language
    ladder: Ladder
    limits: Limits
    waited_ms: Callable[[], int]
    now_ms: Callable[[], int]
    rung: str = field(init=False)  # in use
    _standing: Standing = TOP
    _read_again_ms: int = 0

    def __post_init__(self) -> None:
        self.rung = self.ladder.rungs[0]

    @property
    def model(self) -> str:
        """The model of the top: what signs where nothing else is said."""
        return self._full.files.tag

    @property
    def _full(self) -> Model:
        return self.tiers.model(self.tiers.plan.full)

    def look(self) -> str:
        """The rung that the wait asks for and that can work. Each step is told."""
        now, waited = self.now_ms(), self.waited_ms()
        was, lowered = self.rung, self.rung != self.ladder.rungs[self._standing.rung]
        self._standing = self.ladder.after(self._standing, waited, now)
        asked = self.ladder.rungs[self._standing.rung]
        self.rung = self._able(asked, set())
        metrics.RUNG.set(rungs.RUNGS.index(self.rung))
        if self.rung != was:
            down = rungs.RUNGS.index(self.rung) > rungs.RUNGS.index(was)
            cause = "model" if lowered or self.rung != asked else "wait" if down else "calm"
            self._step(was, cause, waited)
        return self.rung

    def _step(self, was: str, cause: str, waited_ms: int) -> None:
        metrics.STEPS.labels(self.rung, cause).inc()
        told = {"rung": self.rung, "before": was, "cause": cause, "waited_ms": waited_ms}
        log.warning("scoring_steps", **told)
        why = {
            "wait": f"the oldest mention has waited {waited_ms} ms",
            "calm": "nothing has waited long for a while",
            "model": "a model is out, or back",
        }[cause]
        self.tiers.note("degraded", f"scoring goes from {was} to {self.rung}: {why}", **told)

    def _able(self, rung: str, without: set[str]) -> str:
        """This rung, or the best below it whose models can all be asked."""
        below = self.ladder.rungs[self.ladder.rungs.index(rung) :]
        return next(one for one in below if self.tiers.ready(one, without))

    async def score(self, mentions: Sequence[Mention]) -> list[Score]:
        """Score in order. Never raises, never hangs: what no model judges in time, words do."""
        if not mentions:
            return []
        late = time.monotonic() + _BUDGETS * self.limits.budget_s
        self.look()
        langs, lengths = await self._read(mentions)
        said = [self._foreign(m.text, lang) for m, lang in zip(mentions, langs, strict=True)]
        known = [i for i, lang in enumerate(langs) if lang in self._full.files.languages]
        known.sort(key=lambda i: lengths[i])  # of like length, a micro-batch pads little
        for start in range(0, len(known), self.limits.micro_batch):
            some = known[start : start + self.limits.micro_batch]
            texts = [(mentions[i].text, langs[i]) for i in some]
            for i, one in zip(some, await self._judge(texts, late), strict=True):
                said[i] = one
        return await self._finish(mentions, said, langs)

    async def _finish(
        self, mentions: Sequence[Mention], said: Sequence[Said], langs: Sequence[str]
    ) -> list[Score]:
        def finished() -> list[Score]:
            return [
                finish(mention, judged, lang, by)
                for mention, (judged, by), lang in zip(mentions, said, langs, strict=True)
            ]

        # Plain Python that reads so much of a text and no more: it ends, so it has all its time.
        # Done again somewhere else, it would only compete with itself.
        return await self.tiers.lane.do(finished, None)

    async def _read(self, mentions: Sequence[Mention]) -> tuple[list[str], list[int]]:
        """The languages, and how long the texts are: in tokens, where a model will be asked.

        By characters, micro-batches were measured to pad 8 % more, which is all time of the model.
        """
        asked = self.rung != LEXICON and self.tiers.ready(FULL, set())

        def read() -> tuple[list[str], list[int]]:
            return [self._lang(mention) for mention in mentions], self._lengths(mentions, asked)

        if self.now_ms() >= self._read_again_ms:
            try:
                return await self.tiers.lane.do(read, self.limits.budget_s)
            except TimeoutError as error:
                self._not_read(error)
                self.tiers.relieve()
                # Each hang leaves a thread behind: that must not come with each batch.
                self._read_again_ms = self.now_ms() + self.tiers.retry_ms
                wait_s = self.tiers.retry_ms / 1000
                self.tiers.note("degraded", f"texts are not read for {wait_s:g} s: that hung")
        return [hinted(m.lang) or ASSUMED for m in mentions], [len(m.text) for m in mentions]

    def _lang(self, mention: Mention) -> str:
        try:
            return self.language.of(mention.text, mention.lang)
        except Exception as error:  # whatever it is about this text, the others are read
            self._not_read(error)
            return hinted(mention.lang) or ASSUMED

    def _lengths(self, mentions: Sequence[Mention], asked: bool) -> list[int]:
        try:
            if asked:
                return self._full.lengths([mention.text for mention in mentions])
        except Exception as error:  # whatever the tokenizer does: lengths only save time
            self._not_read(error)
        return [len(mention.text) for mention in mentions]

    @staticmethod
    def _not_read(error: Exception) -> None:
        metrics.MODEL_TROUBLES.labels("unread").inc()
        log.error("texts_not_read", reason=repr(error))

    def _foreign(self, text: str, lang: str) -> Said:
        """What is said of a language that the models do not know."""
        return self._by_words(text, lang) if self.rung == LEXICON else (NOT_JUDGED, self.model)

    def _by_words(self, text: str, lang: str) -> Said:
        allowed = lang in self.limits.lexicon
        judged = Judgement(sentiment=lexicon.sentiment(text, lang)) if allowed else NOT_JUDGED
        return judged, lexicon.NAME

    async def _judge(self, texts: Sequence[tuple[str, str]], late: float) -> list[Said]:
        """One micro-batch with its languages. No model is asked after `late` (monotonic, in s)."""
        without: set[str] = set()
        self.look()
        while (rung := self._able(self.rung, without)) != LEXICON and time.monotonic() <= late:
            try:
                said = await self._ask(rung, [text for text, _ in texts], late)
            except Trouble as trouble:
                without.add(trouble.tier)
                self.look()
            else:
                metrics.RUNG_MENTIONS.labels(rung).inc(len(texts))
                return said
        metrics.RUNG_MENTIONS.labels(LEXICON).inc(len(texts))
        return [self._by_words(text, lang) for text, lang in texts]

    async def _ask(self, rung: str, texts: list[str], late: float) -> list[Said]:
        """What the models of this rung say. Raises Trouble."""
        names, budget_s = self.tiers.plan.of(rung), self.limits.budget_s
        rows, model = await self.tiers.ask(names[0], texts, budget_s)
        said = _said(rows, model)
        moods = rows[:, : len(model.files.labels)]  # what a head is unsure of asks no second model
        unsure = np.argsort(moods.max(axis=1), kind="stable")[: self._unsure(rung, len(texts))]
        if len(unsure) and time.monotonic() <= late:
            try:
                again = await self.tiers.ask(names[1], [texts[i] for i in unsure], budget_s)
            except Trouble:  # it is told; what the first model said is good enough
                return said
            for i, one in zip(unsure, _said(*again), strict=True):
                said[i] = one
        return said

    def _unsure(self, rung: str, count: int) -> int:
        return math.ceil(self.limits.escalate * count) if rung == CASCADE else 0


def _said(rows: Floats, model: Model) -> list[Said]:
    """A model that says no number is not believed."""
    files = model.files
    return [
        (judgement_of(row, files) if np.isfinite(row).all() else NOT_JUDGED, files.tag)
        for row in rows
    ]
