"""What the defaults choose: of pure noise, of a one-hot encoding, and beside all subsets.

``python -m bench.defaults`` prints the tables of docs/benchmarks/regression.md.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from sklearn.feature_selection import RFECV
from sklearn.linear_model import LinearRegression

from bench.report import markdown
from prunus.linear_model import PrunedLinearRegression

_SHAPES = ((200, 500), (120, 118), (100, 98), (100, 300), (50, 100), (60, 40), (40, 200), (30, 25))
_SELECTIONS = ("cv", "ebic", "gic", "bic", "aic", "aicc", "loo")


def noise(shapes: Sequence[tuple[int, int]], selections: Sequence[str], n_seeds: int) -> Iterator[list[str]]:
    """Yield how many features are chosen of X and y that have nothing to do with each other."""
    for n, p in shapes:
        for select in selections:
            sizes, n_warned = [], 0
            for seed in range(n_seeds):
                rng = np.random.default_rng(seed)
                X, y = rng.standard_normal((n, p)), rng.standard_normal(n)
                with warnings.catch_warnings(record=True) as caught:
                    warnings.simplefilter("always")
                    model = PrunedLinearRegression(select=select).fit(X, y)
                sizes.append(model.n_nonzero_)
                n_warned += any("largest model" in str(one.message) for one in caught)
            few = sum(size <= 3 for size in sizes)
            yield [f"{n} x {p}", select, f"{few} of {n_seeds}", f"{np.median(sizes):g}", str(max(sizes)), str(n_warned)]


def one_hot(n_seeds: int) -> Iterator[list[str]]:
    """Yield how often both true columns, and they alone, are found beside the other levels of a category."""
    contenders: dict[str, Callable[[], object]] = {
        "by default": PrunedLinearRegression,
        "select='ebic'": lambda: PrunedLinearRegression(select="ebic"),
        "one_se=True": lambda: PrunedLinearRegression(one_se=True),
        "scikit-learn RFECV": lambda: RFECV(LinearRegression(), min_features_to_select=1),
    }
    for name, make in contenders.items():
        n_both = n_alone = 0
        for seed in range(n_seeds):
            rng = np.random.default_rng(seed)
            level, x = rng.integers(0, 5, 150), rng.standard_normal(150)
            y = x + 2 * (level == 2) + 0.5 * rng.standard_normal(150)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                support = make().fit(np.column_stack([np.eye(5)[level], x]), y).support_  # type: ignore[attr-defined]
            n_both += bool(support[[2, 5]].all())
            n_alone += np.flatnonzero(support).tolist() == [2, 5]
        yield [name, f"{n_both} of {n_seeds}", f"{n_alone} of {n_seeds}"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="samples of noise for each shape")
    options = parser.parse_args()
    header = ["n x p", "select", "at most 3 features", "median", "most", "warned"]
    print(markdown(header, list(noise(_SHAPES, _SELECTIONS, options.seeds))))
    print()
    print(markdown(["one-hot of 5 levels", "both true columns", "they alone"], list(one_hot(100))))
