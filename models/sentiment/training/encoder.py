"""The encoder (MiniLM, a small BERT) and its heads as pure functions over a flat dict of arrays.

Names of parameters are those of the safetensors file of the backbone, so that what is trained can
be compared with what it came from. Shapes: B texts, T tokens, H = 384 hidden, A = 12 heads.
Source: Devlin et al. 2019 (BERT), Wang et al. 2020 (MiniLM).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import jax
import jax.numpy as jnp
import numpy as np
from safetensors.numpy import load_file

from models.sentiment.training.tasks import HEADS

Params = dict[str, jax.Array]

HIDDEN: Final = 384
ATTENTION_HEADS: Final = 12
EPSILON: Final = 1e-12  # of the layer norms, as the backbone was trained
_INIT_SCALE: Final = 0.02  # standard deviation of new heads, as BERT's own layers
_BLOCKED: Final = -1e9  # added to attention scores of padding
_UNUSED: Final = ("pooler.", "embeddings.position_ids")


def backbone(file: Path, layers: int) -> Params:
    """The first `layers` layers of the backbone. Raises KeyError where one is missing."""
    found = load_file(file)
    kept = {
        name: jnp.asarray(value)
        for name, value in found.items()
        if not name.startswith(_UNUSED) and _layer(name) < layers
    }
    if f"encoder.layer.{layers - 1}.output.dense.weight" not in kept:
        raise KeyError(f"{file}: expected {layers} layers")
    return kept


def _layer(name: str) -> int:
    return int(name.split(".")[2]) if name.startswith("encoder.layer.") else -1


def with_heads(params: Params, seed: int) -> Params:
    """`params` and a freshly drawn linear head for each task."""
    random = np.random.default_rng(seed)
    heads: Params = {}
    for name, labels in HEADS.items():
        drawn = random.normal(0.0, _INIT_SCALE, (HIDDEN, len(labels)))
        heads[f"heads.{name}.weight"] = jnp.asarray(drawn, dtype=jnp.float32)
        heads[f"heads.{name}.bias"] = jnp.zeros(len(labels))
    return params | heads


def loaded(arrays: Mapping[str, object]) -> Params:
    """Arrays of a file as what the functions here take."""
    return {name: jnp.asarray(value) for name, value in arrays.items()}


def averaged(*models: Params) -> Params:
    """Each weight of the first, as the mean over the models that have it: not all have all heads.

    Raises TypeError or ValueError where they differ in shape.
    """

    def mean(name: str) -> jax.Array:
        weights = [model[name] for model in models if name in model]
        return jnp.asarray(sum(weights) / len(weights))

    return {name: mean(name) for name in models[0]}


def layers_of(params: Mapping[str, object]) -> int:
    return 1 + max(_layer(name) for name in params)


def logits(
    params: Params, ids: jax.Array, mask: jax.Array, dropout: jax.Array | None, rate: float = 0.0
) -> dict[str, jax.Array]:
    """Logits of every head, float32 (B, labels); `ids` and `mask` are (B, T).

    With a key in `dropout`, `rate` of what goes into the first layer and out of the last is
    dropped; between the layers it would cost a seventh of the time.
    """
    keys = (None, None) if dropout is None else jax.random.split(dropout, 2)
    hidden = dropped(_embedded(params, ids), keys[0], rate)
    blocked = (1.0 - mask[:, None, None, :].astype(jnp.float32)) * _BLOCKED
    for layer in range(layers_of(params)):
        hidden = _layered(params, f"encoder.layer.{layer}.", hidden, blocked)
    pooled = dropped(_mean(hidden, mask), keys[1], rate)
    return {
        name: pooled @ params[f"heads.{name}.weight"] + params[f"heads.{name}.bias"]
        for name in HEADS
    }


def _layered(params: Params, at: str, hidden: jax.Array, blocked: jax.Array) -> jax.Array:
    attended = _attention(params, at + "attention.", hidden, blocked)
    attended = _dense(params, at + "attention.output.dense", attended)
    hidden = _norm(params, at + "attention.output.LayerNorm", hidden + attended)
    wide = jax.nn.gelu(_dense(params, at + "intermediate.dense", hidden), approximate=False)
    narrow = _dense(params, at + "output.dense", wide)
    return _norm(params, at + "output.LayerNorm", hidden + narrow)


def _embedded(params: Params, ids: jax.Array) -> jax.Array:
    words = params["embeddings.word_embeddings.weight"][ids]
    places = params["embeddings.position_embeddings.weight"][: ids.shape[1]]
    kind = params["embeddings.token_type_embeddings.weight"][0]
    return _norm(params, "embeddings.LayerNorm", words + places[None] + kind)


def _attention(params: Params, at: str, hidden: jax.Array, blocked: jax.Array) -> jax.Array:
    batch, length, width = hidden.shape

    def split(name: str) -> jax.Array:
        found = _dense(params, f"{at}self.{name}", hidden)
        return found.reshape(batch, length, ATTENTION_HEADS, -1)

    query, key, value = split("query"), split("key"), split("value")
    scores = jnp.einsum("bqhd,bkhd->bhqk", query, key) / math.sqrt(width // ATTENTION_HEADS)
    shares = jax.nn.softmax(scores + blocked, axis=-1)
    return jnp.einsum("bhqk,bkhd->bqhd", shares, value).reshape(batch, length, width)


def _dense(params: Params, name: str, hidden: jax.Array) -> jax.Array:
    return hidden @ params[f"{name}.weight"].T + params[f"{name}.bias"]


def _norm(params: Params, name: str, hidden: jax.Array) -> jax.Array:
    mean = hidden.mean(axis=-1, keepdims=True)
    spread = jnp.square(hidden - mean).mean(axis=-1, keepdims=True)
    scaled = (hidden - mean) * jax.lax.rsqrt(spread + EPSILON)
    return scaled * params[f"{name}.weight"] + params[f"{name}.bias"]


def _mean(hidden: jax.Array, mask: jax.Array) -> jax.Array:
    """Mean over the tokens that are none of padding, (B, H)."""
    weights = mask[:, :, None].astype(jnp.float32)
    return (hidden * weights).sum(axis=1) / weights.sum(axis=1)


def dropped(hidden: jax.Array, key: jax.Array | None, rate: float) -> jax.Array:
    """`hidden` with `rate` of it at nought and the rest raised as much; as it is without a key."""
    if key is None or rate == 0.0:
        return hidden
    kept = jax.random.bernoulli(key, 1.0 - rate, hidden.shape)
    return jnp.where(kept, hidden / (1.0 - rate), 0.0)
