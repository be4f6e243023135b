"""Remove the neurons of a network whose contribution is below a threshold.

The rule: neuron i is removed where ``sum over the samples of dL/do_i * o_i < alpha``, o_i being its output. The sum is signed:
it is the first-order change of L if the output grew in proportion, so a neuron that lowers the loss has a negative one and a
threshold of 0 would remove just those. With ``absolute=True`` the terms count by their size, and what is removed is what
hardly matters either way. The matrices really get smaller.
"""

import warnings

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

import prunus

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16, y, random_state=0)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ConvergenceWarning)
    estimator = MLPClassifier((100, 50), max_iter=40, random_state=0).fit(X_train, y_train)
network = prunus.as_network(estimator)

for absolute in (False, True):
    criterion = prunus.criteria()["output_contribution"](absolute=absolute)
    scores = prunus.importance(network, criterion, X=X_train, y=y_train)
    alpha = float(np.quantile(np.concatenate(scores[:-1]), 0.3))  # a threshold that a third of the neurons miss
    pruned = prunus.prune(network, X_train, y_train, criterion=criterion, pattern="neuron", threshold=alpha)
    widths = [network.n_in, *(layer.n_out for layer in pruned.network.layers)]
    print(f"{'absolute' if absolute else 'signed'}, alpha = {alpha:.2g}: {'-'.join(map(str, widths))}")
    print(f"  test accuracy {estimator.score(X_test, y_test):.4f} -> {pruned.score(X_test, y_test):.4f}")

    # Real removal computes what the network with the neurons' weights set to zero would.
    layers = [
        layer.replace(np.where(kept[:, None], layer.weight, 0))
        for layer, kept in zip(network.layers, pruned.masks, strict=True)
    ]
    difference = np.abs(pruned.network.forward(X_test) - network.replace(layers).forward(X_test)).max()
    print(f"  largest difference from the masked network: {difference:.1e}")
