"""The trained encoder as an ONNX graph, and its int8 form.

Written node by node, so that no tracer's leftovers stand in it: int64 `input_ids` and
`attention_mask` (B, T) in, T at most `MAX_TOKENS`, one float32 output (B, labels) for each head.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from models.sentiment.training.batches import MAX_TOKENS
from models.sentiment.training.encoder import ATTENTION_HEADS, EPSILON, HIDDEN, layers_of
from models.sentiment.training.tasks import HEADS, SENTIMENT

OPSET: Final = 17  # the first with LayerNormalization
_IR_VERSION: Final = 9  # the newest that every supported runtime reads
_BLOCKED: Final = -10_000.0
IDS, MASK = "input_ids", "attention_mask"
_MASK_FLOAT: Final = "mask_float"
_ROW_SCALES: Final = "row_scales"
_INT8_MOST: Final = 127.0  # as far below nought as above: -128 stays unused


def output_of(head: str) -> str:
    """The name of a head's output; that of sentiment is the one the first models had."""
    return "logits" if head == SENTIMENT else head


def write(params: Mapping[str, Any], path: Path, *, by_row: bool = False) -> None:
    """Write the graph of these weights as it is before it is quantised.

    With `by_row` the word vectors are int8 already here, each with a scale of its own: nearer to
    what was trained than with the one scale for all that they get when the graph is quantised.
    """
    graph = Graph()
    hidden = _embedded(graph, params, by_row)
    blocked = _blocked(graph)
    for layer in range(layers_of(params)):
        hidden = _layer(graph, params, f"encoder.layer.{layer}.", hidden, blocked)
    pooled = _mean(graph, hidden)
    for head in HEADS:
        weight = np.asarray(params[f"heads.{head}.weight"])
        graph.linear(pooled, weight, params[f"heads.{head}.bias"], output_of(head))
    graph.save(path)


def quantized(source: Path, target: Path) -> None:
    """Int8 weights with a scale for each output channel; activations are scaled when run."""
    quantize_dynamic(
        str(source),
        str(target),
        weight_type=QuantType.QInt8,
        per_channel=True,
        op_types_to_quantize=["MatMul", "Gather"],
        nodes_to_exclude=[_ROW_SCALES],  # they are no weights: int8 would undo what they are for
        extra_options={"MatMulConstBOnly": True},
    )


class Graph:
    """Nodes and constants in the order in which they are asked for."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def add(self, kind: str, *inputs: str, to: str = "", **attributes: Any) -> str:
        out = to or f"{kind.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [out], **attributes))
        return out

    def cast(self, x: str, out: str) -> str:
        """As float32; `to` is the operator's own attribute, and so not a name here."""
        self._nodes.append(helper.make_node("Cast", [x], [out], to=TensorProto.FLOAT))
        return out

    def constant(self, value: Any, dtype: Any = np.float32) -> str:
        name = f"c_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def ints(self, *values: int) -> str:
        return self.constant(values, np.int64)

    def linear(self, x: str, weight: Any, bias: Any, to: str = "") -> str:
        """x @ weight + bias, with weight of shape (in, out)."""
        product = self.add("MatMul", x, self.constant(weight))
        return self.add("Add", product, self.constant(bias), to=to)

    def rows(self, table: Any, at: str) -> str:
        """Rows of a float32 table (N, H) that is kept as int8 with a scale for each; once a graph.

        `at` is int64 (B, T); what comes out is float32 (B, T, H).
        """
        largest = np.abs(table).max(axis=1, keepdims=True)
        scales = np.where(largest > 0.0, largest, 1.0) / _INT8_MOST
        small = self.constant(np.round(table / scales), np.int8)
        found = self.cast(self.add("Gather", small, at), "rows_float")
        scale = self.add("Gather", self.constant(scales), at, name=_ROW_SCALES)
        return self.add("Mul", found, scale)

    def norm(self, x: str, params: Mapping[str, Any], name: str) -> str:
        scale, shift = (self.constant(params[f"{name}.{part}"]) for part in ("weight", "bias"))
        return self.add("LayerNormalization", x, scale, shift, axis=-1, epsilon=EPSILON)

    def save(self, path: Path) -> None:
        """Write the model with the outputs of all heads. Raises where the graph is not valid."""
        onnx.save(self._model(), str(path))

    def _model(self) -> Any:
        taken = [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
            for name in (IDS, MASK)
        ]
        given = [
            helper.make_tensor_value_info(
                output_of(head), TensorProto.FLOAT, ["batch", len(labels)]
            )
            for head, labels in HEADS.items()
        ]
        graph = helper.make_graph(self._nodes, "sentiment", taken, given, self._constants)
        made = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=_IR_VERSION
        )
        onnx.checker.check_model(made)
        return made


