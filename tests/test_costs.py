"""The cost model of targets that this machine need not have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from prunus import _core, _costs, _cycles
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
        assert {choice.rows.format, choice.narrow.format, choice.wide.format} <= names
        assert from_samples is not None


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_bitmap_where_weights_can_be_expanded(dtype: Any, target: str, rng: np.random.Generator) -> None:
    rows = {density: choose(spread(rng, 300, 300, density, dtype))[0].rows.format for density in (0.05, 0.5, 1.0)}
    assert (rows[0.5] == "bitmap") == (target == "x86-64-v4")
    assert "bitmap" not in (rows[0.05], rows[1.0])


@pytest.mark.parametrize("dtype", DTYPES)
def test_samples_that_go_together_pay_once_for_the_weights(dtype: Any, target: str, rng: np.random.Generator) -> None:
    work = choose(spread(rng, 300, 300, 1.0, dtype))[0].rows_work
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
    assert tiles[-1] <= 65536


def test_what_is_moved_counts_in_bytes(target: str) -> None:
    assert _costs.moved(200, np.dtype(np.float64)) == 2 * _costs.moved(200, np.dtype(np.float32)) > 0


@pytest.mark.parametrize("dtype", DTYPES)
def test_one_output_takes_no_panels(dtype: Any, target: str, rng: np.random.Generator) -> None:
    for density, name in ((1.0, "dense"), (0.02, "csr")):
        choice, from_samples = choose(spread(rng, 1, 400, density, dtype))
        assert choice.rows.format == name
        assert from_samples is None


def test_what_each_target_looks_up() -> None:
    """The numbers above are those of the target in use."""
    name = _core.active_target()
    assert (_core.lanes(), _core.lookup_columns()) == (LANES[name], COLUMNS[name])
    assert _core.has_expand() == (name == "x86-64-v4")
