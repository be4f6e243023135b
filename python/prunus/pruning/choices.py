"""What prune() is asked for, checked: layers, criterion, allocation, schedule, data; and what "auto" is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from prunus import masking, scoring
from prunus._base import Bools, check, names_of
from prunus.compensating import (
    Compensation,
    Refit,
    compensation_of,
    compensations,
    has_optimum,
)
from prunus.convert import own_fit
from prunus.data import require_names
from prunus.masking import Pattern
from prunus.network import Network
from prunus.scheduling import Schedule, schedule_of
from prunus.scoring import Criterion


def layers_of(layers: Any, pattern: Pattern, network: Network) -> tuple[list[int], list[int]]:
    """Return the layers to prune, in the order given, and those that are too small for the pattern and were not asked for."""
    prunable = pattern.prunable(network)
    if not prunable:
        raise check.error(
            ValueError, "pattern", f"expected a network with something to remove by {str(pattern)!r}, got {network!r}"
        )
    if layers is None:
        shapes = [layer.weight.shape for layer in network.layers]
        fitting = [i for i in prunable if pattern.fits(shapes[i])]
        if not fitting:
            pattern.check(shapes[prunable[0]])
        return fitting, [i for i in prunable if i not in fitting]
    if not isinstance(layers, (Sequence, np.ndarray)) or isinstance(layers, str):
        raise check.error(TypeError, "layers", f"expected a sequence of indices, got {check.describe(layers)}")
    chosen = [check.integer("layers", i, minimum=0) for i in layers]
    if not chosen or len(set(chosen)) < len(chosen) or not set(chosen) <= set(prunable):
        valid = ", ".join(map(str, prunable))
        raise check.error(ValueError, "layers", f"expected some of {valid}, each once, got {chosen}")
    return chosen, []


def too_small(pattern: Pattern, i: int, network: Network) -> str:
    """Say that a layer stays as it is."""
    n_out, n_in = network.layers[i].weight.shape
    return f"layer {i} stays as it is: {n_out}x{n_in} is too small for {pattern}"


def allocation_of(allocation: str, pattern: Pattern, criterion: Criterion) -> type[masking.Allocation]:
    """Return the allocation, for "auto" the criterion's; a pattern that says itself how much goes has none to choose."""
    name = check.one_of("allocation", allocation, ["auto", *masking.allocations()])
    if name != "auto" and not pattern.takes_target:
        raise check.error(
            ValueError, "allocation", f"expected 'auto' for pattern {pattern}, which says how much goes, got {name!r}"
        )
    return masking.allocations()[criterion.allocation if name == "auto" else name]


def nonzero(network: Network) -> list[Bools] | None:
    """Return which weights are not zero; None: all."""
    return [layer.weight != 0 for layer in network.layers] if network.n_nonzero < network.n_weights else None


# Beyond so many inputs of a layer their Gram matrix is not made unasked, 128 MB; beyond so many multiplications, a minute or
# two on two threads, optimal brain surgery of each row is not done unasked.
_MOST_INPUTS, _MOST_MULTIPLICATIONS = 4096, 1e12


class Choice(NamedTuple):
    """What `prune` takes for "auto"."""

    criterion: Criterion
    compensation: str | None = None  # None: the criterion's
    note: str | None = None  # for the report


def criterion_for(
    network: Network, pattern: Pattern, criterion: str | Criterion, has_X: bool, has_y: bool, trains: bool
) -> tuple[Choice, bool]:
    """Return the criterion, and whether it was "auto"."""
    if isinstance(criterion, str) and criterion == "auto":
        return _auto(network, pattern, has_X, has_y, trains), True
    return Choice(_named(criterion, pattern)), False


