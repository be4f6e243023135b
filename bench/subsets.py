"""Compare subsets of a given size: ours beside the best of three settings of abess, on 1000 regressions.

python -m bench.subsets                         eight designs, 125 seeds each: some minutes
python -m bench.subsets --seeds 5 --output subsets.md

No time is measured. A loss is computed by least squares on the support alone, ours and theirs alike; equal are losses that
differ by less than 1e-9 of themselves, or by less than 1e-12 of y's sum of squares.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import prunus
from bench.designs import DESIGNS, Design, Drawn, f1
from bench.report import markdown
from prunus._base.arrays import Doubles, Places
from prunus.linear_model import PrunedLinearRegression

_EQUAL, _ZERO = 1e-9, 1e-12


class Run(NamedTuple):
    """One regression."""

    ours: float  # the loss
    rival: float  # the least of theirs; infinite without a rival
    slack: float  # by how much losses differ that are equal
    is_certified: bool
    our_f1: float
    rival_f1: float  # of the support with the least loss

    @property
    def is_no_worse(self) -> bool:
        """Whether our loss is the least or equal to it."""
        return self.ours <= self.rival + self.slack

    @property
    def is_better(self) -> bool:
        """Whether our loss is strictly lower."""
        return self.ours < self.rival - self.slack


def loss(X: Doubles, y: Doubles, columns: Places) -> float:
    """Return the residual sum of squares of least squares with an intercept."""
    x, centred = X[:, columns] - X[:, columns].mean(axis=0), y - y.mean()
    residual = centred - x @ np.linalg.lstsq(x, centred, rcond=None)[0]
    return float(residual @ residual)


def rivals(drawn: Drawn, k: int) -> Iterator[Places]:
    """Yield the supports that abess finds: by default, by its path up to k, and by all exchanges it can try."""
    from abess import LinearRegression

    settings: list[dict[str, Any]] = [
        {"support_size": k},
        {"support_size": range(k + 1), "ic_type": "loss"},
        {"support_size": k, "important_search": 0, "exchange_num": k, "splicing_type": 1},
    ]
    for options in settings:
        yield np.flatnonzero(LinearRegression(thread=1, **options).fit(drawn.X, drawn.y).coef_)


def compare(drawn: Drawn, k: int, *, has_rival: bool) -> Run:
    """Return what each finds in one regression."""
    model = PrunedLinearRegression(n_nonzero=k).fit(drawn.X, drawn.y)
    chosen = np.flatnonzero(model.support_)
    assert len(chosen) == k
    found = (
        [(loss(drawn.X, drawn.y, theirs), f1(theirs, drawn.truth)) for theirs in rivals(drawn, k)] if has_rival else []
    )
    rival, rival_f1 = min(found, default=(np.inf, np.nan), key=lambda pair: pair[0])
    ours, total = loss(drawn.X, drawn.y, chosen), float(((drawn.y - drawn.y.mean()) ** 2).sum())
    slack = max(_EQUAL * min(ours, rival), _ZERO * total)
    return Run(ours, rival, slack, model.optimality_ == "1-swap", f1(chosen, drawn.truth), rival_f1)


def runs(number: int, design: Design, n_seeds: int, *, has_rival: bool) -> list[Run]:
    """Return what came of one design; its number is part of every seed."""
    seeds = [(20240, number, seed) for seed in range(n_seeds)]
    return [compare(design.draw(seed), design.n_true, has_rival=has_rival) for seed in seeds]


def as_row(name: str, k: str, some: list[Run]) -> list[str]:
    """Return a row of the table."""
    counts = [sum(run.is_no_worse for run in some), sum(run.is_better for run in some)]
    counts.append(sum(run.is_certified for run in some))
    means = [np.mean([run.our_f1 for run in some]), np.mean([run.rival_f1 for run in some])]
    shares = [f"{count} ({count / len(some):.1%})" for count in counts]
    return [name, k, str(len(some)), *shares, *(f"{mean:.3f}" for mean in means)]


def main() -> None:
    """Print a table with a row for each design."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--seeds", type=int, default=125, help="regressions of each design")
    parser.add_argument("--output", type=Path, help="write the table to this file, too")
    options = parser.parse_args()

    has_rival = importlib.util.find_spec("abess") is not None
    version = f"abess {importlib.metadata.version('abess')}" if has_rival else "abess is not installed: ours alone"
    header = ["design", "k", "runs", "loss at most abess's", "strictly lower", "certified 1-swap", "F1", "F1 of abess"]
    body: list[list[str]] = []
    every: list[Run] = []
    for number, (name, design) in enumerate(DESIGNS.items()):
        some = runs(number, design, options.seeds, has_rival=has_rival)
        every += some
        body.append(as_row(name, str(design.n_true), some))
        print(", ".join(f"{title} {cell}" for title, cell in zip(header, body[-1], strict=True)), flush=True)
    body.append(as_row("all", "", every))
    size = next(iter(DESIGNS.values()))
    facts = f"prunus {prunus.__version__}, {version}; n = {size.n}, p = {size.p}; abess: the best of three settings"
    text = f"{facts}\n\n{markdown(header, body)}\n"
    print(f"\n{text}", end="")
    if options.output:
        options.output.write_text(text)


if __name__ == "__main__":
    main()
