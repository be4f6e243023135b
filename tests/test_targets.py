"""Every target that this CPU runs can be forced, and what is forced is what runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from prunus import _core

# -1 + (1 + e)(1 - e) is -e^2 if the product is not rounded before the sum, and 0 if it is: no fused multiply-add is in
# x86-64-v2, and every later target has one. An engine turns 20 samples into a panel, and a matrix of few entries takes two
# samples in columns as they are: two kernels that add products one after the other.
PROBE = """
import json, sys
import numpy as np, prunus
from prunus import _core
e = np.float32(2.0 ** -13)
w = np.array([[1, 1 + e]], np.float32)
x = np.tile(np.array([-1, 1 - e], np.float32), (20, 1))
engine = prunus.compile(prunus.Network([prunus.Layer(w)]))
results = [engine(x)[0, 0], (prunus.SparseMatrix.from_dense(w) @ np.ascontiguousarray(x[:2].T))[0, 0]]
print(json.dumps({
    "target": _core.active_target(),
    "instructions": _core.active_instructions(),
    "lanes": _core.lanes()[0],
    "plan": engine.plan[0].target,
    "fused": [bool(result == -e * e) for result in results],
    "sums": [float(result) for result in results],
}))
"""
EXPECTED = {
    "x86-64-v2": ("sse4.2", 4, False),
    "x86-64-v3": ("avx2+fma", 8, True),
    "x86-64-v4": ("avx512", 16, True),
    "aarch64": ("neon", 4, True),
}


def probe(target: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PRUNUS_TARGET": target}
    return subprocess.run([sys.executable, "-c", PROBE], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("target", _core.supported_targets())
def test_the_forced_target_runs(target: str) -> None:
    result = probe(target)
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    instructions, lanes, fused = EXPECTED[target]
    assert (told["target"], told["plan"], told["instructions"], told["lanes"]) == (target, target, instructions, lanes)
    assert told["fused"] == [fused, fused]
    if not fused:
        assert told["sums"] == [0, 0]


def test_the_best_one_runs_by_default() -> None:
    told = json.loads(probe("").stdout)
    assert told["target"] == _core.supported_targets()[-1]


@pytest.mark.parametrize(
    "target", ["x86-64-v9", "avx2", *(set(_core.compiled_targets()) - set(_core.supported_targets()))]
)
def test_others_are_refused(target: str) -> None:
    result = probe(target)
    assert result.returncode != 0
    names = ", ".join(_core.supported_targets())
    assert (
        f"ValueError: PRUNUS_TARGET: expected one of the targets that this CPU runs ({names}), got '{target}'"
        in result.stderr
    )


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/cpuinfo")
def test_detection_agrees_with_the_system() -> None:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    flags = next((set(line.split()) for line in lines if line.startswith(("flags", "Features"))), set())
    supported = _core.supported_targets()
    if "x86-64-v2" in supported:
        assert ("x86-64-v3" in supported) == (flags >= {"avx2", "fma", "bmi1", "bmi2"})
        v4 = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}
        assert ("x86-64-v4" in supported) == (flags >= v4)
    else:
        assert supported == ["aarch64"]


def test_masks_are_the_same_on_every_target() -> None:
    code = (
        "import hashlib, numpy as np, prunus\n"
        "s = [np.round(np.random.default_rng(i).standard_normal((300, 401)), 4) for i in range(3)]\n"
        "m = prunus.mask(s, sparsity=0.9) + prunus.mask([x.astype('f4') for x in s], sparsity=0.37)\n"
        "print(hashlib.sha256(b''.join(x.tobytes() for x in m)).hexdigest())"
    )
    outputs = set()
    for target in _core.supported_targets():
        environment = {**os.environ, "PRUNUS_TARGET": target}
        outputs.add(
            subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True).stdout
        )
    assert len(outputs) == 1
    assert len(outputs.pop()) == 65


def test_lanes() -> None:
    assert _core.lanes()[0] == 2 * _core.lanes()[1]
    assert np.float32().itemsize * _core.lanes()[0] in (16, 32, 64)
