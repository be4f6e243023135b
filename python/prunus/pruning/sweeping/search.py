"""The sparsity that a budget allows or asks for, searched on a grid."""

from __future__ import annotations

from collections.abc import Callable

from prunus import files
from prunus._base import check
from prunus.pruning.budget import Budget
from prunus.pruning.measuring import steady_microseconds
from prunus.pruning.outcome import tell_size
from prunus.pruning.pruned import Pruned
from prunus.pruning.request import Request
from prunus.pruning.sweeping.trials import Attempt, Trials

# Steps of a hundredth up to 0.95, then of half of one.
GRID = (*(i / 100 for i in range(95)), *(i / 1000 for i in range(950, 1000, 5)))
_COARSE = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98)
_FOLDS = 5


class BudgetError(ValueError):
    """No model of the grid meets the budget; the message says how close it comes, and `closest` is that Pruned."""

    closest: Pruned


def within_budget(request: Request, threads: int) -> Pruned:
    """Return the sparsest model that loses no more accuracy than allowed, or the one that loses least of those small enough."""
    budget = request.budget
    assert budget is not None
    trials = Trials.of(Attempt(request, threads), _FOLDS)
    grid = GRID[: _n_possible(trials)]
    if budget.needs_labels:
        return _keeping(trials, budget, grid)
    measure = _bytes if budget.name == "max_bytes" else _microseconds
    found = _smallest(grid, lambda sparsity: measure(trials, sparsity) <= budget.limit)
    if found is not None:
        return trials.pruned(found)
    least, closest = min((measure(trials, sparsity), sparsity) for sparsity in (grid[0], grid[-1]))
    raise _error(budget, trials.pruned(closest), f"{least:g} at least, for a sparsity of {closest:g}")


def _keeping(trials: Trials, budget: Budget, grid: tuple[float, ...]) -> Pruned:
    """Return the sparsest model whose score falls by no more than that, with one standard error."""
    at = _largest(grid, lambda sparsity: _keeps(trials, sparsity, budget.limit))
    pruned = trials.pruned(at)
    if at == grid[0] and not _keeps(trials, at, budget.limit):  # with nothing removed it was trained, say
        raise _error(budget, pruned, f"more, since without pruning the {_in_words(trials, at)}")
    pruned.report["notes"].append(_in_words(trials, at))
    tell_size(pruned)
    return pruned


def _error(budget: Budget, closest: Pruned, expected: str) -> BudgetError:
    error = check.error(BudgetError, budget.name, f"expected {expected}, got {budget.limit:g}")
    error.closest = closest
    return error


def _n_possible(trials: Trials) -> int:
    """Return how much of the grid there is room for: what must stay, and limits of layers, may forbid the end of it."""
    possible, not_any_more = 0, len(GRID)
    while not_any_more - possible > 1:
        middle = (possible + not_any_more) // 2
        if trials.has_room(GRID[middle]):
            possible = middle
        else:
            not_any_more = middle
    return possible + 1


def _keeps(trials: Trials, sparsity: float, limit: float) -> bool:
    """Whether the score falls by no more than that, with one standard error."""
    held = trials.held(sparsity)
    assert held is not None
    return held.drop.value + held.drop.error <= limit


def _bytes(trials: Trials, sparsity: float) -> float:
    return float(files.size_of(trials.pruned(sparsity).contents()))


def _microseconds(trials: Trials, sparsity: float) -> float:
    """Return the largest of three medians, so that a call that is measured afterwards is not above it."""
    engine, call = trials.pruned(sparsity).engine, trials.request.latency
    return max(steady_microseconds(engine, trials.request.on.data, call.batch, call.threads) for _ in range(3))


def _largest(grid: tuple[float, ...], holds: Callable[[float], bool]) -> float:
    """Return a sparsity of the grid for which it holds, but not for the next, after a coarse look; or the first one."""
    low, high = 0, len(grid)
    for sparsity in _COARSE:
        if sparsity > grid[-1]:
            break
        i = grid.index(sparsity)
        if not holds(sparsity):
            high = i
            break
        low = i
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(grid[middle]) else (low, middle)
    return grid[low]


def _smallest(grid: tuple[float, ...], holds: Callable[[float], bool]) -> float | None:
    """Return a sparsity for which it holds, but not for the one before; None: it does for neither end."""
    low, high = 0, len(grid) - 1
    if holds(grid[low]):
        return grid[low]
    if not holds(grid[high]):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(grid[middle]) else (middle, high)
    return grid[high]


def _in_words(trials: Trials, at: float) -> str:
    held = trials.held(at)
    assert held is not None
    return f"{held.metric} fell by {held.drop.value:.4f} ± {held.drop.error:.4f} ({trials.where})"
