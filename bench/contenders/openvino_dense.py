"""OpenVINO in float32, dense: its sparse weights are for int8 on AMX alone."""

from __future__ import annotations

from typing import Any

import openvino

from bench.contenders.base import Contender
from bench.contenders.onnx_model import model_bytes


def _mlp(case: Any) -> Any:
    core = openvino.Core()
    model = core.read_model(model_bytes(case), b"")
    settings = {
        "INFERENCE_NUM_THREADS": case.threads,
        "NUM_STREAMS": 1,
        "INFERENCE_PRECISION_HINT": "f32",
        "PERFORMANCE_HINT": "LATENCY",
    }
    request = core.compile_model(model, "CPU", settings).create_infer_request()
    return lambda data: lambda: request.infer([data], share_inputs=True, share_outputs=False)[0]


# ONEDNN_MAX_CPU_ISA=AVX2 holds most of its kernels, but not gemm_mlas, which a last layer without ReLU takes.
CONTENDERS = [Contender("OpenVINO", "mlp", _mlp, is_dense=True, ignores_target=True)]
