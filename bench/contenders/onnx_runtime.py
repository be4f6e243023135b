"""ONNX Runtime, dense."""

from __future__ import annotations

from typing import Any

import onnxruntime

from bench.contenders.base import Contender
from bench.contenders.onnx_model import model_bytes


def _mlp(case: Any) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = case.threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model_bytes(case), options, providers=["CPUExecutionProvider"])
    return lambda data: lambda: session.run(["Y"], {"X": data})[0]


# Nothing tells it to leave AVX-512 alone.
CONTENDERS = [Contender("ONNX Runtime", "mlp", _mlp, is_dense=True, ignores_target=True)]