def _embedded(graph: Graph, params: Mapping[str, Any], by_row: bool) -> str:
    table = np.asarray(params["embeddings.word_embeddings.weight"])
    words = graph.rows(table, IDS) if by_row else graph.add("Gather", graph.constant(table), IDS)
    kind = np.asarray(params["embeddings.token_type_embeddings.weight"])[0]
    places = np.asarray(params["embeddings.position_embeddings.weight"])[:MAX_TOKENS] + kind
    tokens = graph.add("Slice", graph.add("Shape", IDS), graph.ints(1), graph.ints(2))
    cut = graph.add("Slice", graph.constant(places), graph.ints(0), tokens, graph.ints(0))
    return graph.norm(graph.add("Add", words, cut), params, "embeddings.LayerNorm")


def _blocked(graph: Graph) -> str:
    """What is added to attention scores: nothing for tokens, a big negative for padding."""
    mask = graph.cast(MASK, _MASK_FLOAT)
    missing = graph.add("Sub", graph.constant(1.0), mask)
    wide = graph.add("Unsqueeze", missing, graph.ints(1, 2))
    return graph.add("Mul", wide, graph.constant(_BLOCKED))


def _layer(graph: Graph, params: Mapping[str, Any], at: str, hidden: str, blocked: str) -> str:
    attended = _attention(graph, params, at + "attention.self.", hidden, blocked)
    attended = _dense(graph, params, at + "attention.output.dense", attended)
    hidden = graph.norm(
        graph.add("Add", hidden, attended), params, at + "attention.output.LayerNorm"
    )
    wide = _gelu(graph, _dense(graph, params, at + "intermediate.dense", hidden))
    narrow = _dense(graph, params, at + "output.dense", wide)
    return graph.norm(graph.add("Add", hidden, narrow), params, at + "output.LayerNorm")


def _attention(graph: Graph, params: Mapping[str, Any], at: str, hidden: str, blocked: str) -> str:
    size = HIDDEN // ATTENTION_HEADS
    shape = graph.ints(0, 0, ATTENTION_HEADS, size)

    def split(name: str, order: tuple[int, ...]) -> str:
        parts = graph.add("Reshape", _dense(graph, params, at + name, hidden), shape)
        return graph.add("Transpose", parts, perm=order)

    query = split("query", (0, 2, 1, 3))
    key = split("key", (0, 2, 3, 1))
    value = split("value", (0, 2, 1, 3))
    scaled = graph.add("Mul", query, graph.constant(1.0 / math.sqrt(size)))
    scores = graph.add("Add", graph.add("MatMul", scaled, key), blocked)
    joined = graph.add("MatMul", graph.add("Softmax", scores, axis=-1), value)
    back = graph.add("Transpose", joined, perm=(0, 2, 1, 3))
    return graph.add("Reshape", back, graph.ints(0, 0, HIDDEN))


def _dense(graph: Graph, params: Mapping[str, Any], name: str, x: str) -> str:
    # the backbone keeps its weights as (out, in)
    return graph.linear(x, np.asarray(params[f"{name}.weight"]).T, params[f"{name}.bias"])


def _gelu(graph: Graph, x: str) -> str:
    """x * 0.5 * (1 + erf(x / sqrt 2)), the form that runtimes recognise and fuse."""
    bent = graph.add("Erf", graph.add("Div", x, graph.constant(math.sqrt(2.0))))
    raised = graph.add("Add", bent, graph.constant(1.0))
    return graph.add("Mul", graph.add("Mul", x, raised), graph.constant(0.5))


def _mean(graph: Graph, hidden: str) -> str:
    weights = graph.add("Unsqueeze", _MASK_FLOAT, graph.ints(2))
    axis = graph.ints(1)
    total = graph.add("ReduceSum", graph.add("Mul", hidden, weights), axis, keepdims=0)
    return graph.add("Div", total, graph.add("ReduceSum", weights, axis, keepdims=0))
