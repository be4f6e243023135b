"""Run scikit-learn's own tests with our estimators in the place of its own, and say what passes and what differs.

python -m bench.conformance                                  all suites: some minutes
python -m bench.conformance --suite Ridge --output FILE.md
python -m bench.conformance --json FILE.jsonl                what each test did; suites that FILE has are not run again

The tests are those of the scikit-learn that is installed; its wheels have them. A test counts if its text names what is
substituted (bench/substitutes.py) and it has fitted that. It passes, is left out where what it asks for is another model, or
differs: then DIFFERENCES says how and why.
Exit status 1: a test fails that is not among them.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import prunus
from bench.report import markdown

ROOT = Path(__file__).parent.parent


class Suite(NamedTuple):
    """Test modules, and what is substituted in them."""

    substitutes: tuple[str, ...]  # of bench.substitutes.SUBSTITUTES
    modules: tuple[str, ...]  # of the package sklearn


_MODELS = ("linear_model.LinearRegression", "linear_model.Ridge")

SUITES = {
    "LinearRegression": Suite(_MODELS[:1], ("linear_model.tests.test_base", "linear_model.tests.test_common")),
    "Ridge": Suite(_MODELS[1:], ("linear_model.tests.test_ridge",)),
    "RFE, RFECV": Suite(("feature_selection.RFE", "feature_selection.RFECV"), ("feature_selection.tests.test_rfe",)),
    "SequentialFeatureSelector": Suite(
        ("feature_selection.SequentialFeatureSelector",), ("feature_selection.tests.test_sequential",)
    ),
    "within SelectFromModel": Suite(_MODELS, ("feature_selection.tests.test_from_model",)),
    "within voting": Suite(_MODELS, ("ensemble.tests.test_voting", "ensemble.tests.test_common")),
    "within stacking": Suite(_MODELS, ("ensemble.tests.test_stacking",)),
    "within bagging": Suite(("svm.SVR", "neighbors.KNeighborsRegressor"), ("ensemble.tests.test_bagging",)),
    "within boosting": Suite(_MODELS, ("ensemble.tests.test_weight_boosting",)),
    "within inspection": Suite(
        _MODELS,
        ("inspection.tests.test_partial_dependence", "inspection.tests.test_permutation_importance"),
    ),
    "within pipelines, targets, outputs": Suite(
        _MODELS, ("compose.tests.test_target", "tests.test_multioutput", "tests.test_pipeline")
    ),
}


class Difference(NamedTuple):
    """How a test fails, a regular expression, and why that is as it should be."""

    message: str
    reason: str


_NORM = Difference(
    "Not equal to tolerance",
    "Where features are collinear, or more than samples, scikit-learn gives the coefficients of least norm; ours leaves "
    "features out until the rest can be told apart. A penalty of 1e-16 is lost in rounding.",
)
_STEP = Difference(
    r"assert 10 == np.float64\(6.0\)|assert np.int64\(9\) == 5|shapes .* mismatch",
    "One feature goes at a time, `step` or not: there are more sizes, and more ranks.",
)
_NAN = Difference("X: expected finite numbers, got nan", "NaN in X is refused: least squares has no use for it.")

# By the test's name.
DIFFERENCES = {
    "test_linear_regression": Difference("minimum of 2 is required", "One sample is too few: two are asked for."),
    "test_inplace_data_preprocessing": Difference("> 0.42", "X and y are never overwritten, also with `copy_X=False`."),
    "test_permutation_importance_equivalence_sequential_parallel": Difference(
        "failed to un-serialize", "Processes of joblib know nothing of the substitution."
    ),
    "test_transform_target_regressor_not_warns_with_global_output_set": Difference(
        "a model of 100 was asked for, and has 99",
        "As many features as samples: a warning that one less can be told apart, where the test allows none.",
    ),
    "test_ridge_regression_unpenalized": _NORM,
    "test_ridge_regression_unpenalized_hstacked_X": _NORM,
    "test_ridge_regression_unpenalized_vstacked_X": _NORM,
    "test_regularization_limits_ridge": _NORM,
    "test_ridge_shapes_type": Difference(
        r"assert \(1, 10\) == \(10,\)",
        "Of y with one column `coef_` has one row, as LinearRegression's; Ridge drops it, though not the intercept's.",
    ),
    "test_dtype_match": Difference("dtype", "float32 is computed on, and given back, in float64."),
    "test_n_iter": Difference("no attribute 'n_iter_'", "No iterations: there is no `n_iter_`."),
    "test_ridge_fit_intercept_sparse_error": Difference(
        "DID NOT RAISE", "Sparse X with an intercept is no case that a solver lacks."
    ),
    "test_ridge_fit_intercept_sparse_sag": Difference(
        "DID NOT WARN", "No solver that may fail to converge, and no warning of it."
    ),
    "test_rfe": Difference(
        "Mismatched elements: 30 / 40",
        "The classes of iris are taken as numbers: of four columns those that explain these best have one of noise.",
    ),
    "test_rfecv": Difference(
        r"shapes \(150, 7\), \(150, 4\) mismatch",
        "The classes are taken as numbers; RFECV with LinearRegression and mean squared errors chooses the same seven columns.",
    ),
    "test_rfe_wrapped_estimator": Difference(
        r"assert np.int64\(5\) == 4", "By the mean squared error of least squares five features are best, not four."
    ),
    "test_rfecv_verbose_output": Difference("assert 0 > 0", "There is no `verbose`."),
    "test_rfecv_cv_results_size": _STEP,
    "test_number_of_subsets_of_features": _STEP,
    "test_rfecv_cv_results_n_features": _STEP,
    "test_rfe_importance_getter_validation": Difference(
        "DID NOT RAISE", "The estimator's importances are not asked for, so that wrong ones are no error."
    ),
    "test_rfe_allow_nan_inf_in_x": _NAN,
    "test_pipeline_with_nans": _NAN,
    "test_nan_support": _NAN,
    "test_rfe_n_features_to_select_warning": Difference(
        "DID NOT WARN|Regex pattern did not match any|expected at most n_features=20, got 21",
        "More features than there are: an error. (`min_features_to_select` above them warns, as there, in other words.)",
    ),
    "test_results_per_cv_in_rfecv": Difference(
        "split1_support", "`cv_results_` has no split{i}_ranking and split{i}_support: folds keep their errors alone."
    ),
    "test_bad_n_features_to_select": Difference("DID NOT RAISE", "All features may be asked for."),
    "test_fit_rejects_params_with_no_routing_enabled": Difference(
        "DID NOT RAISE", "`fit` takes `sample_weight`, without routing too."
    ),
}


def run(suite: Suite) -> list[dict[str, Any]]:
    """Return name, outcome and message of each test that has fitted a substitute."""
    with tempfile.TemporaryDirectory() as folder:
        ini, outcomes = Path(folder, "pytest.ini"), Path(folder, "outcomes.jsonl")
        ini.write_text("[pytest]\n")  # the project's own settings are not meant for them
        outcomes.touch()
        options = [f"--substitute={name}" for name in suite.substitutes]
        modules = [f"sklearn.{module}" for module in suite.modules]
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-c",
            str(ini),
            "-p",
            "no:cacheprovider",
            "-p",
            "bench.substitutes",
        ]
        path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        subprocess.run(
            [*command, *options, f"--outcomes={outcomes}", "--pyargs", *modules],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": path, "SKLEARN_SKIP_NETWORK_TESTS": "1"},
            stdout=subprocess.DEVNULL,
            check=False,  # tests fail: that is what is looked at
        )
        return [json.loads(line) for line in outcomes.read_text().splitlines()]


def run_all(suites: Iterable[str], file: Path | None) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of some suites, from the file where it has them; the others are added to it."""
    found = {}
    if file is not None and file.exists():
        found = dict(json.loads(line) for line in file.read_text().splitlines())
    for name in suites:
        if name not in found:
            found[name] = run(SUITES[name])
            if file is not None:
                with file.open("a") as lines:
                    lines.write(json.dumps([name, found[name]]) + "\n")
    return {name: found[name] for name in suites}


