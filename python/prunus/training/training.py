"""fit(): Adam in plain NumPy, under masks if there are any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from prunus._base import Bools, Floats, check
from prunus.data import Data
from prunus.network import Layer, Network, trace
from prunus.scheduling import FineTune


class _Trained:
    """The arrays of one layer while they change. What the mask removes is +0 and stays so."""

    def __init__(self, layer: Layer, mask: Bools | None) -> None:
        self.weight: Floats = layer.weight.copy() if mask is None else np.where(mask, layer.weight, 0)
        self.bias: Floats = layer.bias.copy()
        self.activation = layer.activation
        self.negative_slope = layer.negative_slope
        self.mask = None if mask is None else mask.astype(self.weight.dtype)

    def gradients(self, delta: Floats, x: Floats) -> tuple[Floats, Floats]:
        gradient = delta.T @ x
        if self.mask is not None:
            gradient *= self.mask
        return gradient, delta.sum(axis=0)


class _Adam:
    """D. Kingma, J. Ba, "Adam: a method for stochastic optimization", 2015, with its default constants."""

    def __init__(self, parameters: Sequence[Floats]) -> None:
        self.parameters = parameters
        self.mean = [np.zeros_like(p) for p in parameters]
        self.square = [np.zeros_like(p) for p in parameters]
        self.step_count = 0

    def step(self, gradients: Sequence[Floats], rate: float) -> None:
        self.step_count += 1
        correct_mean = 1 - 0.9**self.step_count
        correct_square = float(np.sqrt(1 - 0.999**self.step_count))
        # m / c1 / (sqrt(v / c2) + eps), with the corrections c1 and c2 taken out of the arrays
        factor, eps = rate * correct_square / correct_mean, 1e-8 * correct_square
        for p, g, mean, square in zip(self.parameters, gradients, self.mean, self.square, strict=True):
            mean += p.dtype.type(0.1) * (g - mean)
            square += p.dtype.type(0.001) * (g * g - square)
            # A masked gradient is always 0, so is its mean, and the weight under it never moves.
            p -= p.dtype.type(factor) * mean / (np.sqrt(square) + p.dtype.type(eps))


def fit(
    network: Network,
    X: Any,
    y: Any,
    *,
    epochs: int,
    batch_size: int = 128,
    optimizer: str = "adam",
    learning_rate: float = 3e-3,
    sample_weight: Any = None,
    class_weight: Any = None,
    masks: Sequence[npt.ArrayLike | None] | None = None,
    record: list[Network] | None = None,
    random_state: Any = None,
    progress: bool = False,
) -> tuple[Network, list[dict[str, float]]]:
    """Train a network by gradient descent; where there is a mask, what it removes stays zero.

    A network with a `scaling` is trained on standardized inputs, as it was before.

    Parameters
    ----------
    network : Network
        Where to start. It is not changed.
    X : array_like or SciPy sparse matrix of shape (n_samples, n_in)
        It is read batch by batch: an array mapped from a file need not fit in memory, and a sparse one is never made dense.
    y : array_like of shape (n_samples,) or (n_samples, n_out)
    epochs : int
        Passes over the data.
    batch_size : int, default 128
    optimizer : str, default "adam"
    learning_rate : float, default 3e-3
        Of the first step; it falls to 0 along half a cosine (I. Loshchilov, F. Hutter, "SGDR", 2017, without restarts).
    sample_weight : array_like of shape (n_samples,), optional
        Nonnegative.
    class_weight : mapping or "balanced", optional
        Weight of each label (others: 1), multiplied with sample_weight.
    masks : sequence of (array_like of bool or None), optional
        One for each layer, of the shape of its weight; True is trained. None: everything is.
    record : list, optional
        The network before the first and after every epoch is appended: a history for criterion "movement".
    random_state : int, Generator or None
        Seeds the order of the samples.
    progress : bool, default False
        Show a bar if it takes longer than a second and there is a terminal.

    Returns
    -------
    Network
        The network after the last epoch.
    list of dict
        For each epoch ``{"epoch": ..., "loss": ...}``, the mean loss of its batches as they came.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind, shape or value.
    FloatingPointError
        If the loss stops being finite: the learning rate is too high, or the data are not scaled.

    Notes
    -----
    Computes in the network's dtype. An epoch costs three times the products of a forward pass over the data.

    Examples
    --------
    >>> network, history = prunus.fit(network, X, y, epochs=5, random_state=0)
    """
    settings = FineTune(epochs, batch_size, learning_rate, optimizer)
    if not isinstance(network, Network):
        raise check.error(
            TypeError, "network", f"expected a Network, got {check.describe(network)}; see prunus.as_network"
        )
    if record is not None and not isinstance(record, list):
        raise check.error(TypeError, "record", f"expected a list, got {check.describe(record)}")
    data = network.data(X, y, sample_weight, class_weight=class_weight, dtype=network.dtype, standardized=True)
    rng = check.generator("random_state", random_state)
    return train(network, data, settings, _masks(network, masks), rng, record=record, progress=progress)


def train(
    network: Network,
    data: Data,
    settings: FineTune,
    masks: Sequence[Bools | None] | None,
    rng: np.random.Generator,
    *,
    record: list[Network] | None = None,
    progress: bool = False,
) -> tuple[Network, list[dict[str, float]]]:
    """Train as `fit` does, by data that were checked for the network."""
    start = network.unfolded()
    seen = network.view(data, standardized=True, dtype=network.dtype)
    masks = [None] * len(start.layers) if masks is None else masks
    layers = [_Trained(layer, mask) for layer, mask in zip(start.layers, masks, strict=True)]

    def now() -> Network:
        trained = [old.replace(new.weight, new.bias) for old, new in zip(start.layers, layers, strict=True)]
        return network.refolded(start.replace(trained))

    history: list[dict[str, float]] = []
    if record is not None:
        record.append(now())
    for row in _epochs(layers, network.output, seen, settings, rng, progress):
        history.append(row)
        if record is not None:
            record.append(now())
    return now(), history


def _masks(network: Network, masks: Any) -> list[Bools | None] | None:
    if masks is None:
        return None
    if not isinstance(masks, Sequence):
        raise check.error(
            TypeError, "masks", f"expected a sequence, one mask for each layer, got {check.describe(masks)}"
        )
    if len(masks) != len(network.layers):
        raise check.error(
            ValueError, "masks", f"expected {len(network.layers)}, one for each layer, got {check.describe(masks)}"
        )
    return [
        None if mask is None else check.bools(f"masks[{i}]", mask, layer.weight.shape)
        for i, (mask, layer) in enumerate(zip(masks, network.layers, strict=True))
    ]


def _epochs(
    layers: list[_Trained],
    output: str,
    data: Data,
    settings: FineTune,
    rng: np.random.Generator,
    progress: bool,
) -> Iterator[dict[str, float]]:
    """Train epoch by epoch, and yield what the history says of each."""
    adam = _Adam([array for layer in layers for array in (layer.weight, layer.bias)])
    from tqdm import tqdm  # it looks for its own version for a tenth of the time to import prunus

    n = len(data)
    assert data.share is not None
    n_steps = settings.epochs * -(-n // settings.batch_size)
    share = (data.share * n).astype(data.dtype)  # 1 for each sample where all count the same
    # tqdm's None: silent where there is no terminal; delay: silent for what is done within a second
    for epoch in tqdm(range(settings.epochs), "fine-tune", disable=None if progress else True, delay=1, leave=False):
        order = rng.permutation(n)
        total = 0.0
        for begin in range(0, n, settings.batch_size):
            rows = order[begin : begin + settings.batch_size]
            batch = trace(
                layers, output, data.rows(rows), data.targets(rows), share[rows] / share.dtype.type(len(rows))
            )
            total += batch.loss * len(rows)
            pairs = zip(layers, batch.sum_gradients, batch.inputs, strict=True)
            gradients = [g for layer, delta, x in pairs for g in layer.gradients(delta, x)]
            adam.step(gradients, settings.learning_rate * (1 + np.cos(np.pi * adam.step_count / n_steps)) / 2)
        if not np.isfinite(total):
            raise check.error(
                FloatingPointError, "learning_rate", f"the loss is {total} after epoch {epoch + 1}; try a lower one"
            )
        yield {"epoch": epoch + 1, "loss": total / n}
