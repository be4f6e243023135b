"""Which weights are left, chosen again of each row as the layers before are pruned, and their least squares values."""

from __future__ import annotations

from dataclasses import dataclass

from prunus._base import Bools
from prunus.compensating.base import Removal
from prunus.compensating.optimum import chosen_again, exchanges
from prunus.compensating.refit import Refit
from prunus.compensating.stand_in import StandIn
from prunus.network import Layer, Network


@dataclass(frozen=True)
class Obs(Refit):
    """Each row's best weights, chosen again on what the layers before put out now, with least squares values.

    What it does
    ------------
    Takes one layer after the other. The masks say how many weights each neuron keeps; which, it chooses again: from all that
    were there it removes, one after the other, the weight without which the neuron's sum, the others refitted, moves least
    from what it was before anything went, on the inputs that the layers before put out now. Blocks go from all their rows at
    once; of m neighbours no more than m - n go, or, where some have to stay, those stay that would have gone last. Then it fits
    the weights that are left, and the biases, as ``refit`` does, whose options it has. Neurons, inputs, and the weights of a
    linear regression stay as the criterion chose.

    Of a linear model of scikit-learn, with labels, it goes to the optimum of the model's own loss and penalty, as ``refit``
    does. With a logistic loss of two classes, or of each class against the rest, it first exchanges weights that are left for
    others of their output, one for one, as long as the optimum gets better: of all pairs it tries the 20 that the second
    derivative puts first, and goes on from one that is better.

    Why
    ---
    Inputs that are correlated stand in for one another, and once the layers before are pruned others do: the support that was
    best on the dense network's inputs is not the best on these.

    Cost
    ----
    That of ``refit``, and for each neuron, or band of blocks, an inverse of its own, n_in**3 / 4 multiplications and additions
    (300 of 784 inputs: some 2 seconds on two threads), 8 * n_in**2 bytes for each thread.

    When it fails
    -------------
    With very many inputs: of 4096 a neuron takes some seconds. Each neuron is fitted alone: what the network as a whole could
    make up for is left to refinement.

    Examples
    --------
    >>> pruned = prunus.prune(network, X, sparsity=0.9, criterion="obs", compensate="obs")

    References
    ----------
    E. Frantar, S. Singh, D. Alistarh, "Optimal brain compression", 2022; B. Hassibi, D. Stork, "Second order derivatives for
    network pruning: optimal brain surgeon", 1993; J. Zhu, C. Wen, J. Zhu, H. Zhang, X. Wang, "A polynomial algorithm for
    best-subset selection problem", 2020.
    """

    name = "obs"

    def layer(self, i: int, sparse: Network, removal: Removal) -> tuple[Layer, Bools]:
        there, kept, pattern = removal.there[i], removal.kept[i], removal.pattern
        if removal.has_begun(i) and self._knows_the_optimum(sparse, removal):
            if exchanges(sparse) and pattern.takes_target and pattern.unit == "weight" and pattern.block == (1, 1):
                assert removal.data is not None
                free = there if removal.stays is None else there & ~removal.stays[i]
                kept = chosen_again(sparse, kept, free, removal.data, self.alpha, removal.threads)
            return self._optimum(sparse, kept, removal)
        if sparse.is_linear_regression or pattern.unit != "weight" or (kept == there).all():
            return super().layer(i, sparse, removal)
        problem = StandIn.of(i, sparse, removal, self.damping)
        stays = None if removal.stays is None else removal.stays[i]
        # The elimination knows of no weight that has to stay: it would count on others of its group.
        quota = pattern.quota if stays is None or not stays.any() else (0, 1)
        if removal.in_order and quota == (0, 1) and not removal.has_begun(i - 1):
            return problem.fitted(kept), kept
        costs = problem.costs(pattern.block, quota)
        chosen = pattern.chosen_again(costs, kept, there, stays, removal.threads) & there
        return problem.fitted(chosen), chosen
