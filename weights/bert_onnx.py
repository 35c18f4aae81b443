"""Write a BERT encoder with a head of labels as one ONNX graph, in fp32 or with int8 weights.

    onnx_bytes(model, form="int8", notes={...})

The graph reads one window at a time: `tokens` [n] int64 in, `logits` [n, labels] float32 out, or [1, labels]
where the head reads the whole text. With one window there is nothing to pad, so no mask is needed, and what
a window says depends on no other one: int8 rounds by the largest value of what it is given, which in a batch
would be a neighbour's.

Must not: import torch. The same model gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from weights.bert import POOLER, Bert, names_of

Form = Literal["fp32", "int8"]

_OPSET, _IR = 20, 10
_MICROSOFT: Final = "com.microsoft"  # the runtime's own operators: attention, and products in int8
# Seven bits: on a CPU with AVX2 alone, the runtime adds two products of an unsigned and a signed byte in
# 16 bits, and with eight they would not fit.
_LARGEST: Final = 63
_LARGEST_ROW: Final = 127


def onnx_bytes(model: Bert, *, form: Form, notes: Mapping[str, str]) -> bytes:
    """Return the model as a serialised ONNX file with `notes` in its metadata.

    In int8, the weights of the layers' products have one scale a column (activations are rounded as they
    come), and each row of the word embeddings has its own; norms, biases and the head stay in fp32.
    """
    graph = _Graph(model, form)
    graph.write()
    proto = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "tagger",
            [helper.make_tensor_value_info("tokens", TensorProto.INT64, ["n"])],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [graph.rows, graph.labels])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", _OPSET), helper.make_opsetid(_MICROSOFT, 1)],
        ir_version=_IR,
        producer_name="carefold",
    )
    helper.set_model_props(proto, dict(sorted(notes.items())))
    return bytes(proto.SerializeToString(deterministic=True))


class _Graph:
    """The nodes and constants of one model, as they are added."""

    def __init__(self, model: Bert, form: Form) -> None:
        self._model, self._form = model, form
        self.labels = len(model.tensors["classifier.bias"])
        self.rows: str | int = 1 if model.pooled else "n"
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def write(self) -> None:
        """Add everything from the tokens to the logits."""
        hidden = self._embedded()
        for layer in range(self._model.layers):
            hidden = self._layer(hidden, layer)
        if self._model.pooled:
            hidden = self._pooled(hidden)
        weight, bias = self._weight(["classifier"])
        self._add(
            "Gemm", [hidden, self._constant("head", weight), self._constant("head_bias", bias)], "logits"
        )

    def _embedded(self) -> str:
        tensors = self._model.tensors
        words = tensors["embeddings.word_embeddings.weight"]
        if self._form == "int8":
            rounded, scale = _rounded(words, axis=1, largest=_LARGEST_ROW)
            rows = self._add("Gather", [self._constant("words", rounded), "tokens"])
            scales = self._add("Gather", [self._constant("word_scales", scale), "tokens"])
            rows = self._add("Mul", [self._add("Cast", [rows], to=TensorProto.FLOAT), scales])
        else:
            rows = self._add("Gather", [self._constant("words", words), "tokens"])
        # All tokens are of the first type, so its vector is part of each place's.
        places = (
            tensors["embeddings.position_embeddings.weight"]
            + tensors["embeddings.token_type_embeddings.weight"][0]
        )
        zero = self._constant("zero", np.zeros(1, dtype=np.int64))
        count = self._add("Shape", ["tokens"])
        place = self._add("Slice", [self._constant("places", places), zero, count, zero])
        return self._norm(self._add("Add", [rows, place]), "embeddings.LayerNorm")

    def _layer(self, hidden: str, layer: int) -> str:
        query, key, value, attended, first_norm, wide, narrow, second_norm = names_of(layer)
        parts = [f"layer{layer}_{one}" for one in ("query", "key", "value")]
        # One product for all three: the input is rounded to int8 once.
        together = self._linear(hidden, [query, key, value])
        self.nodes.append(
            helper.make_node("Split", [together], parts, name=f"split{layer}", axis=1, num_outputs=3)
        )
        one = self._constant("batch_axis", np.zeros(1, dtype=np.int64)) if layer == 0 else "batch_axis"
        batches = [self._add("Unsqueeze", [part, one]) for part in parts]
        context = self._add("MultiHeadAttention", batches, domain=_MICROSOFT, num_heads=self._model.heads)
        mixed = self._linear(self._add("Squeeze", [context, one]), [attended])
        hidden = self._norm(self._add("Add", [mixed, hidden]), first_norm)
        inner = self._add("Gelu", [self._linear(hidden, [wide])])
        return self._norm(self._add("Add", [self._linear(inner, [narrow]), hidden]), second_norm)

    def _pooled(self, hidden: str) -> str:
        """Return the first token's vector, through the pooler: [1, width]."""
        first = self._add("Gather", [hidden, self._constant("first", np.zeros(1, dtype=np.int64))], axis=0)
        weight, bias = self._weight([POOLER])
        names = [self._constant(POOLER, weight), self._constant(f"{POOLER}.bias", bias)]
        return self._add("Tanh", [self._add("Gemm", [first, *names])])

    def _linear(self, source: str, parts: list[str]) -> str:
        """Multiply by the weights of `parts`, side by side, and add their biases."""
        weight, bias = self._weight(parts)
        shift = self._constant(f"{parts[0]}.bias", bias)
        if self._form == "fp32":
            return self._add("Gemm", [source, self._constant(parts[0], weight), shift])
        rounded, scale = _rounded(weight, axis=0, largest=_LARGEST)
        names = [self._constant(parts[0], rounded), self._constant(f"{parts[0]}.scale", scale[0])]
        return self._add("DynamicQuantizeMatMul", [source, *names, "", shift], domain=_MICROSOFT)

    def _norm(self, source: str, part: str) -> str:
        names = [
            self._constant(f"{part}.{what}", self._model.tensors[f"{part}.{what}"])
            for what in ("weight", "bias")
        ]
        return self._add("LayerNormalization", [source, *names], axis=-1, epsilon=self._model.epsilon)

    def _weight(self, parts: list[str]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the weights of `parts` side by side, [in, out], and their biases, [out]."""
        tensors = self._model.tensors
        weight = np.concatenate([tensors[f"{part}.weight"] for part in parts]).T
        return np.ascontiguousarray(weight), np.concatenate([tensors[f"{part}.bias"] for part in parts])

    def _constant(self, name: str, value: NDArray[np.generic]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def _add(
        self,
        operator: str,
        inputs: list[str],
        output: str = "",
        *,
        domain: str = "",
        **attributes: int | float,
    ) -> str:
        name = output or f"{operator.lower()}{len(self.nodes)}"
        node = helper.make_node(operator, inputs, [name], name=f"node{len(self.nodes)}", domain=domain)
        node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
        self.nodes.append(node)
        return name


def _rounded(
    weight: NDArray[np.float32], *, axis: int, largest: int
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Round to int8 with one scale for all that lies along `axis`; the scales keep that axis."""
    scale = np.abs(weight).max(axis=axis, keepdims=True) / np.float32(largest)
    scale[scale == 0] = 1.0
    rounded = np.clip(np.rint(weight / scale), -largest, largest)
    return rounded.astype(np.int8), scale.astype(np.float32)
