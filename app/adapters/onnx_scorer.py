"""Scoring with ONNX: one single-threaded session, off the event loop, in small sorted batches."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
import structlog
from tokenizers import Encoding, Tokenizer

from app.adapters.language import Language
from app.adapters.model_files import ModelFiles
from app.core.errors import ConfigError
from app.core.formulas import completed
from app.core.mention import Mention
from app.core.score import NOT_SCORED, UNSCORED, Score, Sentiment
from app.core.text import clean
from app.failpoints import failpoint

Floats = npt.NDArray[np.float32]
log = structlog.get_logger()


class Model:
    """One loaded model. Raises ConfigError where the file does not do what its manifest says."""

    def __init__(self, files: ModelFiles, micro_batch: int = 8) -> None:
        self.files = files
        self._micro_batch = micro_batch
        options = ort.SessionOptions()
        # One thread a session: scaling is by workers, and a spinning pool would starve them.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = ort.InferenceSession(
                files.model, options, providers=["CPUExecutionProvider"]
            )
            self._tokenizer = Tokenizer.from_file(str(files.tokenizer))
            self._tokenizer.enable_truncation(files.max_tokens)
            self._tokenizer.no_padding()
            warm = self.probabilities(["Warm up, so that the first mention does not wait."])
        except Exception as error:  # the runtimes raise their own kinds, without a common root
            raise ConfigError([f"{files.model}: cannot be loaded: {error}"]) from error
        if warm.shape != (1, len(files.labels)) or not np.isfinite(warm).all():
            raise ConfigError([f"{files.model}: output: expected (1, 3) finite, got {warm.shape}"])

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Class probabilities, float32 of shape (texts, labels), rows in the order given."""
        encodings = self._tokenizer.encode_batch_fast([clean(text) for text in texts])
        # Sorted by length, a batch pads little: unsorted ones were measured 25-38 % slower.
        order = sorted(range(len(texts)), key=lambda i: len(encodings[i].ids))
        out = np.empty((len(texts), len(self.files.labels)), dtype=np.float32)
        for start in range(0, len(order), self._micro_batch):
            rows = order[start : start + self._micro_batch]
            out[rows] = self._run([encodings[i] for i in rows])
            failpoint("mid-score")
        return out

    def _run(self, encodings: list[Encoding]) -> Floats:
        longest = max(len(encoding.ids) for encoding in encodings)
        ids = np.zeros((len(encodings), longest), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = encoding.ids
            mask[row, : len(encoding.ids)] = 1
        fed = dict(zip(self.files.inputs, (ids, mask), strict=True))
        [logits] = self._session.run([self.files.output], fed)
        return _softmax(np.asarray(logits, dtype=np.float32) / self.files.temperature)


class OnnxScorer:
    """Scores mentions; `swap` puts another model in its place between two batches."""

    def __init__(self, model: Model, language: Language, budget_s: float) -> None:
        self._model = model
        self._language = language
        self._budget_s = budget_s
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="score")

    @property
    def model(self) -> str:
        return self._model.files.tag

    def swap(self, model: Model) -> None:
        self._model = model

    async def score(self, mentions: Sequence[Mention]) -> list[Score]:
        """Score in order. A batch beyond its budget, or a failing model, yields unscored ones."""
        if not mentions:
            return []
        loop = asyncio.get_running_loop()
        model = self._model
        try:
            work = loop.run_in_executor(self._pool, self._score, model, list(mentions))
            return await asyncio.wait_for(asyncio.shield(work), self._budget_s)
        except TimeoutError:
            # The thread hangs in native code and cannot be stopped: leave it behind.
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="score")
            log.error("model_hangs", model=model.files.tag, budget_s=self._budget_s)
        except Exception:  # whatever the model does, the mentions must reach people
            log.exception("model_failed", model=model.files.tag)
        return [_finish(mention, NOT_SCORED, mention.lang, UNSCORED) for mention in mentions]

    def _score(self, model: Model, mentions: list[Mention]) -> list[Score]:
        langs = [self._language.of(m.text, m.lang) for m in mentions]
        known = [i for i, lang in enumerate(langs) if lang in model.files.languages]
        sentiments = [NOT_SCORED] * len(mentions)
        if known:
            rows = model.probabilities([mentions[i].text for i in known])
            for i, row in zip(known, rows, strict=True):
                if np.isfinite(row).all():  # a model that says no number is not believed
                    sentiments[i] = _sentiment(row, model.files.labels)
        return [
            _finish(mention, sentiment, lang, model.files.tag)
            for mention, sentiment, lang in zip(mentions, sentiments, langs, strict=True)
        ]


def _finish(mention: Mention, sentiment: Sentiment, lang: str, model: str) -> Score:
    return completed(mention.text, mention.author.followers, sentiment, lang, model)


def _sentiment(row: Floats, labels: tuple[str, ...]) -> Sentiment:
    share: dict[str, Any] = {name: round(float(p), 4) for name, p in zip(labels, row, strict=True)}
    label = labels[int(row.argmax())]
    return Sentiment(label=label, confidence=share[label], **share)


def _softmax(logits: Floats) -> Floats:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float32)
