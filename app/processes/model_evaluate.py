"""Evaluate a model on labelled texts: how right, how honest about its doubts, and how fast."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.adapters.labelled_lines import Labelled, read
from app.adapters.model_files import Head, ModelFiles
from app.adapters.model_named import named
from app.adapters.onnx_scorer import Model
from app.adapters.windowed import WindowedModel
from app.core import heads
from app.core.errors import ConfigError, HandshakeError
from app.core.evaluation import BINS, COMPLAINT, Report, evaluate, head_of, shares, spread
from app.settings import MODELS, Settings

BATCH = 64  # what triage takes at most, so that the rates compare


@dataclass(frozen=True, slots=True)
class Scoring:
    """What can be evaluated: a name to sign with, and probabilities of shape (texts, columns)."""

    tag: str
    labels: tuple[str, ...]
    probabilities: Callable[[Sequence[str]], Any]
    windows: bool = False
    heads: Mapping[str, Head] = field(default_factory=dict)


def of_files(files: ModelFiles, micro_batch: int, by_windows: bool = False) -> Scoring:
    """A model of ours, loaded. Raises ConfigError."""
    model = (WindowedModel if by_windows else Model)(files, micro_batch)
    return Scoring(files.tag, files.labels, model.probabilities, by_windows, files.heads)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The figures of a model on a file, and how long they took it, loading left out."""

    model: str
    windows: bool
    report: Report
    complaint_score: str  # which probability was taken for that of a complaint
    wall_s: float
    cpu_s: float

    def as_dict(self) -> dict[str, Any]:
        """For programs. Rates are messages a second: by the clock, and of processor time."""
        by = {"complaint_score": self.complaint_score}
        return {
            "model": self.model,
            "windows": self.windows,
            **self.report.as_dict(),
            "ece_bins": BINS,
            **(by if self.report.classes == COMPLAINT else {}),
            "messages_per_second": round(self.report.n / self.wall_s, 1),
            "messages_per_cpu_second": round(self.report.n / self.cpu_s, 1),
            "threads": 1,
        }


def run(
    file: Path, model: str, most: int, by_windows: bool, on_progress: Callable[[int, int], None]
) -> Evaluation:
    """Evaluate the model named on a file of JSON Lines, on `most` of its lines at the most.

    Raises BadLines where the file is wrong, ConfigError where the model is.
    """
    labelled = cut(read(file), most)
    settings = Settings().scoring
    files = named(model, MODELS, settings.model)
    return measure(of_files(files, settings.micro_batch, by_windows), labelled, on_progress)


def cut(labelled: Labelled, most: int) -> Labelled:
    """Some of the lines, evenly over the file, as files are sorted; 0 takes all."""
    if not most:
        return labelled
    kept = spread(len(labelled.texts), most)
    return Labelled(
        tuple(labelled.texts[at] for at in kept),
        tuple(labelled.labels[at] for at in kept),
        labelled.classes,
    )


def measure(
    model: Scoring, labelled: Labelled, on_progress: Callable[[int, int], None] = lambda *_: None
) -> Evaluation:
    """Score all texts in batches as triage takes them.

    Raises HandshakeError for no numbers, ConfigError for labels of which the model says nothing.
    """
    asked = _asked(model, labelled.classes)
    texts, rows = labelled.texts, []
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    for start in range(0, len(texts), BATCH):
        rows += model.probabilities(texts[start : start + BATCH]).tolist()
        on_progress(len(rows), len(texts))
    wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
    _numbers(rows, texts)
    return Evaluation(
        model=model.tag,
        windows=model.windows,
        report=evaluate(labelled.classes, labelled.labels, [asked(row) for row in rows]),
        complaint_score="P(complaint)" if heads.COMPLAINT in model.heads else "P(negative)",
        wall_s=wall_s,
        cpu_s=cpu_s,
    )


def _asked(
    model: Scoring, classes: Sequence[str]
) -> Callable[[Sequence[float]], tuple[float, ...]]:
    """How to get the probabilities of these classes out of a row of the model."""
    name = head_of(classes)
    if head := model.heads.get(name):
        places = [head.columns.start + head.labels.index(label) for label in classes]
        return lambda row: tuple(row[place] for place in places)
    if name not in ("", heads.COMPLAINT):
        expected = f"a model with the head {name!r}, as these labels are its"
        raise ConfigError([f"{model.tag}: expected {expected}; it has {list(model.heads)}"])
    moods = slice(len(model.labels))
    return lambda row: shares(classes, dict(zip(model.labels, row[moods], strict=True)))


def _numbers(rows: Sequence[Sequence[float]], texts: Sequence[str]) -> None:
    for row, text in zip(rows, texts, strict=True):
        if not all(map(math.isfinite, row)):
            raise HandshakeError(f"Expected probabilities of {text[:60]!r}, the model says {row}")
