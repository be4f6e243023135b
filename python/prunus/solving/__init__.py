"""The second-order solver: Gram matrices, and exact paths of least squares fits of every size.

`gram` gathers the sums, `systems` poses the normal equations by them or by the data, `backward`, `forward`, `swap`,
`thresholding` and `l1` search, `paths` has the fits of all sizes, `problem` the folds, `selecting` puts it together.
"""

from prunus.solving.gram import Gram, GramAccumulator

__all__ = ["Gram", "GramAccumulator"]
