"""If only one test is run, then this one: the scripts that the gate runs on other processors and interpreters."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from prunus import _core


@pytest.mark.parametrize("script", ["minimal", "callers"])
def test_minimal(script: str) -> None:
    command = [sys.executable, str(Path(__file__).with_name(f"{script}.py")), _core.active_target()]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout.endswith(f"{script}: passed\n")
