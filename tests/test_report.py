"""What the report says: which inputs went, what training did, where a layer was not emptied, where the file grew."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import prunus
from conftest import loss_error
from prunus.scheduling import Cubic, Iterative

Arrays = npt.NDArray[Any]
RNG = np.random.default_rng(0)
NETWORK = prunus.Network(
    [
        prunus.Layer(RNG.standard_normal((8, 5)), RNG.standard_normal(8), "tanh"),
        prunus.Layer(RNG.standard_normal((1, 8))),
    ]
)
X = RNG.standard_normal((60, 5))
Y = np.sin(X[:, 0]) + X[:, 1]
FRAME = pd.DataFrame(X, columns=["age", "sex", "height", "weight", "pressure"])


@pytest.mark.parametrize(
    ("pattern", "sparsity"), [("input", 0.4), ("input", 0.0), ("neuron", 0.5), ("weight", 0.5), ("weight", 0.9)]
)
def test_inputs_that_went_are_named(pattern: str, sparsity: float) -> None:
    report = (pruned := prunus.prune(NETWORK, FRAME, Y, pattern=pattern, sparsity=sparsity)).report
    first = pruned.masks[0]
    read: Any = first if pattern == "input" else first.any(axis=0) if pattern == "weight" else np.ones(5, bool)
    expected = [name for name, kept in zip(FRAME.columns, read, strict=True) if not kept]
    assert report["removed_inputs"] == expected
    assert bool(expected) is ((pattern, sparsity) in (("input", 0.4), ("weight", 0.9)))
    assert (f"inputs removed: {', '.join(expected)}" in str(report)) is bool(expected)
    assert prunus.prune(NETWORK, X, Y, pattern=pattern, sparsity=sparsity).report["removed_inputs"] is None


def test_inputs_of_a_linear_model_are_its_weights() -> None:
    """The names come from the fit, and so does what goes: the smallest weights of standardized columns."""
    data, target = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    model = make_pipeline(StandardScaler(), LinearRegression()).fit(data, target)
    order = np.argsort(np.abs(model[-1].coef_))
    report = prunus.prune(model, sparsity=0.3, criterion="magnitude").report
    assert set(report["removed_inputs"]) == set(data.columns[order[:3]])


def test_many_names_are_not_all_printed() -> None:
    names = [f"word{i}" for i in range(1000)]
    wide = pd.DataFrame(np.ones((3, 1000)), columns=names)
    network = prunus.Network([prunus.Layer(RNG.standard_normal((1, 1000)))])
    report = prunus.prune(network, wide, np.ones(3), sparsity=0.9, criterion="magnitude").report
    assert len(report["removed_inputs"]) == 900
    assert "and 850 more" in str(report)


def test_a_report_of_before_has_no_inputs_that_went(tmp_path: Any) -> None:
    report = prunus.prune(NETWORK, sparsity=0.5).report
    old = {key: value for key, value in report.items() if key != "removed_inputs"}
    assert prunus.Report.checked(old) == report


# Training -----------------------------------------------------------------------------------------------------------------


SAYS = "loss and score after include the training"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, False),
        ({"fine_tune": 2}, True),
        ({"schedule": Iterative(rounds=2, fine_tune=1)}, True),
        ({"schedule": Iterative(rounds=2)}, False),
    ],
)
def test_a_score_that_includes_training_says_so(options: dict[str, Any], says: bool) -> None:
    report = prunus.prune(NETWORK, X, Y, sparsity=0.5, random_state=0, **options).report
    assert (SAYS in str(report)) is says
    assert "control" not in report["loss"]


@pytest.mark.parametrize("pattern", ["weight", "neuron"])
def test_control_is_the_unpruned_model_trained_equally_long(pattern: str) -> None:
    """Two rounds with three epochs in between, four at the end: the same as training by hand, in the same order of samples."""
    schedule = Cubic(rounds=2, fine_tune=prunus.FineTune(3, batch_size=16))
    options: dict[str, Any] = {
        "pattern": pattern,
        "sparsity": 0.5,
        "schedule": schedule,
        "fine_tune": 4,
        "random_state": 5,
    }
    pruned = prunus.prune(NETWORK, X, Y, control=True, **options)
    rng = np.random.default_rng(5)
    trained, _ = prunus.fit(NETWORK, X, Y, epochs=3, batch_size=16, random_state=rng)
    trained, _ = prunus.fit(trained, X, Y, epochs=4, random_state=rng)
    report = pruned.report
    assert report["loss"]["control"] == trained.loss(X, Y)
    output = trained.predict(X)
    assert report["score"]["control"] == pytest.approx(
        1 - ((Y - output) ** 2).sum() / ((Y - Y.mean()) ** 2).sum(), abs=1e-12
    )
    assert report["loss"]["control"] < report["loss"]["before"]

    without = prunus.prune(NETWORK, X, Y, **options)
    assert without.network == pruned.network  # it changes nothing else
    assert without.report["loss"] == {k: v for k, v in report["loss"].items() if k != "control"}

    text = str(report)
    assert "control is the model as it was, trained equally long" in text
    assert SAYS not in text
    header, row = (next(line for line in text.splitlines() if word in line) for word in ("before", "r2 (training)"))
    assert header.split() == ["before", "control", "after"]
    assert row.split()[-3:] == [f"{report['score'][column]:.4f}" for column in header.split()]
    assert len(row) == len(header)


def test_control_of_what_was_pruned_before_keeps_its_zeros() -> None:
    first = prunus.prune(NETWORK, sparsity=0.5)
    second = prunus.prune(first, X, Y, sparsity=0.7, fine_tune=2, control=True, random_state=0)
    masked, _ = prunus.fit(first.network, X, Y, epochs=2, masks=first.masks, random_state=0)
    assert second.report["loss"]["control"] == pytest.approx(masked.loss(X, Y), abs=loss_error(masked, X, Y))


# Notes --------------------------------------------------------------------------------------------------------------------


def two_layers(first: list[float], second: list[float]) -> prunus.Network:
    return prunus.Network(
        [prunus.Layer(np.array([first]).reshape(2, -1), None, "relu"), prunus.Layer(np.array([second]))]
    )


@pytest.mark.parametrize(
    ("second", "sparsity", "acted"),
    [
        ([0.2, 0.1], 0.5, True),  # both are below the cut, so one of the other layer goes instead
        ([0.2, 9.0], 0.5, False),  # one is left, because it is the largest
        ([8.0, 9.0], 0.5, False),
        ([0.2, 0.1], 0.0, False),
    ],
)
def test_a_floor_that_acted_is_told(second: list[float], sparsity: float, acted: bool) -> None:
    network = two_layers([1.0, 2, 3, 4], second)
    report = prunus.prune(network, sparsity=sparsity, allocation="global", criterion="magnitude").report
    told = [note for note in report["notes"] if "layer 1 would have lost everything" in note]
    assert bool(told) is acted
    assert report["weights"]["after"] == 6 - round(6 * sparsity)
    free = prunus.prune(network, sparsity=sparsity, allocation="global", criterion="magnitude", allow_empty=True)
    assert (not free.masks[1].any()) is acted
    assert not any("would have lost" in note for note in free.report["notes"])


def test_a_floor_of_the_layers_that_are_pruned_has_their_numbers() -> None:
    layers = [prunus.Layer(np.ones((2, 2)) * scale) for scale in (1.0, 1e-3, 2.0)]
    report = prunus.prune(
        prunus.Network(layers), sparsity=0.5, layers=[1, 2], allocation="global", criterion="magnitude"
    ).report
    assert [note.split(":")[0] for note in report["notes"] if "would" in note] == ["layer 1 would have lost everything"]


def test_a_floor_under_a_threshold_is_told() -> None:
    report = prunus.prune(two_layers([1.0, 2, 3, 4], [0.2, 0.1]), threshold=0.5, criterion="magnitude").report
    assert any("layer 1 would have lost everything" in note for note in report["notes"])


def test_a_file_that_grew_is_told(tmp_path: Any) -> None:
    small = prunus.prune(NETWORK, sparsity=0.5)
    assert small.report["bytes"]["after"] > small.report["bytes"]["before"]
    assert any("the file grew" in note for note in small.report["notes"])
    path = tmp_path / "pruned.safetensors"
    small.save(path)
    assert abs(path.stat().st_size - small.report["bytes"]["after"]) <= 16  # but for that number's own digits
    large = prunus.prune(prunus.Network([prunus.Layer(RNG.standard_normal((200, 200)))]), sparsity=0.9)
    assert large.report["bytes"]["after"] < large.report["bytes"]["before"]
    assert not any("grew" in note for note in large.report["notes"])


@pytest.mark.parametrize("shape", [(1024, 1024), (10_000, 10_000)])
def test_its_tables_fit_80_columns(shape: tuple[int, int]) -> None:
    options: dict[str, Any] = {"criterion": "output_contribution", "schedule": Cubic(rounds=4, fine_tune=1)}
    report = prunus.prune(
        NETWORK, FRAME, Y, X_val=X, y_val=Y, pattern="neuron", sparsity=0.5, fine_tune=3, control=True, **options
    ).report
    n = shape[0] * shape[1]
    report["layers"][0].update(shape=list(shape), units=n, removed=n, highest_removed=-1.234e-5, lowest_kept=-1.234e-5)
    report["weights"]["before"], report["bytes"]["before"] = n, 8 * n
    report["latency_us"].update(batch=1024, before=123456.7)
    tables = [line for line in str(report).splitlines()[1:] if not line.startswith(("note: ", "inputs removed: "))]
    assert len(tables) == 1 + 3 + 1 + 6
    assert max(map(len, tables)) <= 80