def name_of(row: dict[str, Any]) -> str:
    """Return a test's name without its parameters."""
    return str(row["test"]).rpartition("::")[2].partition("[")[0]


def reason_of(row: dict[str, Any]) -> str | None:
    """Return why a test fails as it does, None where that is not known."""
    known = DIFFERENCES.get(name_of(row))
    return known.reason if known is not None and re.search(known.message, row["message"]) else None


def table(found: dict[str, list[dict[str, Any]]]) -> str:
    """Return a row for each suite."""
    rows = []
    for suite, outcomes in found.items():
        count = Counter(row["outcome"] for row in outcomes)
        rows.append([suite, *(str(count[kind]) for kind in ("passed", "failed", "skipped"))])
    return markdown(["", "pass", "differ", "left out"], rows)


def failed(found: dict[str, list[dict[str, Any]]]) -> Counter[tuple[str, str, str | None]]:
    """Return how often which suite's tests fail, and why: None where no reason is known."""
    return Counter(
        (suite, name_of(row), reason_of(row))
        for suite, rows in found.items()
        for row in rows
        if row["outcome"] == "failed"
    )


def reasons(found: dict[str, list[dict[str, Any]]]) -> Iterable[str]:
    """Yield what differs, what is left out, and why."""
    for (suite, name, reason), n in failed(found).items():
        yield f"- {suite}, `{name}` ({n}): {reason or 'NOT EXPLAINED'}"
    skipped = Counter(row["message"] for rows in found.values() for row in rows if row["outcome"] == "skipped")
    yield "- Left out: " + "; ".join(f"{why.rstrip('.')} ({n})" for why, n in skipped.most_common()) + "."


def main() -> None:
    """Run the suites, and print or write what came."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suite", choices=SUITES, action="append")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    found = run_all(args.suite or SUITES, args.json)
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("scikit-learn", "numpy", "scipy"))
    head = f"prunus {prunus.__version__}, {versions}, Python {sys.version.split()[0]}, {datetime.now(UTC):%Y-%m-%d}."
    text = "\n".join([head, "", table(found), "", *reasons(found)]) + "\n"
    if args.output is None:
        print(text)
    else:
        args.output.write_text(text)
    unexplained = sorted({name for _, name, reason in failed(found) if reason is None})
    empty = [name for name, rows in found.items() if not rows]
    if unexplained or empty:
        sys.exit(f"fail without a reason: {unexplained}; suites without a test: {empty}")


if __name__ == "__main__":
    main()
