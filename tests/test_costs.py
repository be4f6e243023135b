"""The cost model of targets that this machine need not have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from prunus import _core
from prunus.engine import costs as _costs
from prunus.engine import cycles as _cycles
from strategies import DTYPES, spread

LANES = {"x86-64-v2": (4, 2), "x86-64-v3": (8, 4), "x86-64-v4": (16, 8), "aarch64": (4, 2)}
COLUMNS = {"x86-64-v2": (0, 0), "x86-64-v3": (8, 0), "x86-64-v4": (64, 0), "aarch64": (0, 0)}


@pytest.fixture(params=[*((name, False) for name in _cycles._CYCLES), *((name, True) for name in _cycles._INTEL)])
def target(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    name, is_intel = request.param
    monkeypatch.setattr(_core, "cpu_is_intel", lambda: is_intel)
    monkeypatch.setattr(_core, "active_target", lambda: name)
    monkeypatch.setattr(_core, "lanes", lambda: LANES[name])
    monkeypatch.setattr(_core, "has_expand", lambda: name == "x86-64-v4")
    monkeypatch.setattr(_core, "lookup_columns", lambda: COLUMNS[name])
    return str(name)


def choose(w: Any) -> tuple[_costs.LayerChoice, int | None]:
    of_type = DTYPES.index(w.dtype.type)
    matrix = (_core.CsrMatrixF32, _core.CsrMatrixF64)[of_type].from_dense(w, None, 1)
    choice = _costs.choose(matrix, w.dtype, alone=True)
    return choice, _costs.panels_from([choice], _core.lanes()[of_type])


@pytest.mark.parametrize("dtype", DTYPES)
def test_dense_at_both_ends_and_sparse_in_between(dtype: Any, target: str, rng: np.random.Generator) -> None:
    for density, names in ((1.0, {"dense"}), (0.05, {"sell", "lookup"})):
        choice, from_samples = choose(spread(rng, 300, 300, density, dtype))
        assert {choice.one.format, choice.few.format, choice.narrow.format, choice.wide.format} <= names
        assert from_samples is not None


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_bitmap_where_weights_can_be_expanded(dtype: Any, target: str, rng: np.random.Generator) -> None:
    rows = {density: choose(spread(rng, 300, 300, density, dtype))[0].one.format for density in (0.05, 0.5, 1.0)}
    assert (rows[0.5] == "bitmap") == (target == "x86-64-v4")
    assert "bitmap" not in (rows[0.05], rows[1.0])


@pytest.mark.parametrize("dtype", DTYPES)
def test_samples_that_go_together_pay_once_for_the_weights(dtype: Any, target: str, rng: np.random.Generator) -> None:
    work = choose(spread(rng, 300, 300, 1.0, dtype))[0].few_work
    costs = [work.call(n) for n in range(1, 10)]
    assert costs[0] == work.cycles
    steps = np.diff(costs)
    assert np.allclose(steps[[3, 7]], work.computed)  # the fifth, the ninth
    assert np.allclose(np.delete(steps, [3, 7]), steps[0])
    if target in ("x86-64-v3", "x86-64-v4"):  # elsewhere what the processor computes takes longer than the loads
        assert 0 < steps[0] < work.computed
    assert costs[8] - costs[4] == pytest.approx(4 * work.further)


@pytest.mark.parametrize("dtype", DTYPES)
def test_tiles_widen_as_weights_get_fewer(dtype: Any, target: str) -> None:
    lanes = _core.lanes()[DTYPES.index(dtype)]
    tiles = [
        _costs._tile_columns(density, lanes * np.dtype(dtype).itemsize) for density in (1.0, 0.2, 0.1, 0.05, 0.02, 0.01)
    ]
    assert tiles == sorted(set(tiles))
    assert tiles[-1] >= 10 / 0.01  # entries of a row, on average
    assert _costs._tile_columns(1e-6, lanes * np.dtype(dtype).itemsize) == _costs._tile_columns(0, 16) == 65536


def test_what_is_moved_counts_in_bytes(target: str) -> None:
    assert _costs.moved(200, np.dtype(np.float64)) == 2 * _costs.moved(200, np.dtype(np.float32)) > 0


@pytest.mark.parametrize("dtype", DTYPES)
def test_one_output_takes_no_panels(dtype: Any, target: str, rng: np.random.Generator) -> None:
    for density, name in ((1.0, "dense"), (0.02, "csr")):
        choice, from_samples = choose(spread(rng, 1, 400, density, dtype))
        assert choice.few.format == name
        assert from_samples is None


def test_what_each_target_looks_up() -> None:
    """The numbers above are those of the target in use."""
    name = _core.active_target()
    assert (_core.lanes(), _core.lookup_columns()) == (LANES[name], COLUMNS[name])
    assert _core.has_expand() == (name == "x86-64-v4")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("density", [1.0, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.01])
def test_a_few_samples_are_not_dearer_than_dense(
    density: float, dtype: Any, target: str, rng: np.random.Generator
) -> None:
    """Of any number: by the format of one, of a few, or of panels, which take over where `panels_from` says."""
    lanes = _core.lanes()[DTYPES.index(dtype)]

    def costs(w: Any) -> list[float]:
        choice, from_samples = choose(w)
        if from_samples is None:
            from_samples = lanes + 1
        panel = choice.narrow.cycles * lanes + sum(choice.turns) * lanes
        few = [choice.few_work.call(n) for n in range(2, lanes + 1)]
        return [choice.one.cycles, *(cost if n < from_samples else panel for n, cost in enumerate(few, 2))]

    sparse, dense = costs(spread(rng, 200, 300, density, dtype)), costs(spread(rng, 200, 300, 1.0, dtype))
    # One format serves from two samples on until panels do, so that it is not the best for each of these numbers.
    assert np.max(np.divide(sparse, dense)) <= 1.1


@pytest.mark.parametrize("dtype", DTYPES)
def test_no_format_is_packed_that_does_not_run(dtype: Any, target: str, rng: np.random.Generator) -> None:
    """Where panels take over from two samples on, and where matrices are so sparse that anything dense would fill memory."""
    for shape, density in (((300, 300), 0.05), ((2000, 2000), 0.001), ((2000, 2000), 0.0)):
        choice, from_samples = choose(spread(rng, *shape, density, dtype))
        if from_samples == 2:
            assert choice.few.format == choice.one.format
        names = {choice.one.format, choice.few.format, choice.narrow.format, choice.wide.format}
        assert not names & {"dense", "bitmap"}


@pytest.mark.parametrize("dtype", DTYPES)
def test_few_weights_are_not_dearer_than_more(dtype: Any, target: str, rng: np.random.Generator) -> None:
    """Of a layer so small that the call around a sample costs more than its weights, a thousand samples."""
    order = rng.permutation(200)

    def cost(n_weights: int) -> float:
        w = np.zeros(200, dtype)
        w[order[:n_weights]] = 1
        choice, from_samples = choose(w.reshape(10, 20))
        rows = choice.few_work.further
        return rows if from_samples is None else choice.wide.cycles + sum(choice.turns)

    costs = [cost(n) for n in (0, 1, 3, 5, 20, 100, 200)]
    assert costs == sorted(costs)
    assert costs[0] > 10


@pytest.mark.parametrize(
    ("shape", "density", "expected"),
    [
        ((1000, 1000), 0.0, True),
        ((1000, 1000), 0.005, True),
        ((1000, 1000), 0.1, False),
        ((7, 4000), 1.0, False),
        ((1, 4000), 1.0, True),
        ((3000, 6), 1.0, True),
        ((20, 20), 1.0, False),
    ],
)
def test_samples_in_columns_where_entries_are_few(
    shape: tuple[int, int], density: float, expected: bool, rng: np.random.Generator
) -> None:
    matrix = _core.CsrMatrixF64.from_dense(spread(rng, *shape, density, np.float64), None, 1)
    assert _costs.takes_columns(matrix) == expected
