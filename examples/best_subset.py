"""Find the features that made y among 2000 that look like them, and predict with those alone."""

import numpy as np

from prunus.linear_model import PrunedLinearRegression


def main() -> None:
    """Search, and print what was found."""
    rng = np.random.default_rng(0)
    common = rng.standard_normal((300, 1))
    X = 0.8 * common + 0.6 * rng.standard_normal((300, 2000))  # every two are correlated, by 0.64
    true = np.array([3, 141, 592, 653, 1589])
    y = X[:, true] @ np.array([1.0, -1.0, 2.0, 1.5, -2.0]) + 0.5 * rng.standard_normal(300)
    train, test = slice(0, 200), slice(200, 300)

    model = PrunedLinearRegression().fit(X[train], y[train])
    print(f"searched: {model.method_}, chosen by cross-validation: {model.n_nonzero_} features ({model.optimality_})")
    print(f"features: {np.flatnonzero(model.support_).tolist()}")
    print(f"R² on {test.stop - test.start} other samples: {model.score(X[test], y[test]):.3f}")
    for size in (3, 5, 7):
        print(f"  with {size} features: {model.path_.at(size).score(X[test], y[test]):.3f}")


if __name__ == "__main__":
    main()
