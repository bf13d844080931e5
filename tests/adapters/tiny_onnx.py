"""A model of a few words, written as ONNX by hand: a row of logits for each word, summed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, models, pre_tokenizers

_FLOAT, _INT64, _INT = 1, 7, 2  # two kinds of numbers in tensors, one of attributes


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _field(number: int, value: int | str | bytes) -> bytes:
    """One field of a protocol buffer: an integer, or bytes with their length."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    content = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _tensor(name: str, values: np.ndarray, kind: int) -> bytes:
    dims = b"".join(_field(1, size) for size in values.shape)
    return dims + _field(2, kind) + _field(8, name) + _field(9, values.tobytes())


def _value(name: str, kind: int, dims: Sequence[str | int]) -> bytes:
    shape = b"".join(_field(1, _field(1 if isinstance(d, int) else 2, d)) for d in dims)
    return _field(1, name) + _field(2, _field(1, _field(1, kind) + _field(2, shape)))


def _node(kind: str, inputs: Sequence[str], output: str, attribute: bytes = b"") -> bytes:
    given = b"".join(_field(1, name) for name in inputs)
    return given + _field(2, output) + _field(4, kind) + attribute


def onnx_of(rows: np.ndarray) -> bytes:
    """A model with the inputs and the output of ours; `rows` are float32 of shape (words, 3)."""
    no_dims = _field(5, _field(1, "keepdims") + _field(3, 0) + _field(20, _INT))
    graph = (
        _field(1, _node("Gather", ["rows", "input_ids"], "found"))
        + _field(1, _node("ReduceSum", ["found", "over"], "logits", no_dims))
        + _field(2, "tiny")
        + _field(5, _tensor("rows", rows.astype("<f4"), _FLOAT))
        + _field(5, _tensor("over", np.array([1], dtype="<i8"), _INT64))
        + _field(11, _value("input_ids", _INT64, ["batch", "tokens"]))
        + _field(11, _value("attention_mask", _INT64, ["batch", "tokens"]))
        + _field(12, _value("logits", _FLOAT, ["batch", 3]))
    )
    return _field(1, 8) + _field(8, _field(1, "") + _field(2, 17)) + _field(7, graph)


def write(folder: Path, name: str, words: Mapping[str, Sequence[float]]) -> str:
    """The model and its tokenizer; returns the lines of a manifest that name them."""
    rows = np.zeros((len(words) + 1, 3))
    rows[1:] = list(words.values())
    (folder / f"{name}.onnx").write_bytes(onnx_of(rows))
    known = {"[UNK]": 0} | {word: at for at, word in enumerate(words, 1)}
    tokenizer = Tokenizer(models.WordLevel(known, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / f"{name}.json"))

    def named(file: str) -> str:
        return f'file = "{file}"\nsha256 = "{_hash(folder / file)}"\n'

    model, own = named(f"{name}.onnx"), named(f"{name}.json")
    return f"\n[model.{name}]\n{model}[model.{name}.tokenizer]\n{own}"


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
