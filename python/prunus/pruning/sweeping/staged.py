"""Neurons first, then weights of what is left."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from prunus._base import check
from prunus.masking import Pattern, pattern_of
from prunus.pruning.earlier import after_units
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
        first, outcome = super().at(_PART * sparsity if sparsity > self.gone_before else 0.0)
        network = outcome.networks["after"]
        earlier = after_units(first.earlier, first.what.pattern.unit, outcome.masks, network, outcome.n_kept)
        request = replace(
            self.then,
            network=network,
            earlier=earlier,
            what=what_of(earlier, network, self.then.what.pattern, None, None)[0],
            goal=self.then.goal._replace(sparsity=sparsity),
            on=self.request.on,
            rng=copy.deepcopy(self.then.rng),
        )
        found = run(request, self.threads)
        networks = {**found.networks, "before": self.request.network}
        return request, replace(found, networks=networks, notes=[*outcome.notes, *found.notes])


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
