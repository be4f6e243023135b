"""LeNet-300-100 on MNIST: 90 % of the weights removed, fine-tuned, and run through the sparse kernels.

Reads mnist.npz (x_train, y_train, x_test, y_test; images as uint8 rows of 784) from the folder that PRUNUS_DATA names.
"""

import os
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

import prunus


def alternate(functions: list[Callable[[Any], Any]], X: np.ndarray, repeats: int) -> list[float]:
    """Time functions in turn; the shortest of each, in microseconds."""
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(repeats):
        for function, mine in zip(functions, times, strict=True):
            begin = time.perf_counter()
            function(X)
            mine.append(time.perf_counter() - begin)
    return [min(mine) * 1e6 for mine in times]


data = np.load(Path(os.environ["PRUNUS_DATA"], "mnist.npz"), allow_pickle=False)
X_train, X_test = (data[name].astype(np.float32) / 255 for name in ("x_train", "x_test"))
y_train, y_test = data["y_train"], data["y_test"]

with warnings.catch_warnings():
    warnings.simplefilter("ignore", ConvergenceWarning)
    estimator = MLPClassifier((300, 100), batch_size=200, max_iter=6, random_state=0).fit(X_train, y_train)
pruned = prunus.prune(estimator, X_train, y_train, sparsity=0.9, fine_tune=12, random_state=0, progress=True)
print(pruned.report)
print(pruned.engine.plan)
print(f"test error: dense {1 - estimator.score(X_test, y_test):.2%}, pruned {1 - pruned.score(X_test, y_test):.2%}")

raw = pruned.network.forward(X_test)
labels, reference = pruned.predict(X_test), pruned.network.predict(X_test)
second, first = np.sort(raw, axis=1)[:, -2:].T
bound = 2 * pruned.network.error_bound(X_test).max(axis=1)  # the order of two outputs further apart is sure
different = np.flatnonzero(labels != reference)
ties = int((first - second <= bound).sum())
print(f"labels unlike the reference's: {len(different)}, of which beyond the error bound: ", end="")
print(f"{int((first - second > bound)[different].sum())} (rows within it: {ties} of {len(raw)})")

for batch, repeats in ((1, 300), (10_000, 9)):
    theirs, ours = alternate([estimator.predict, pruned.engine.predict], X_test[:batch], repeats)
    print(f"predict, batch {batch}: scikit-learn {theirs:.1f} us, engine {ours:.1f} us, ratio {theirs / ours:.2f}")
