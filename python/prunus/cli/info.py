"""`prunus info`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from prunus.cli import models
from prunus.cli.models import ModelFile, TrustPickle
from prunus.cli.output import AsJson, print_json
from prunus.engine import Engine
from prunus.network import Network
from prunus.pruning import Pruned, described


def info(model: ModelFile, trust_pickle: TrustPickle = False, as_json: AsJson = False) -> None:
    """Say what a saved model is: its layers, how its engine runs them, and its report if it was pruned."""
    loaded = models.read(model, trust_pickle=trust_pickle)
    network, report = loaded.network, loaded.model.report if isinstance(loaded.model, Pruned) else None
    front = None if loaded.front is None else described(loaded.front)
    plan = Engine(network).plan
    if as_json:
        print_json(
            {"front": front, "network": _described(network), "plan": [asdict(row) for row in plan], "report": report}
        )
        return
    before = "" if front is None else f"{front}, then\n"
    print(f"{before}{network}\n\n{plan}")
    if report is not None:
        print(f"\n{report}")


def _described(network: Network) -> dict[str, Any]:
    return {
        "widths": [network.n_in, *(layer.n_out for layer in network.layers)],
        "n_weights": network.n_weights,
        "n_nonzero": network.n_nonzero,
        "sparsity": network.sparsity,
        "dtype": network.dtype.name,
        "output": network.output,
        "classes": None if network.classes is None else network.classes.tolist(),
        "activations": [layer.activation for layer in network.layers],
    }
