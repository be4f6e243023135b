"""Neurons first, then weights of what is left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from prunus._base import check
from prunus.masking import Pattern, pattern_of
from prunus.pruning.earlier import of
from prunus.pruning.outcome import pruned_of
from prunus.pruning.request import Request, what_of
from prunus.pruning.rounds import Outcome, run
from prunus.pruning.sweeping.trials import Attempt

# Of the neurons goes so large a part of what is to go of the weights. On 784-300-100-10 (MNIST, one network) a quarter of the
# neurons cost nothing at 85 and 93 % of the weights, half of them 0.1 points at 75 to 95 %.
_PART = 0.5


@dataclass(frozen=True)
class Staged(Attempt):
    """Neurons by the request, then weights by another, which was made for the same network and data."""

    then: Request | None = None

    def at(self, sparsity: float | None) -> tuple[Request, Outcome]:
        """Return the second request for a sparsity, and what came of both. It is that of the weights."""
        assert self.then is not None
        assert sparsity is not None
        first, outcome = super().at(_PART * sparsity)
        pruned = pruned_of(first, outcome)
        network = pruned.network
        earlier = of(pruned, network)
        what, _ = what_of(earlier, network, self.then.what.pattern, None, None)
        goal = self.then.goal._replace(sparsity=sparsity)
        request = replace(self.then, network=network, earlier=earlier, what=what, goal=goal, on=self.request.on)
        found = run(request, self.threads)
        return request, replace(found, networks={**found.networks, "before": self.request.network})


def stages_of(name: str, options: Mapping[str, Any]) -> tuple[Pattern, Pattern] | None:
    """Return the patterns of "neuron+weight", say; None: it is one alone. Options that mean one pattern's units are refused."""
    first, plus, second = name.partition("+")
    if not plus:
        return None
    if first != "neuron":
        raise check.error(ValueError, "pattern", f"expected 'neuron+' before another pattern, got {name!r}")
    after = pattern_of(second)
    if after.unit != "weight" or not after.takes_target:
        raise check.error(ValueError, "pattern", f"expected weight or block:RxC after 'neuron+', got {name!r}")
    for option in ("layers", "keep", "max_layer_sparsity"):
        if options.get(option) is not None:
            raise check.error(ValueError, option, f"expected None beside pattern {name!r}, got {options[option]!r}")
    return pattern_of(first), after
