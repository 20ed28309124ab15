"""ONNX Runtime: the network as a graph of three Gemm nodes, run by a session."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from benchmarks.peers.inputs import batches, weights
from benchmarks.rows import SIZES, Row

__all__ = ["predict"]


def predict(form: str, row: Row) -> Callable[[int], None]:
    """Predictions of one sample (1, 784)."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", "0"))
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        _graph().SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    inputs = {"x": batches(1)[0][0]}

    def run(steps: int) -> None:
        for _ in range(steps):
            session.run(None, inputs)

    return run


def _graph() -> Any:
    nodes, constants, last = [], [], len(SIZES) - 2
    for k, (w, b) in enumerate(weights()):
        constants += [numpy_helper.from_array(a, f"{n}{k}") for n, a in (("W", w), ("b", b))]
        ends = f"z{k}" if k < last else "y"
        inputs = [f"a{k}" if k else "x", f"W{k}", f"b{k}"]
        nodes.append(helper.make_node("Gemm", inputs, [ends], transB=1))
        if k < last:
            nodes.append(helper.make_node("Relu", [ends], [f"a{k + 1}"]))
    door = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", width])
        for name, width in (("x", SIZES[0]), ("y", SIZES[-1]))
    ]
    graph = helper.make_graph(nodes, "mlp", door[:1], door[1:], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model
