"""The manifest that the product reads: the files with their sha256, labels and temperatures."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.sentiment.training.batches import MAX_TOKENS
from models.sentiment.training.export import output_of
from models.sentiment.training.measure import Judged
from models.sentiment.training.tasks import FURTHER, HEADS, SENTIMENT

TOKENIZER: Final = "tokenizer.json"
SUFFIX: Final = ".int8.onnx"  # of the files that the product scores with


@dataclass(frozen=True, slots=True)
class Shipped:
    """A model of the manifest: its name, what it says of validation texts, and what it is for.

    Without `languages` it is for those of the whole manifest.
    """

    name: str
    judged: Sequence[Judged]
    heads: Sequence[str] = ()
    languages: Sequence[str] = ()


def write(folder: Path, shipped: Sequence[Shipped]) -> None:
    """Write manifest.toml beside the models and the tokenizer of `folder`, calibrated."""
    lines = [*_head(folder / TOKENIZER)]
    for one in shipped:
        lines += _model(one, folder / f"{one.name}{SUFFIX}")
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


def _model(one: Shipped, file: Path) -> Iterator[str]:
    yield from ("", f"[model.{one.name}]", *_file(file))
    if one.languages:
        yield f"languages = {_listed(one.languages)}"
    if one.heads:
        yield f"heads = {_listed(one.heads)}"
    for judged in one.judged:
        name = "temperature" if judged.head == SENTIMENT else f"temperatures.{judged.head}"
        yield f"{name} = {judged.temperature}  # fitted on validation data"


def _file(path: Path) -> Iterator[str]:
    yield f'file = "{path.name}"'
    yield f'sha256 = "{hashlib.sha256(path.read_bytes()).hexdigest()}"'


def _listed(names: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"
