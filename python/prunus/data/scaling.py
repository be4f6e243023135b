"""A standardization of the columns of X."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from prunus._base import Bools


class Scaling(NamedTuple):
    """A standardization that has been folded into the first layer: the model was trained on ``(x - shift) / scale``."""

    shift: npt.NDArray[np.float64]  # (n_in of the first layer,)
    scale: npt.NDArray[np.float64]

    def spread(self, inputs: Bools) -> Scaling:
        """Return the scaling of all columns of X, which leaves those that are no inputs as they are."""
        whole = Scaling(np.zeros(len(inputs)), np.ones(len(inputs)))
        for full, selected in zip(whole, self, strict=True):
            full[inputs] = selected
        return whole
