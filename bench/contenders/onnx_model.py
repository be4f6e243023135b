"""A network as an ONNX model, for the runtimes that take one. No contender of its own."""

from __future__ import annotations

from typing import Any

import onnx
from onnx import TensorProto, helper, numpy_helper


def model_bytes(case: Any) -> bytes:
    """Return a chain of Gemm and Relu. The batch size is fixed: runtimes plan for it."""
    nodes, weights, name = [], [], "X"
    last = len(case.network.layers) - 1
    for i, layer in enumerate(case.network.layers):
        weights += [numpy_helper.from_array(layer.weight, f"W{i}"), numpy_helper.from_array(layer.bias, f"b{i}")]
        out = "Y" if i == last else f"sum{i}"
        nodes.append(helper.make_node("Gemm", [name, f"W{i}", f"b{i}"], [out], transB=1))
        name = out
        if layer.activation == "relu":
            name = f"out{i}"
            nodes.append(helper.make_node("Relu", [out], [name]))
    graph = helper.make_graph(
        nodes,
        "mlp",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, [case.batch, case.widths[0]])],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, [case.batch, case.widths[-1]])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
