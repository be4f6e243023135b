"""Gram matrices of what layers read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prunus._base import check
from prunus.network import Forward
from prunus.statistics.base import Statistic
from prunus.statistics.gram import Gram, GramAccumulator, merged


class LayerGrams(Statistic):
    """Sums of squares and products of the inputs of each layer, ``X'X``, about their means unless ``fit_intercept=False``.

    Of all layers, or of those that are named.

    What it does
    ------------
    Gathers a `Gram` of each layer's inputs, `xx` of (n_in, n_in), in float64; its `xy` is that of one output of zeros.

    Why
    ---
    It is all that least squares, and so a second-order solver, needs to know of a layer's inputs.

    Cost
    ----
    A forward pass, and n_samples * n_in**2 multiplications and additions for each layer, a batch of rows at a time; 8 * n_in**2
    bytes for each, of a thousand inputs 8 MB, and three times that while a batch is added.

    When it fails
    -------------
    With very many inputs: of 20,000 a matrix takes 3 GB.

    Examples
    --------
    >>> grams = prunus.statistics.LayerGrams()
    >>> prunus.statistics.gather(network, X, None, grams)
    >>> np.allclose(grams.finish()[0].xx, np.cov(X.T, bias=True) * len(X))
    True

    References
    ----------
    B. Hassibi, D. Stork, "Second order derivatives for network pruning: optimal brain surgeon", 1993.
    """

    name = "layer_grams"

    def __init__(self, fit_intercept: bool = True, layers: Sequence[int] | None = None) -> None:
        self.fit_intercept = check.flag("fit_intercept", fit_intercept)
        self.layers = None if layers is None else _checked(layers)
        self._begin()

    def _begin(self) -> None:
        self._gathered: list[GramAccumulator] = []

    @property
    def weight(self) -> float:
        return self._gathered[0].weight if self._gathered else 0.0

    def gather(self, batch: Forward) -> None:
        if self.layers is not None and max(self.layers) >= len(batch.inputs):
            raise check.error(
                ValueError, "layers", f"expected layers of {len(batch.inputs)}, from 0 on, got {self.layers}"
            )
        inputs = batch.inputs if self.layers is None else [batch.inputs[i] for i in self.layers]
        if not self._gathered:
            self._gathered = [GramAccumulator() for _ in inputs]
        for gathered, x in zip(self._gathered, inputs, strict=True):
            gathered.update(x, np.zeros(x.shape[0]), batch.share)

    def _merge(self, other: LayerGrams) -> None:
        if other.layers != self.layers:
            raise check.error(ValueError, "other", f"expected one of layers {self.layers}, got one of {other.layers}")
        # All of them anew: if one is too large to be added, none has been.
        self._gathered = [merged(both) for both in zip(self._gathered, other._gathered, strict=True)]

    def finish(self) -> tuple[Gram, ...]:
        self._require_weight()
        return tuple(gathered.gram(fit_intercept=self.fit_intercept) for gathered in self._gathered)


def _checked(layers: Sequence[int]) -> tuple[int, ...]:
    if isinstance(layers, str) or not isinstance(layers, Sequence) or not layers:
        raise check.error(TypeError, "layers", f"expected a sequence of layers, or None, got {check.describe(layers)}")
    return tuple(check.integer("layers", i, minimum=0) for i in layers)
