"""scikit-learn's own checks of our estimators, whole; and what importing and fitting them takes along."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator

from prunus.feature_selection import PruneSelector
from prunus.linear_model import PrunedLinearRegression

ESTIMATORS = [
    PrunedLinearRegression(),
    PrunedLinearRegression(method="obs", select="loo", alpha=1.0),
    PrunedLinearRegression(method="forward", select="bic"),
    PrunedLinearRegression(method="swap", select="aicc", max_nonzero=4),
    PrunedLinearRegression(1, alpha=0.5, fit_intercept=False),
    PrunedLinearRegression(method="l1"),
    PruneSelector(),
    PruneSelector(method="obs", select="loo", alpha=1.0),
    PruneSelector(method="forward", select="aic", max_nonzero=5),
    PruneSelector(method="swap", select="gic", max_nonzero=4),
    PruneSelector(1),
    PruneSelector(method="l1", min_features_to_select=0),
    PruneSelector(2, method="forward"),
]


@pytest.mark.filterwarnings("ignore:the largest model that was searched:RuntimeWarning")  # of a dozen samples
@pytest.mark.filterwarnings("ignore:No features were selected:UserWarning")  # a check's y is noise
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=repr)
def test_every_check_passes(estimator: Any) -> None:
    checks = check_estimator(estimator, on_skip=None, on_fail=None)
    assert len(checks) > 50
    ends = {check["check_name"]: (check["status"], check["exception"]) for check in checks}
    left_out = {"check_array_api_input"}  # it asks for an environment variable of SciPy's
    if estimator.select != "cv":
        # Criteria of the fit alone, and the size up to which they are believed, count rows: weights are relative.
        left_out |= {f"check_sample_weight_equivalence_on_{kind}_data" for kind in ("dense", "sparse")}
    failed = {name: end for name, end in ends.items() if end[0] != "passed" and name not in left_out}
    assert not failed
    assert ends.get("check_array_api_input", ("skipped",))[0] in ("skipped", "passed")


@pytest.mark.parametrize("estimator", [PrunedLinearRegression, PruneSelector])
def test_the_tags_say_how_many_outputs_are_taken(estimator: Any) -> None:
    for method, several in {"auto": True, "obs": True, "forward": True, "swap": True, "iht": True, "l1": False}.items():
        targets = get_tags(estimator(method=method)).target_tags
        assert (targets.single_output, targets.multi_output) == (True, several)
    assert get_tags(estimator(method=None)).target_tags.multi_output  # an error of `fit`, not of the tags


def test_nothing_heavy_is_imported() -> None:
    code = """if True:
        import sys
        import numpy as np
        import sklearn.linear_model
        before = set(sys.modules)
        from prunus.feature_selection import PruneSelector
        from prunus.linear_model import PrunedLinearRegression
        X = np.random.default_rng(0).standard_normal((30, 4))
        PrunedLinearRegression().fit(X, X[:, 0]).predict(X)
        PruneSelector(2).fit(X, X[:, 0]).transform(X)
        print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"matplotlib", "numba", "pandas", "pyarrow", "rich", "torch", "typer"}
    assert not heavy & set(done.stdout.split())
    assert "prunus" in done.stdout.split()
