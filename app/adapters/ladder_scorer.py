"""Scoring down a ladder: the best model while there is time, a cheaper one while there is not."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import InitVar, dataclass, field

import numpy as np
import structlog

from app import metrics
from app.adapters.language import Language
from app.adapters.onnx_scorer import Floats, Model, finish, judgement_of
from app.adapters.reading import Reading, Text
from app.adapters.tiers import OTHERS, Tiers, Trouble
from app.adapters.windowed import whole
from app.core import ladder as rungs
from app.core import lexicon
from app.core.ladder import CASCADE, FULL, LEXICON, TOP, Ladder, Standing
from app.core.mention import Mention
from app.core.score import NOT_JUDGED, Judgement, Score
from app.core.windows import MOST, Window, packed

log = structlog.get_logger()

Said = tuple[Judgement, str]  # and which model said it


# No model is asked for a batch after so many budgets: two may hang, and the words still come.
_BUDGETS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one batch may take, and how it is cut.

    A model that does not answer a micro-batch within `budget_s` hangs. `escalate` is the share of
    the least sure that a cascade asks its second model about. On the rung `full` a long text is
    read by `windows` windows at most; elsewhere, and where that is 1, its beginning is.
    """

    budget_s: float = 5.0
    micro_batch: int = 8
    escalate: float = 0.25
    lexicon: frozenset[str] = frozenset({"en"})
    windows: int = MOST


@dataclass(slots=True, kw_only=True)
class LadderScorer:
    """Scores mentions; the rung is chosen for each micro-batch anew.

    `waited_ms` tells how long the oldest mention in hand has waited.
    """

    tiers: Tiers
    language: InitVar[Language]
    ladder: Ladder
    limits: Limits
    waited_ms: Callable[[], int]
    now_ms: Callable[[], int]
    rung: str = field(init=False)  # in use
    reading: Reading = field(init=False)
    _standing: Standing = TOP

    def __post_init__(self, language: Language) -> None:
        self.rung = self.ladder.rungs[0]
        self.reading = Reading(
            tiers=self.tiers,
            language=language,
            budget_s=self.limits.budget_s,
            windows=self.limits.windows,
            now_ms=self.now_ms,
        )

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
        asked = self.rung != LEXICON and self.tiers.ready(FULL, set())
        texts = await self.reading.texts(mentions, self._full if asked else None)
        said = [self._foreign(one) for one in texts]
        known = self._full.files.languages
        others = self._of_others() - known
        for judge, langs in ((self._judge, known), (self._judge_other, others)):
            ours = [i for i, one in enumerate(texts) if one.lang in langs]
            async for some in self._micro_batches(texts, ours):
                judged = await judge([texts[i] for i in some], late)
                for i, one in zip(some, judged, strict=True):
                    said[i] = one
        return await self._finish(mentions, said, [one.lang for one in texts])

    def _of_others(self) -> frozenset[str]:
        """The languages of the model for those that the others do not know, if there is one."""
        names = self.tiers.plan.of(OTHERS)
        return frozenset().union(*(self.tiers.model(name).files.languages for name in names))

    async def _micro_batches(self, texts: list[Text], of: list[int]) -> AsyncIterator[list[int]]:
        """Which of these texts to judge together: of like length, and the long ones last.

        By themselves they take no time from a short one while there is time, move none of its
        figures, and are the ones that a lower rung gets where the batch takes long. No micro-batch
        has more windows than it may have texts, unless one text has: it is judged as fast.
        """
        of = sorted(of, key=lambda i: texts[i].length)  # a micro-batch pads little
        most = self.limits.micro_batch
        long = [i for i in of if self.reading.is_long(texts[i])]
        short = [i for i in of if not self.reading.is_long(texts[i])]
        for start in range(0, len(short), most):
            yield short[start : start + most]
        for start in range(0, len(long), most):
            some = long[start : start + most]
            if self.look() == FULL:
                cut = await self.reading.cut([texts[i] for i in some])
                for i, one in zip(some, cut, strict=True):
                    texts[i] = one
            for together in packed([len(texts[i].parts) for i in some], most):
                yield [some[at] for at in together]

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

    def _foreign(self, text: Text) -> Said:
        """What is said of a language that no model knows."""
        return self._by_words(text) if self.rung == LEXICON else (NOT_JUDGED, self.model)

    def _by_words(self, text: Text) -> Said:
        if text.lang not in self.limits.lexicon:
            return NOT_JUDGED, lexicon.NAME
        return Judgement(sentiment=lexicon.sentiment(text.said, text.lang)), lexicon.NAME

    async def _judge(self, texts: Sequence[Text], late: float) -> list[Said]:
        """One micro-batch. No model is asked after `late` (monotonic, in s)."""
        without: set[str] = set()
        self.look()
        while (rung := self._able(self.rung, without)) != LEXICON and time.monotonic() <= late:
            try:
                said = await self._ask(rung, texts, late)
            except Trouble as trouble:
                without.add(trouble.tier)
                self.look()
            else:
                metrics.RUNG_MENTIONS.labels(rung).inc(len(texts))
                return said
        metrics.RUNG_MENTIONS.labels(LEXICON).inc(len(texts))
        return [self._by_words(text) for text in texts]

    async def _judge_other(self, texts: Sequence[Text], late: float) -> list[Said]:
        """One micro-batch of other languages: where their model is out, the words, if they may."""
        rung = self.look()
        able = rung != LEXICON and self.tiers.ready(OTHERS, set())
        if able and time.monotonic() <= late:
            [name] = self.tiers.plan.of(OTHERS)
            with suppress(Trouble):  # it is told
                return _said(*await self._rows(name, _parts(rung, texts)))
        words = self.limits.lexicon
        return [self._by_words(one) if one.lang in words else self._foreign(one) for one in texts]

    async def _ask(self, rung: str, texts: Sequence[Text], late: float) -> list[Said]:
        """What the models of this rung say. Raises Trouble."""
        names, parts = self.tiers.plan.of(rung), _parts(rung, texts)
        rows, model = await self._rows(names[0], parts)
        said = _said(rows, model)
        moods = rows[:, : len(model.files.labels)]  # what a head is unsure of asks no second model
        unsure = np.argsort(moods.max(axis=1), kind="stable")[: self._unsure(rung, len(texts))]
        if len(unsure) and time.monotonic() <= late:
            try:
                again = await self._rows(names[1], [parts[i] for i in unsure])
            except Trouble:  # it is told; what the first model said is good enough
                return said
            for i, one in zip(unsure, _said(*again), strict=True):
                said[i] = one
        return said

    async def _rows(self, name: str, parts: Sequence[Sequence[Window]]) -> tuple[Floats, Model]:
        """What one model says of texts by their windows, a row for each text. Raises Trouble."""
        read = [part.text for of in parts for part in of]
        rows, model = await self.tiers.ask(name, read, self.limits.budget_s)
        for of in parts:
            if len(of) > 1:
                metrics.WINDOWS.observe(len(of))
        return whole(rows, parts), model

    def _unsure(self, rung: str, count: int) -> int:
        return math.ceil(self.limits.escalate * count) if rung == CASCADE else 0


def _parts(rung: str, texts: Sequence[Text]) -> list[tuple[Window, ...]]:
    """What is read of texts: under load a long one costs no more than a short one."""
    return [text.parts if rung == FULL else text.beginning for text in texts]


def _said(rows: Floats, model: Model) -> list[Said]:
    """A model that says no number is not believed."""
    files = model.files
    return [
        (judgement_of(row, files) if np.isfinite(row).all() else NOT_JUDGED, files.tag)
        for row in rows
    ]
