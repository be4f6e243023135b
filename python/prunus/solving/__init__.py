"""Least squares of every size: exact paths of fits on more and more features, and which of them is best.

`systems` poses the normal equations by Gram matrices or by the data, `searching` goes through subsets, `validating` tells how
good their fits are on other samples, `selecting` puts it together.
"""

from prunus.solving.of_network import (
    fit_of_one,
    gram_of,
    layer_system,
    least_pivot,
    of_output,
    penalties_of,
    system_of,
)
from prunus.solving.regression import Regression
from prunus.solving.searching.backward import IllConditionedError
from prunus.solving.searching.methods import METHODS, obs_path
from prunus.solving.searching.paths import NestedPath, Path
from prunus.solving.selecting import SELECTIONS, Options, select_subset
from prunus.solving.selection import SubsetSelection
from prunus.solving.systems import CollinearError, GramSystem
from prunus.solving.units import Units, groups_of, keep_of, units_of
from prunus.statistics import Gram, GramAccumulator

__all__ = [
    "METHODS",
    "SELECTIONS",
    "CollinearError",
    "Gram",
    "GramAccumulator",
    "GramSystem",
    "IllConditionedError",
    "NestedPath",
    "Options",
    "Path",
    "Regression",
    "SubsetSelection",
    "Units",
    "fit_of_one",
    "gram_of",
    "groups_of",
    "keep_of",
    "layer_system",
    "least_pivot",
    "obs_path",
    "of_output",
    "penalties_of",
    "select_subset",
    "system_of",
    "units_of",
]
