"""The manifest that the product reads: the files with their sha256, labels and temperatures."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from models.sentiment.training.batches import MAX_TOKENS, tokenizer_of
from models.sentiment.training.export import output_of
from models.sentiment.training.measure import Measured, temperature
from models.sentiment.training.sources import Row
from models.sentiment.training.tasks import FURTHER, HEADS, SENTIMENT

Temperatures = dict[str, float]
SUFFIX: Final = ".int8.onnx"  # of the files that the product scores with


def calibrated(model: Measured, rows: Sequence[Row]) -> Temperatures:
    """The temperature of each head that these texts are labelled for, fitted on them."""
    found: Temperatures = {}
    for head in HEADS:
        asked = [row for row in rows if head in row.targets]
        # what an emotion tells of the sentiment is a guess: good to learn from, not to be judged by
        asked = [row for row in asked if max(row.targets[head]) == 1.0]
        if asked:
            logits = model.logits([row.text for row in asked], [head])[head]
            answers = np.array([int(np.argmax(row.targets[head])) for row in asked])
            found[head] = temperature(logits, answers)
    return found


@dataclass(frozen=True, slots=True)
class Shipped:
    """A model of the manifest: its name, what calibrates it, and what it is for.

    Without `languages` it is for those of the whole manifest.
    """

    name: str
    judged: Sequence[Row]
    heads: Sequence[str] = ()
    languages: Sequence[str] = ()


def write(folder: Path, shipped: Sequence[Shipped], tokenizer: Path) -> None:
    """Write manifest.toml and the tokenizer beside the models of `folder`, calibrated."""
    shutil.copyfile(tokenizer, folder / "tokenizer.json")
    asked = tokenizer_of(tokenizer)
    lines = [*_head(folder / "tokenizer.json")]
    for one in shipped:
        file = folder / f"{one.name}{SUFFIX}"
        lines += _model(one, file, calibrated(Measured(file, asked), one.judged))
    (folder / "manifest.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _head(tokenizer: Path) -> Iterator[str]:
    """What holds for all models."""
    yield "# The models that may score mentions. Each file is checked against its sha256 first."
    yield "# Inputs input_ids and attention_mask: int64, (batch, tokens). Outputs: float32 logits,"
    yield "# (batch, labels). Written by the training: models/sentiment/train.py."
    yield ""
    yield f"labels = {_listed(HEADS[SENTIMENT])}"
    yield 'inputs = ["input_ids", "attention_mask"]'
    yield f'output = "{output_of(SENTIMENT)}"'
    yield f"max_tokens = {MAX_TOKENS}  # 99 percent of tweets need 43 or fewer"
    yield "temperature = 1.0  # of models that name none of their own"
    yield 'languages = ["en"]  # any other language gets the honest answer "unsupported"'
    yield from ("", "[tokenizer]", *_file(tokenizer))
    for head, labels in FURTHER.items():
        yield from ("", f"[head.{head}]", f'output = "{output_of(head)}"')
        yield f"labels = {_listed(labels)}"


def _model(one: Shipped, file: Path, temperatures: Temperatures) -> Iterator[str]:
    yield from ("", f"[model.{one.name}]", *_file(file))
    if one.languages:
        yield f"languages = {_listed(one.languages)}"
    if one.heads:
        yield f"heads = {_listed(one.heads)}"
    for head, value in temperatures.items():
        name = "temperature" if head == SENTIMENT else f"temperatures.{head}"
        yield f"{name} = {value}  # fitted on validation data"


def _file(path: Path) -> Iterator[str]:
    yield f'file = "{path.name}"'
    yield f'sha256 = "{hashlib.sha256(path.read_bytes()).hexdigest()}"'


def _listed(names: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"
