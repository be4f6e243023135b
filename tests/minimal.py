"""What an installed wheel must do with nothing but its hard dependencies: run it with the name of the target to expect."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

import prunus


def main() -> None:
    """Prune, save, load and run a small network; raise at the first thing that is not right."""
    config = prunus.show_config()
    if len(sys.argv) > 1 and config["target"] != sys.argv[1]:
        sys.exit(f"expected target {sys.argv[1]}, got {config['target']}")
    rng = np.random.default_rng(0)
    for dtype in (np.float32, np.float64):
        shapes = ((50, 70), (30, 50), (3, 30))
        weights = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
        layers = [prunus.Layer(w, rng.standard_normal(len(w)), "tanh") for w in weights]
        network = prunus.Network(layers, output="softmax", classes=["a", "b", "c"])
        X, y = rng.standard_normal((200, 70)).astype(dtype), rng.choice(["a", "b", "c"], 200)
        for pattern in ("weight", "neuron"):
            pruned = prunus.prune(network, X, y, sparsity=0.5, pattern=pattern, fine_tune=1, random_state=0)
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "model.safetensors")
                pruned.save(path)
                loaded = prunus.load(path)
            assert isinstance(loaded, prunus.Pruned)
            assert loaded.network == pruned.network
            for n in (1, 2, 200):
                raw, bound = pruned.network.forward(X[:n]), pruned.network.error_bound(X[:n])
                assert np.all(np.abs(loaded.engine(X[:n]) - raw) <= bound)
    print("minimal: passed")  # noqa: T201


if __name__ == "__main__":
    main()
