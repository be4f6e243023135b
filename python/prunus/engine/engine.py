"""compile(): a network packed for its sparse kernels, and the handle that runs it."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from prunus import _core
from prunus._base import Floats, check, resolve_threads, table
from prunus.data import dense, is_sparse, read_by, require_names, sparse
from prunus.engine import packed
from prunus.engine.sparse_rows import sparse_executor
from prunus.network import ACTIVATION_NUMBER, Layer, Network


@dataclass(frozen=True)
class LayerPlan:
    """How an engine runs one layer. Formats and kernels: for one sample / a few as they come / narrow panels / wide ones."""

    shape: tuple[int, int]  # (n_out, n_in)
    density: float  # fraction of the weights that are not zero
    format: str
    kernel: str
    target: str
    bytes: int  # of the packed weights and the bias


class Plan(tuple[LayerPlan, ...]):
    """One row for each layer; prints as a table.

    `panels_from`: a call with so many samples turns them into panels (features first, vectors of samples); None: none does.
    """

    panels_from: int | None

    def __new__(cls, rows: Iterable[LayerPlan], panels_from: int | None) -> Plan:
        """Make a plan of rows."""
        plan = super().__new__(cls, rows)
        plan.panels_from = panels_from
        return plan

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self), self.panels_from

    def __str__(self) -> str:
        header = [field.name for field in fields(LayerPlan)]
        rows = [[_cell(value) for value in asdict(row).values()] for row in self]
        return "\n".join(table([header, *rows]))


def _cell(value: Any) -> str:
    return (
        f"{value:.4f}"
        if isinstance(value, float)
        else "x".join(map(str, value))
        if isinstance(value, tuple)
        else str(value)
    )


class Engine:
    """A network ready to run. Make one with `prunus.compile`.

    It may be called from several threads at once, and after a fork (where a child runs on one thread). Pickling keeps the
    network and packs it again.
    """

    def __init__(self, network: Network, threads: int | None = None, feature_names: list[str] | None = None) -> None:
        self._network = network
        self._feature_names = feature_names
        self._threads = None if threads is None else resolve_threads(threads)
        self._n_in, self._n_out, self._dtype = network.n_in, network.n_out, network.dtype
        layers = network.with_all_inputs().layers
        weights = [packed.PackedWeight(packed.csr_of(layer.weight), alone=len(layers) == 1) for layer in layers]
        self._executor, panels_from = packed.executor(
            [
                (weight, layer.bias, ACTIVATION_NUMBER[layer.activation], layer.negative_slope)
                for weight, layer in zip(weights, layers, strict=True)
            ],
            read_by(layers[0].weight),
        )
        self._plan = Plan(
            [_row(weight, layer) for weight, layer in zip(weights, layers, strict=True)], panels_from=panels_from
        )

    @property
    def network(self) -> Network:
        """The network that was compiled."""
        return self._network

    @property
    def threads(self) -> int | None:
        """The number of threads asked for; None is resolved at every call, in the process that calls."""
        return self._threads

    @property
    def plan(self) -> Plan:
        """One row for each layer: shape, density, format, kernel, target, bytes."""
        return self._plan

    @property
    def nbytes(self) -> int:
        """Bytes of the packed weights and the biases, the sum of the plan's; what sparse samples need is not among them."""
        return sum(row.bytes for row in self._plan)

    def __call__(self, X: Any, out: Floats | None = None) -> Floats:
        """Return the raw output, before sigmoid, softmax or the choice of a label.

        Parameters
        ----------
        X : array_like, DataFrame or SciPy sparse matrix of shape (n_samples, n_in)
            C-contiguous and of the network's dtype it is used in place; anything else of a real type is converted once, what
            is missing in a DataFrame to NaN, and a sparse matrix that is unsorted is put in order in a copy.
            NaN or infinity in a sample affects that sample alone, and in a column that no weight reads nothing at all. In a
            column that some output reads, a weight of zero may or may not pass it on to the other outputs, as the packed
            format has it. Of a sparse matrix the zeros are not multiplied.
        out : ndarray of shape (n_samples, n_out), optional
            Where to write: C-contiguous, of the network's dtype, not overlapping X.

        Returns
        -------
        ndarray of shape (n_samples, n_out), of the network's dtype
            The same bits for every number of threads. Against `Network.forward` the error is at most a small multiple
            of n_in * eps * (|W| @ |x|) in each layer.

        Raises
        ------
        TypeError, ValueError
            If X or out is not as said, or X is a DataFrame of other columns than the model was fitted with.
        """
        if (done := self._executor.run_plain(X, out, self._threads or 0)) is not None:
            return done
        if is_sparse(X):
            return self._run_sparse(X, out)
        require_names("X", X, self._feature_names)
        X = dense("X", X, self._n_in, self._dtype)
        shape = (len(X), self._n_out)
        out = np.empty(shape, self._dtype) if out is None else _checked_out(out, shape, self._dtype, X)
        self._executor.run(X, out, resolve_threads(self._threads))
        return out

    def on(self, threads: int | None) -> Engine:
        """Return the same packed network with another number of threads. Costs nothing."""
        other = object.__new__(Engine)
        other.__dict__ = {**self.__dict__, "_threads": None if threads is None else resolve_threads(threads)}
        return other

    def _run_sparse(self, X: Any, out: Floats | None) -> Floats:
        run = self._for_sparse.run
        if X.format == "csr" and X.shape[1:] == (
            self._n_in,
        ):  # the short way: SciPy's checks take longer than the product
            arrays = X.indptr, X.indices, X.data
            done = run(*arrays, out, self._threads or 0)
            if done is None and self._threads is None:  # it may be enough work for several
                done = run(*arrays, out, resolve_threads(None))
            if done is not None:
                return done
        starts, columns, values = sparse("X", X, self._n_in, self._dtype)
        if out is not None:
            inputs = (getattr(X, name, values) for name in ("data", "indices", "indptr"))
            _checked_out(out, (len(starts) - 1, self._n_out), self._dtype, *inputs)
        plain = None if out is None else np.asarray(out)
        done = run(starts, columns, values, plain, resolve_threads(self._threads))
        if done is None:
            raise check.error(ValueError, "X", f"expected in each row columns that ascend and lie below {self._n_in}")
        return done if out is None else out

    @functools.cached_property
    def _for_sparse(self) -> _core._SparseExecutor:
        """What runs sparse samples; made when it is asked for."""
        first, *rest = self._network.with_all_inputs().layers
        return sparse_executor(first, self._executor, Engine(Network(rest))._executor if rest else None)

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return labels if the network has classes (0/1 rows for multilabel), else the output, (n_samples,) if there is one.

        Raises ValueError if the output that a label is to be told from is NaN; a regression returns NaN.
        """
        return self._network.labels.decide(self(X))

    def predict_proba(self, X: Any) -> npt.NDArray[Any]:
        """Return probabilities (n_samples, n_classes). Classification only: raises ValueError without classes, and for NaN."""
        return self._network.labels.probabilities(self(X))

    def __reduce__(self) -> tuple[Any, ...]:
        return Engine, (self._network, self._threads, self._feature_names)

    def __repr__(self) -> str:
        return f"Engine({self._network!r}, target {self._plan[0].target}, threads {self._threads})"


def compile(network: Any, *, threads: int | None = None) -> Engine:
    """Pack a network for the sparse kernels of this CPU.

    Parameters
    ----------
    network : Network or Pruned
    threads : int, optional
        How many threads a call may use, 1024 at most. None: as many as the process may use when it calls (see
        PRUNUS_NUM_THREADS).

    Returns
    -------
    Engine
        What a column of X holds that no weight reads does not matter, NaN included; see `Engine.__call__` for the others.

    Raises
    ------
    TypeError, ValueError
        If `network` is neither, or `threads` is not an integer of at least 1.

    Examples
    --------
    >>> engine = prunus.compile(prunus.Network([prunus.Layer([[1.0, 0.0, -1.0]])]))
    >>> engine([[3.0, 7.0, 1.0]])
    array([[2.]])
    """
    network = getattr(network, "pruned_", network)  # of an estimator that prunes what it fits
    inner = getattr(network, "network", network)
    if not isinstance(inner, Network):
        raise check.error(
            TypeError, "network", f"expected a Network or Pruned, got {check.describe(inner)}; see prunus.as_network"
        )
    is_behind = getattr(network, "front", None) is not None  # the names are those of a table that it does not see
    return Engine(inner, threads, None if is_behind else network.feature_names)


def _row(weight: packed.PackedWeight, layer: Layer) -> LayerPlan:
    return LayerPlan(
        shape=weight.shape,
        density=weight.nnz / layer.weight.size,
        format=weight.format,
        kernel=weight.kernel,
        target=_core.active_target(),
        bytes=weight.nbytes + layer.bias.nbytes,
    )


def _checked_out(out: Any, shape: tuple[int, int], dtype: np.dtype[Any], *inputs: Any) -> Floats:
    if not isinstance(out, np.ndarray) or out.dtype != dtype:
        raise check.error(TypeError, "out", f"expected an array of {dtype}, got {check.describe(out)}")
    if out.shape != shape or not out.flags.carray:
        raise check.error(
            ValueError,
            "out",
            f"expected a writeable, aligned, C-contiguous array of shape {shape}, got {check.describe(out)}",
        )
    if any(np.may_share_memory(out, array) for array in inputs):
        raise check.error(ValueError, "out", "expected memory of its own, got an array that overlaps X")
    return out
