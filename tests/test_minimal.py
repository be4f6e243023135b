"""If only one test is run, then this one: the script that the gate runs on other processors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from prunus import _core


def test_minimal() -> None:
    command = [sys.executable, str(Path(__file__).with_name("minimal.py")), _core.active_target()]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout.endswith("minimal: passed\n")
