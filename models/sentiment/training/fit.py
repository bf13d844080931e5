"""The training loop: AdamW, warm-up and linear decay, averaged weights, checkpoints to resume."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
import optax
from safetensors.numpy import load_file, save_file

from models.sentiment.training.batches import Batch, Batches
from models.sentiment.training.encoder import Params
from models.sentiment.training.tasks import COMPLAINT, HEADS, SENTIMENT

HEAD_SHARE: Final = dict.fromkeys(HEADS, 0.3) | {SENTIMENT: 1.0, COMPLAINT: 0.6}  # of the loss
_SAVE_EVERY_S: Final = 120.0  # a session that is stopped loses no more than this
_SAY_EVERY: Final = 50  # steps
_MEAN_OF: Final = 200  # steps whose loss is told as one
_CHECKPOINT: Final = "checkpoint.safetensors"
_DONE: Final = "done"  # steps that the checkpoint has behind it


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a training is: the same plan and texts give the same weights on the same machine."""

    passes: int
    rate: float  # peak learning rate
    seed: int
    batch: int = 32
    warmup: float = 0.06  # share of all steps
    decay: float = 0.01  # of weights, a step, times the rate
    dropout: float = 0.1
    average: float = 0.999  # weights kept from step to step in the running mean
    fixed: tuple[str, ...] = ()  # parameters that stay as they are


State = dict[str, Any]  # params, mean, the optimiser's own
# Logits of every head from parameters, ids, mask, a key for dropout, and its rate.
Logits = Callable[[Params, jax.Array, jax.Array, jax.Array | None, float], dict[str, jax.Array]]


@dataclass(frozen=True, slots=True)
class Training:
    """A plan for a model, the folder of its checkpoints, and whom its progress is told.

    The folder belongs to this plan and its texts alone: see `train.fingerprint`.
    """

    plan: Plan
    logits: Logits
    folder: Path
    say: Callable[[str], None]


def fit(training: Training, batches: Batches, start: Params) -> Params:
    """Train and return the averaged weights; goes on from the last checkpoint."""
    plan, folder = training.plan, training.folder
    steps = plan.passes * len(batches)
    optimiser = _optimiser(plan, steps)
    state: State = {"params": start, "mean": start, "opt": optimiser.init(start)}
    state, done = _resumed(folder, state)
    step = _step(training, optimiser)
    saved = time.monotonic()
    losses: deque[float] = deque(maxlen=_MEAN_OF)
    for at, batch in _remaining(plan, batches, done):
        state, loss = step(state, batch.arrays(), at)
        losses.append(float(loss))
        if at % _SAY_EVERY == 0:
            training.say(f"step {at}/{steps} loss {np.mean(losses):.4f}")
        if time.monotonic() - saved > _SAVE_EVERY_S:
            _save(folder, state, at + 1)
            saved = time.monotonic()
    _save(folder, state, steps)
    mean: Params = state["mean"]
    return mean | {name: start[name] for name in plan.fixed}  # a running mean may round


def _remaining(plan: Plan, batches: Batches, done: int) -> Iterator[tuple[int, Batch]]:
    """Steps with their batches, from `done` on."""
    at = 0
    for number in range(plan.passes):
        if done >= at + len(batches):
            at += len(batches)
            continue
        for batch in batches.one_pass(plan.seed * 1_000 + number):
            if at >= done:
                yield at, batch
            at += 1


def _optimiser(plan: Plan, steps: int) -> optax.GradientTransformation:
    warm = max(1, int(plan.warmup * steps))
    rate = optax.warmup_cosine_decay_schedule(0.0, plan.rate, warm, steps, plan.rate * 0.02)
    return optax.chain(
        optax.clip_by_global_norm(1.0),
        optax.adamw(rate, weight_decay=plan.decay, mask=lambda params: _decayed(params, plan)),
    )


def _decayed(params: Params, plan: Plan) -> dict[str, bool]:
    """Which weights shrink a little at each step: matrices, but norms and what is fixed not."""
    return {
        name: name.endswith("weight") and "Norm" not in name and name not in plan.fixed
        for name in params
    }


def _step(training: Training, optimiser: optax.GradientTransformation) -> Any:
    plan = training.plan

    def loss_of(params: Params, batch: dict[str, Any], key: jax.Array) -> jax.Array:
        fixed = {name: jax.lax.stop_gradient(params[name]) for name in plan.fixed}
        found = training.logits(params | fixed, batch["ids"], batch["mask"], key, plan.dropout)
        total = jnp.zeros(())
        for head, share in HEAD_SHARE.items():
            crossed = -(batch["targets"][head] * jax.nn.log_softmax(found[head])).sum(axis=-1)
            # divided by all texts, so that a head that few texts teach does not outweigh the rest
            total += share * (crossed * batch["weights"][head]).sum() / plan.batch
        return total

    def step(state: State, batch: dict[str, Any], at: jax.Array) -> tuple[State, jax.Array]:
        key = jax.random.fold_in(jax.random.key(plan.seed, impl="rbg"), at)
        loss, slopes = jax.value_and_grad(loss_of)(state["params"], batch, key)
        changes, opt = optimiser.update(slopes, state["opt"], state["params"])
        params = optax.apply_updates(state["params"], changes)
        kept = jnp.minimum(plan.average, (1.0 + at) / (10.0 + at))
        mean = jax.tree.map(lambda m, p: kept * m + (1.0 - kept) * p, state["mean"], params)
        return {"params": params, "mean": mean, "opt": opt}, loss

    return jax.jit(step)


def _save(folder: Path, state: State, done: int) -> None:
    """Keep where the training is."""
    folder.mkdir(parents=True, exist_ok=True)
    leaves, _ = jax.tree.flatten(state)
    arrays = {str(i): np.asarray(leaf) for i, leaf in enumerate(leaves)} | {_DONE: np.array([done])}
    put(arrays, folder / _CHECKPOINT)


def put(arrays: Mapping[str, Any], path: Path) -> None:
    """Write a file beside its place, then put it there: what is there is whole."""
    beside = path.with_suffix(".next")
    save_file({name: np.asarray(array) for name, array in arrays.items()}, beside)
    beside.replace(path)


def _resumed(folder: Path, state: State) -> tuple[State, int]:
    if not (folder / _CHECKPOINT).exists():
        return state, 0
    arrays = load_file(folder / _CHECKPOINT)
    leaves, shape = jax.tree.flatten(state)
    kept = [jnp.asarray(arrays[str(i)]) for i in range(len(leaves))]
    return jax.tree.unflatten(shape, kept), int(arrays[_DONE][0])
