"""Texts as they are judged: the customer's words, their language, length and windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from app import metrics
from app.adapters.language import ASSUMED, Language, hinted
from app.adapters.onnx_scorer import Model
from app.adapters.tiers import Tiers
from app.core.mention import Mention
from app.core.windows import SHORT, Window, cut, spoken

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What is judged of a mention. `parts` are its windows; one, itself, until it is cut."""

    said: str  # by the customer
    lang: str
    length: int  # in tokens as far as a model reads, or in characters
    parts: tuple[Window, ...]

    @property
    def beginning(self) -> tuple[Window, ...]:
        """The one window that costs no more than a short text."""
        return (Window(self.said, 1.0),)


@dataclass(slots=True, kw_only=True)
class Reading:
    """Reads on the lane of the models, the languages and lengths within `budget_s`.

    `windows` is how many of them a text may have; where it is 1 no text is long.
    """

    tiers: Tiers
    language: Language
    budget_s: float
    windows: int
    now_ms: Callable[[], int]
    _again_ms: int = 0

    async def texts(self, mentions: Sequence[Mention], model: Model | None) -> list[Text]:
        """What their authors said, in which language, and how long it is.

        Where `model` will be asked, in its tokens: by characters, micro-batches were measured to
        pad 8 % more, which is all time of the model.
        """
        # It ends, so it has all its time: what an agent said is never taken for the customer's.
        said = await self.tiers.lane.do(lambda: [spoken(m.text) for m in mentions], None)
        langs = [hinted(m.lang) or ASSUMED for m in mentions]
        lengths = [len(text) for text in said]

        def read() -> tuple[list[str], list[int]]:
            found = [self._lang(text, m.lang) for text, m in zip(said, mentions, strict=True)]
            return found, self._lengths(said, model)

        if self.now_ms() >= self._again_ms:
            try:
                langs, lengths = await self.tiers.lane.do(read, self.budget_s)
            except TimeoutError as error:
                self._not_read(error)
                self.tiers.relieve()
                # Each hang leaves a thread behind: that must not come with each batch.
                self._again_ms = self.now_ms() + self.tiers.retry_ms
                wait_s = self.tiers.retry_ms / 1000
                self.tiers.note("degraded", f"texts are not read for {wait_s:g} s: that hung")
        return [
            Text(said=text, lang=lang, length=length, parts=(Window(text, 1.0),))
            for text, lang, length in zip(said, langs, lengths, strict=True)
        ]

    def is_long(self, text: Text) -> bool:
        """May it have more than one window?"""
        return self.windows > 1 and len(text.said) > SHORT

    async def cut(self, texts: Sequence[Text]) -> list[Text]:
        """The same with their windows. It ends, and has all its time."""

        def work() -> list[Text]:
            return [replace(one, parts=cut(one.said, self.windows)) for one in texts]

        return await self.tiers.lane.do(work, None)

    def _lang(self, text: str, hint: str) -> str:
        try:
            return self.language.of(text, hint)
        except Exception as error:  # whatever it is about this text, the others are read
            self._not_read(error)
            return hinted(hint) or ASSUMED

    def _lengths(self, said: Sequence[str], model: Model | None) -> list[int]:
        try:
            if model is not None:
                return model.lengths(said)
        except Exception as error:  # whatever the tokenizer does: lengths only save time
            self._not_read(error)
        return [len(text) for text in said]

    @staticmethod
    def _not_read(error: Exception) -> None:
        metrics.MODEL_TROUBLES.labels("unread").inc()
        log.error("texts_not_read", reason=repr(error))
