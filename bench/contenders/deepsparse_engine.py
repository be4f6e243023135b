"""DeepSparse, whose wheels want an old NumPy and Python 3.11 at most: it runs in an environment of its own.

python3.11 -m venv deepsparse; deepsparse/bin/pip install deepsparse==1.8.0 '.[bench]'
PRUNUS_BENCH_DEEPSPARSE=deepsparse/bin/python python -m bench.run --case mlp
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from bench.contenders.base import Contender


def _mlp(case: Any) -> Any:
    from deepsparse import Engine

    from bench.contenders.onnx_model import model_bytes

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.onnx")
        path.write_bytes(model_bytes(case))
        engine = Engine(str(path), batch_size=case.batch, num_cores=case.threads)

    def ready(data: Any) -> Any:
        own = np.empty(data.shape, np.float32)  # it does not take a dtype that came through a pipe for its own
        own[:] = data
        return lambda: engine.run([own], val_inp=False)[0]

    return ready


_PYTHON = os.environ.get("PRUNUS_BENCH_DEEPSPARSE")
# NM_ARCH=avx2 changes its own kernels; dense layers stay faster than 256-bit units can be.
CONTENDERS = [Contender("DeepSparse", "mlp", _mlp, python=_PYTHON, ignores_target=True)] if _PYTHON else []
