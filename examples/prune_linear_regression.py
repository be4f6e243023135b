"""Remove the weights of a linear regression whose gradient is below a threshold.

The rule: w is removed where ``|dL/dw| < epsilon``, L being the mean loss over the data. At the minimum of L every gradient
is zero, and the rule would remove everything, whatever it is worth. So it must look at the model *before* it is fitted to
the end: here after one step of gradient descent from zero, where the gradient of a feature says how much the loss still
falls by using it. What is left is then fitted by least squares.
"""

import numpy as np

import prunus

rng = np.random.default_rng(0)
n_samples, n_features = 500, 20
X = rng.standard_normal((n_samples, n_features))
true_weights = np.zeros(n_features)
true_weights[:4] = [3.0, -2.0, 1.5, 1.0]
y = X @ true_weights + 0.1 * rng.standard_normal(n_samples)

# One step from zero: dL/dw at w = 0 is -2 X'y / n.
learning_rate, epsilon = 0.1, 0.8
first_step = learning_rate * 2 * X.T @ y / n_samples
network = prunus.Network([prunus.Layer(first_step[None, :])])

pruned = prunus.prune(network, X, y, criterion="gradient", threshold=epsilon)
kept = pruned.masks[0][0]

# The weights that are left, fitted.
fitted = np.zeros((1, n_features))
fitted[0, kept] = np.linalg.lstsq(X[:, kept], y, rcond=None)[0]
engine = prunus.compile(prunus.Network([prunus.Layer(fitted)]))

print(pruned.report)
print(f"kept features: {np.flatnonzero(kept).tolist()}")
print(f"largest error of a weight: {np.abs(fitted[0] - true_weights).max():.4f}")
print(f"mean squared error: {np.mean((engine.predict(X) - y) ** 2):.4f} (noise: 0.01)")