def _auto(network: Network, pattern: Pattern, has_X: bool, has_y: bool, trains: bool) -> Choice:
    """Return the criterion that kept most accuracy with what is there (docs/which-criterion.md)."""
    kinds = scoring.criteria()
    # The optimum on what is left is what training a linear model comes to.
    refits = has_X and has_y and has_optimum(network) and _fits(network)
    compensation = "refit" if refits else None
    if has_X and (refits or not trains) and _takes_surgery(network):
        n_multiplications = sum(layer.n_out * layer.n_in**3 / 4 for layer in network.layers)
        if pattern.unit != "weight" or n_multiplications <= _MOST_MULTIPLICATIONS:
            return Choice(kinds["obs"]().for_units(pattern.unit, pattern.block))
        note = (
            f"criterion wanda with compensation {compensation or 'fast'}, since obs would take "
            f"{n_multiplications:.1g} multiplications (more than {_MOST_MULTIPLICATIONS:.0g})"
        )
        return Choice(kinds["wanda"](), compensation or "fast", note)
    if pattern.unit == "neuron":
        if has_X and has_y:
            return Choice(kinds["output_contribution"](absolute=True))
        return Choice(kinds["activation_variance" if has_X else "weight_norm"]())
    if pattern.unit == "input":
        chosen = kinds["input_contribution"](absolute=True) if has_X and has_y else kinds["input_norm"]()
        return Choice(chosen, compensation)
    # Before training, and for n:m, wanda kept no more than magnitude.
    by_input = has_X and (refits or not trains) and pattern.takes_target
    return Choice(kinds["wanda" if by_input else "magnitude"](), compensation)


def _takes_surgery(network: Network) -> bool:
    """Whether optimal brain surgery may be done unasked."""
    return not network.provenance.positive and max(layer.n_in for layer in network.layers) <= _MOST_INPUTS


def _fits(network: Network) -> bool:
    """Whether what fits the model is here: its library, where nothing else can."""
    return network.provenance.loss != "own" or own_fit(network) is not None


def _named(criterion: str | Criterion, pattern: Pattern) -> Criterion:
    """Return the criterion, if it scores what the pattern removes."""
    chosen = scoring.make(criterion, scoring.criteria(), {}).for_units(pattern.unit, pattern.block)
    if chosen.unit != pattern.unit:
        valid = sorted(scoring.of_units(pattern.unit))
        raise check.error(
            ValueError,
            "criterion",
            f"expected one that scores {pattern.unit}s for pattern {str(pattern)!r} ({', '.join(valid)}), "
            f"got {chosen.name!r}",
        )
    return chosen


def compensation_for(network: Network, compensate: str | Compensation, choice: Choice, has_y: bool) -> Compensation:
    """Return the compensation; "auto" is the one that the criterion reckons with, with its penalties."""
    if not isinstance(compensate, Compensation):
        check.one_of("compensate", compensate, ["auto", *compensations()])
    if compensate != "auto":
        chosen = compensation_of(compensate)
        if type(chosen) is Refit and has_y and not _fits(network):
            model = network.provenance.kind
            raise check.error(ImportError, "compensate", f"expected scikit-learn, which alone refits a {model}")
        return chosen
    kind = compensations()[choice.compensation or choice.criterion.compensation]
    penalties = {
        name: getattr(choice.criterion, name) for name in ("alpha", "damping") if hasattr(choice.criterion, name)
    }
    return kind(**penalties) if issubclass(kind, Refit) else kind()


def schedule_for(schedule: str | Schedule, goal: masking.Goal, has_X: bool) -> Schedule:
    """Return the schedule; one of several rounds needs a sparsity to approach."""
    chosen = schedule_of(schedule)
    if goal.sparsity is None and chosen.name != "one-shot":
        raise check.error(
            ValueError, "schedule", f"expected 'one-shot' without a sparsity to approach, got {chosen.name!r}"
        )
    if chosen.fine_tune is not None and not has_X:
        raise check.error(ValueError, "X", "expected data to fine-tune on between the rounds, got None")
    return chosen


def require_for_weights(X: Any, y: Any, sample_weight: Any, class_weight: Any) -> None:
    """Refuse weights without what they belong to."""
    if X is None and (sample_weight is not None or class_weight is not None):
        raise check.error(
            ValueError, "X", f"expected data beside {'sample' if class_weight is None else 'class'}_weight, got None"
        )
    if class_weight is not None and y is None:
        raise check.error(ValueError, "y", "expected labels beside class_weight, got None")


def require_both(name_X: str, X: Any, name_y: str, y: Any) -> None:
    """Refuse one without the other."""
    if (X is None) != (y is None):
        missing, other = (name_X, name_y) if X is None else (name_y, name_X)
        raise check.error(ValueError, missing, f"expected data beside {other}, got None")


def feature_names(fitted: list[str] | None, **given: Any) -> list[str] | None:
    """Return the names that the model was fitted with, or those of what is given. Where several have names they must agree."""
    for name, X in given.items():
        require_names(name, X, fitted)
        fitted = names_of(X) if fitted is None else fitted
    return fitted
