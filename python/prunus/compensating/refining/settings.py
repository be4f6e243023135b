"""How to refine what is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from prunus._base import NotSupportedError, check
from prunus.network import Network

_TOWARDS = ("outputs", "labels")


@dataclass(frozen=True)
class Refine:
    """How to refine the weights that are left, of all layers together: Gauss-Newton steps with a line search.

    Each step solves for the change that is best where the network is taken for linear, by conjugate gradients, and goes as far
    along it as the loss falls (J. Martens, "Deep learning via Hessian-free optimization", 2010). The conjugate gradients are
    preconditioned by each neuron's own least squares problem on its support (J. Martens, R. Grosse, "Optimizing neural networks
    with Kronecker-factored approximate curvature", 2015).

    Parameters
    ----------
    steps : int, default 5
        Fewer are done where the loss falls no more.
    towards : {"outputs", "labels"}, default "outputs"
        What the dense network put out, which needs no labels, or the labels: that trains, and fits a small sample too well
        (alpha).
    products : int, default 10
        Of a step, each about two forward passes and a backward one.
    damping : float, default 1e-3
        Ridge penalty of the preconditioner, of the mean square of a layer's inputs.
    alpha : float, default 0.0
        Ridge penalty: the loss, a mean over the samples, has half of it times the sum of the squares of the weights added, of
        standardized inputs where the model has a scaling, and of divided logits.
        Labels ask for one. Two networks 784-40-20-10 of MNIST, without 90 % of their weights, 15 steps towards 50,000 labels:
        of other training images they predict 2.0 in a hundred more than before pruning, with 1e-3 2.6 more.
    logits : float, default 2.0
        A classifier's outputs are compared as it would give them if it were less sure: its logits are divided until their root
        mean square is that, where it is above (the temperature of G. Hinton, O. Vinyals, J. Dean, "Distilling the knowledge in
        a neural network", 2015). Of samples that a network has learnt, its probabilities tell nothing but their class.

    Raises
    ------
    TypeError, ValueError
        If a number is out of its range or a name is unknown.

    Examples
    --------
    >>> pruned = prunus.prune(network, X, sparsity=0.9, criterion="obs", compensate="obs", refine=prunus.Refine(steps=2))
    """

    steps: int = 5
    towards: str = "outputs"
    products: int = 10
    damping: float = 1e-3
    alpha: float = 0.0
    logits: float = 2.0

    def __post_init__(self) -> None:
        """Check what it is to do."""
        check.put(
            self,
            steps=check.integer("steps", self.steps, minimum=1),
            towards=check.one_of("towards", self.towards, _TOWARDS),
            products=check.integer("products", self.products, minimum=1),
            damping=check.number("damping", self.damping, 0, float(np.finfo(np.float64).max)),
            alpha=check.number("alpha", self.alpha, 0, float(np.finfo(np.float64).max)),
            logits=check.positive("logits", self.logits),
        )

    @property
    def needs(self) -> tuple[str, ...]:
        """What it needs of the data."""
        return ("X",) if self.towards == "outputs" else ("X", "y")

    def require(self, network: Network) -> None:
        """Raise NotSupportedError for a network that it cannot refine."""
        if network.provenance.positive:
            raise check.error(
                NotSupportedError,
                "refine",
                "expected a model without positive=True, whose weights may fall below zero",
            )


def refine_of(refine: Any) -> Refine | None:
    """Return the settings; a number is that of steps."""
    if refine is None or isinstance(refine, Refine):
        return refine
    return Refine(check.integer("refine", refine, minimum=1))
