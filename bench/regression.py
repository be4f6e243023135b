"""What a fit of `PrunedLinearRegression` needs beside its time.

python -m bench.regression memory               10,000 x 2000, as the case regression-path: peak memory beside X
python -m bench.regression start                the first import and fit of a process that has imported scikit-learn
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from bench.machine import Machine
from prunus.linear_model import PrunedLinearRegression


def resident(field: str) -> int:
    """Return the bytes of memory that this process has (VmRSS), or has had at most (VmHWM). Linux alone tells."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))


def peak_beside_data(n: int, p: int) -> tuple[int, int]:
    """Return the bytes of X, and the most that a fit has beside X and all that was loaded before it.

    To be called in a fresh process: a peak is never forgotten. The data are made in their place, so that there is none before,
    and a small fit loads what fits load.
    """
    rng = np.random.default_rng(0)
    small = rng.standard_normal((100, 10))
    PrunedLinearRegression(method="obs", select="bic").fit(small, small[:, 0] + rng.standard_normal(100))
    X = np.empty((n, p))
    rng.standard_normal(out=X)
    y = X[:, 0] + rng.standard_normal(n)
    before = resident("VmRSS")
    PrunedLinearRegression(method="obs", select="bic").fit(X, y)
    return X.nbytes, resident("VmHWM") - before


_START = """
import time
import numpy as np
import sklearn.linear_model
rng = np.random.default_rng(0)
X = rng.standard_normal((100, 20))
y = X[:, 0] + rng.standard_normal(100)
begin = time.perf_counter()
from prunus.linear_model import PrunedLinearRegression
imported = time.perf_counter()
PrunedLinearRegression().fit(X, y)
print(imported - begin, time.perf_counter() - imported)
"""


def seconds_to_start(times: int = 9) -> tuple[float, float]:
    """Return the medians, over fresh processes, of the seconds of the import and of the first fit, 100 x 20."""
    runs = [
        subprocess.run([sys.executable, "-c", _START], capture_output=True, text=True, check=True).stdout.split()
        for _ in range(times)
    ]
    imports, fits = zip(*((float(a), float(b)) for a, b in runs), strict=True)
    return statistics.median(imports), statistics.median(fits)


def main() -> None:
    """Print a line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("what", choices=["memory", "start"])
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--p", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    os.environ["PRUNUS_NUM_THREADS"] = str(options.threads)
    if options.what == "start":
        imported, fitted = seconds_to_start()
        print(f"{Machine().cpu}: beyond import sklearn.linear_model, import {imported:.3f} s, first fit {fitted:.3f} s")
        return
    with threadpool_limits(options.threads):
        of_data, beside = peak_beside_data(options.n, options.p)
    print(
        f"{Machine().cpu}: path of all {options.p} sizes, {options.n} x {options.p} float64, {options.threads} threads: "
        f"X {of_data / 1e6:.0f} MB, the fit at its peak {beside / 1e6:.0f} MB more"
    )


if __name__ == "__main__":
    main()
