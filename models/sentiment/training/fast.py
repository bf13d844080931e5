"""The fast tier: no attention, only word pieces and their pairs, averaged.

A bag of embeddings (Joulin et al. 2017, fastText) with the tokenizer, inputs and heads of the big
models; the English one is taught by an encoder. Pairs of neighbours are told apart by hashing, so
that "not good" is more than "not" and "good". Every text costs microseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from models.sentiment.training.encoder import Params, dropped
from models.sentiment.training.export import IDS, MASK, Graph, output_of
from models.sentiment.training.tasks import HEADS

WIDTH: Final = 96  # numbers for each word piece: the leading directions of the backbone's 384
PAIRS: Final = 1 << 15  # places for pairs of neighbours; a power of two, so that a mask is a modulo
# Odd, near 2^16 / golden ratio: pairs of neighbours in the vocabulary fall far apart.
_SPREAD: Final = 40_503
_INNER: Final = 128
_GAIN: Final = 10.0  # undoes the small scale of the table, at which learning it is stable


def start(words: np.ndarray[Any, np.dtype[np.float32]], seed: int) -> Params:
    """Embeddings from the backbone's, cut to their leading directions; the rest drawn."""
    random = np.random.default_rng(seed)
    centred = words - words.mean(axis=0)
    _, _, directions = np.linalg.svd(centred[:: max(1, len(words) // 8_000)], full_matrices=False)
    table = centred @ directions[:WIDTH].T
    table /= table.std() * 10.0
    params: Params = {
        "words": jnp.asarray(table, jnp.float32),
        "pairs": jnp.zeros((PAIRS, WIDTH)),
        "inner.weight": jnp.asarray(random.normal(0, WIDTH**-0.5, (WIDTH, _INNER)), jnp.float32),
        "inner.bias": jnp.zeros(_INNER),
    }
    for head, labels in HEADS.items():
        drawn = random.normal(0, _INNER**-0.5, (_INNER, len(labels)))
        params[f"heads.{head}.weight"] = jnp.asarray(drawn, jnp.float32)
        params[f"heads.{head}.bias"] = jnp.zeros(len(labels))
    return params


def logits(
    params: Params, ids: jax.Array, mask: jax.Array, dropout: jax.Array | None, rate: float = 0.0
) -> dict[str, jax.Array]:
    """Logits of every head, float32 (B, labels); `ids` and `mask` are (B, T).

    With a key in `dropout`, `rate` of the mean is dropped.
    """
    told = mask[:, :, None].astype(jnp.float32)
    pairs = (ids[:, :-1] * _SPREAD + ids[:, 1:]) & (PAIRS - 1)
    single = (params["words"][ids] * told).sum(axis=1)
    double = (params["pairs"][pairs] * told[:, 1:]).sum(axis=1)
    mean = (single + double) / told.sum(axis=1)
    mean = dropped(mean, dropout, rate)
    inner = jnp.tanh(mean @ params["inner.weight"] * _GAIN + params["inner.bias"])
    return {h: inner @ params[f"heads.{h}.weight"] + params[f"heads.{h}.bias"] for h in HEADS}


def write(params: Mapping[str, Any], path: Path) -> None:
    """The same as an ONNX graph; its tables are int8 when it is quantised."""
    graph = Graph()
    told = graph.add("Unsqueeze", graph.cast(MASK, "told"), graph.ints(2))
    axis = graph.ints(1)
    left = graph.add("Slice", IDS, graph.ints(0), graph.ints(-1), axis)
    right = graph.add("Slice", IDS, graph.ints(1), graph.ints(1 << 30), axis)
    spread = graph.add("Add", graph.add("Mul", left, graph.ints(_SPREAD)), right)
    pairs = graph.add("Mod", spread, graph.ints(PAIRS))
    both = []
    for table, at, weights in (
        ("words", IDS, told),
        ("pairs", pairs, graph.add("Slice", told, graph.ints(1), graph.ints(1 << 30), axis)),
    ):
        found = graph.add("Gather", graph.constant(params[table]), at)
        both.append(graph.add("ReduceSum", graph.add("Mul", found, weights), axis, keepdims=0))
    mean = graph.add("Div", graph.add("Add", *both), graph.add("ReduceSum", told, axis, keepdims=0))
    weight = np.asarray(params["inner.weight"]) * _GAIN
    inner = graph.add("Tanh", graph.linear(mean, weight, params["inner.bias"]))
    for head in HEADS:
        weight = np.asarray(params[f"heads.{head}.weight"])
        graph.linear(inner, weight, params[f"heads.{head}.bias"], output_of(head))
    graph.save(path)
