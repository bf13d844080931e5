"""Bare ONNX scoring on one core: tokenising and the model, nothing of Handshake around it."""

from __future__ import annotations

import time

from app.adapters.model_files import find
from app.adapters.onnx_scorer import Model
from app.core.quantiles import quantile
from app.settings import MODELS, Settings
from benchmarks.figures import Row, load_now
from benchmarks.texts import english

TEXTS = 2_000
BATCH = 64  # what triage takes at most, so that the rates compare
SINGLES = 400
ROUNDS = 3  # the best of these is the core's rate: slower ones were disturbed


def measure(name: str) -> Row:
    """Rate over batches, and the latency of one text at a time."""
    model = Model(find(MODELS, name), Settings().scoring.micro_batch)
    texts = english(TEXTS)
    before = load_now()
    used = time.process_time()
    rates = [_rate(model, texts) for _ in range(ROUNDS)]
    used = time.process_time() - used
    singles = [_single(model, text) for text in texts[:SINGLES]]
    return Row(
        name=f"bare ONNX, {name}, 1 thread",
        figures={
            "messages/s": max(rates),
            "a CPU-second": ROUNDS * len(texts) / used,
            "batch-1 p50": 1000 * quantile(singles, 0.50),
            "p99": 1000 * quantile(singles, 0.99),
        },
        unit="ms",
        load=(before, load_now()),
        details={"rates": rates, "texts": len(texts), "batch": BATCH, "singles": SINGLES},
    )


def _rate(model: Model, texts: list[str]) -> float:
    began = time.perf_counter()
    for start in range(0, len(texts), BATCH):
        model.probabilities(texts[start : start + BATCH])
    return len(texts) / (time.perf_counter() - began)


def _single(model: Model, text: str) -> float:
    began = time.perf_counter()
    model.probabilities([text])
    return time.perf_counter() - began
