"""A model of a few hundred bytes: of each output, logits that grow with the length of the text.

ONNX is protobuf, written here by hand: no package is needed that only trainers have.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

# Of each output: what a token adds to each label's logit, and what it begins with.
Outputs = Mapping[str, tuple[Sequence[float], Sequence[float]]]

_FLOAT, _INT64 = 1, 7
_OPSET, _IR_VERSION = 17, 9


def model(outputs: Outputs) -> bytes:
    """Takes input_ids and attention_mask, int64 (batch, tokens); gives float32 (batch, labels)."""
    nodes = [
        _node("Cast", ["attention_mask"], "mask", _text(1, "to") + _int(3, _FLOAT) + _int(20, 2)),
        _node("ReduceSum", ["mask", "axes"], "tokens"),
    ]
    constants = [_tensor("axes", [1], _INT64, struct.pack("<q", 1))]
    for name, (slope, start) in outputs.items():
        nodes += [
            _node("MatMul", ["tokens", f"{name}.slope"], f"{name}.grown"),
            _node("Add", [f"{name}.grown", f"{name}.start"], name),
        ]
        constants += [
            _tensor(f"{name}.slope", [1, len(slope)], _FLOAT, _floats(slope)),
            _tensor(f"{name}.start", [len(start)], _FLOAT, _floats(start)),
        ]
    graph = (
        b"".join(_field(1, node) for node in nodes)
        + _text(2, "tiny")
        + b"".join(_field(5, one) for one in constants)
        + b"".join(_field(11, _value(name, _INT64)) for name in ("input_ids", "attention_mask"))
        + b"".join(_field(12, _value(name, _FLOAT)) for name in outputs)
    )
    return _int(1, _IR_VERSION) + _field(7, graph) + _field(8, _text(1, "") + _int(2, _OPSET))


def _node(op: str, inputs: Sequence[str], output: str, attribute: bytes = b"") -> bytes:
    read = b"".join(_text(1, name) for name in inputs)
    return read + _text(2, output) + _text(4, op) + (_field(5, attribute) if attribute else b"")


def _tensor(name: str, shape: Sequence[int], kind: int, raw: bytes) -> bytes:
    return b"".join(_int(1, n) for n in shape) + _int(2, kind) + _text(8, name) + _field(9, raw)


def _value(name: str, kind: int) -> bytes:
    """An input or output of two dimensions, of any size."""
    shape = b"".join(_field(1, _text(2, f"{name}.{n}")) for n in range(2))
    return _text(1, name) + _field(2, _field(1, _int(1, kind) + _field(2, shape)))


def _floats(values: Sequence[float]) -> bytes:
    return struct.pack(f"<{len(values)}f", *values)


def _text(number: int, text: str) -> bytes:
    return _field(number, text.encode())


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _int(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])
