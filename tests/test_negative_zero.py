"""A weight of -0, which multiplying by a mask leaves behind, is a zero in every count, format and file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import prunus
from prunus.data.scaling import Scaling
from prunus.files import container as _container
from prunus.files import files
from prunus.files.layers import csr_arrays


def masked(rng: np.random.Generator, dtype: Any) -> tuple[Any, Any]:
    """A weight multiplied by a mask, with zeros of both signs, and the same with +0 alone."""
    weight = rng.standard_normal((40, 60)).astype(dtype)
    mask = rng.random(weight.shape) < 0.1
    product = weight * mask
    assert np.signbit(product[~mask]).any()
    return product, np.where(mask, weight, 0).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_layer_has_zeros_of_one_sign(dtype: Any, rng: np.random.Generator) -> None:
    product, plain = masked(rng, dtype)
    layer = prunus.Layer(product, product[:, 0])
    assert layer.weight.tobytes() == plain.tobytes()
    assert layer.bias.tobytes() == plain[:, 0].tobytes()
    assert layer.weight.dtype == dtype
    assert np.signbit(product[product == 0]).any()  # the caller's array stays as it was


def test_what_a_layer_turns_into_has_them_too() -> None:
    """Scaling a removed weight by a negative number, or into what is too small for the dtype, makes -0 anew."""
    network = prunus.Network([prunus.Layer([[-1e-60, 1.0]])], scaling=Scaling(np.array([0.0, 1.0]), np.ones(2)))
    for made in (network.astype(np.float32), network.unfolded(), network.refolded(network.unfolded())):
        weight = made.layers[0].weight
        assert not np.signbit(weight[weight == 0]).any()
    assert network.astype(np.float32).n_nonzero == 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_files_counts_and_formats_are_those_of_plus_zero(dtype: Any, tmp_path: Path, rng: np.random.Generator) -> None:
    product, plain = masked(rng, dtype)
    networks = [prunus.Network([prunus.Layer(w, w[:, 0])]) for w in (product, plain)]
    assert [network.n_nonzero for network in networks] == [np.count_nonzero(plain)] * 2
    for i, network in enumerate(networks):
        prunus.save(network, tmp_path / str(i))
    assert (tmp_path / "0").stat().st_size == (tmp_path / "1").stat().st_size
    # Entries of the value and one byte for the column, a start for each row, and the header: far below the dense weight.
    entries = np.count_nonzero(plain) * (product.itemsize + 1)
    assert (tmp_path / "0").stat().st_size < entries + 2 * 41 + plain[:, 0].nbytes + 1000
    assert prunus.compile(networks[0]).plan == prunus.compile(networks[1]).plan
    assert prunus.SparseMatrix.from_dense(product).nnz == np.count_nonzero(plain)


def test_a_file_that_stores_them_is_read(rng: np.random.Generator) -> None:
    """Earlier files may."""
    product, plain = masked(rng, np.float64)
    document, tensors = files._described(files.Contents(prunus.Network([prunus.Layer(plain, plain[:, 0])])), csr_arrays)
    stored = (plain != 0) | np.signbit(product)
    tensors |= {f"layers.0.{name}": array for name, array in csr_arrays(product, stored).items()}
    tensors["layers.0.bias"] = product[:, 0].copy()
    layer = files.from_bytes(_container.pack(document, tensors)).network.layers[0]
    assert layer.weight.tobytes() == plain.tobytes()
    assert layer.bias.tobytes() == plain[:, 0].tobytes()
