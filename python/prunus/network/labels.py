"""What the raw output of a network says: labels, probabilities; and labels as the targets of its outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from prunus._base import Floats, check
from prunus.data import relative_weights
from prunus.network import parts
from prunus.network.functions import OUTPUTS

_LARGEST = float(np.finfo(np.float64).max)


class Labels(NamedTuple):
    """The part of a network that knows its classes."""

    classes: npt.NDArray[Any] | None
    output: str
    n_out: int

    @property
    def is_binary(self) -> bool:
        """Whether one output stands for two classes."""
        return self.classes is not None and self.n_out == 1

    @property
    def is_multilabel(self) -> bool:
        """Whether every output is a label of its own."""
        return self.classes is not None and self.n_out > 1 and self.output == "sigmoid"

    def decide(self, raw: Floats) -> npt.NDArray[Any]:
        """Return what `predict` returns, from the raw output (n_samples, n_out)."""
        if self.classes is None:
            values = OUTPUTS[self.output].link(raw)
            return values[:, 0] if self.n_out == 1 else values
        _require_numbers(raw)
        if self.is_multilabel:
            return (raw > 0).astype(np.int64)
        chosen = (raw[:, 0] > 0).astype(np.intp) if self.is_binary else raw.argmax(axis=1)
        return self.classes[chosen]  # type: ignore[no-any-return]

    def probabilities(self, raw: Floats) -> Floats:
        """Return what `predict_proba` returns, from the raw output (n_samples, n_out)."""
        if self.classes is None:
            raise check.error(
                ValueError, "predict_proba", "expected a network with classes, got one without: it does regression"
            )
        _require_numbers(raw)
        if self.is_binary:
            positive = OUTPUTS["sigmoid"].link(raw)
            return np.concatenate([1 - positive, positive], axis=1)
        return OUTPUTS[self.output].link(raw)

    def encode(self, y: Any, n_samples: int, name: str) -> Floats:
        """Return targets (n_samples, n_out): indicators of the classes, or the values to be regressed on."""
        if self.classes is None or self.is_multilabel:
            target = check.real_array(name, y).astype(np.float64, order="C")
            check.per_sample(name, target, n_samples)
            if target.ndim > 2 or target.size != n_samples * self.n_out:
                raise check.error(
                    ValueError, name, f"expected the shape ({n_samples}, {self.n_out}), got {check.describe(target)}"
                )
            if self.is_multilabel and not np.isin(target, (0, 1)).all():
                raise check.error(ValueError, name, "expected rows of 0 and 1, one for each label, got other numbers")
            return check.finite(name, target).reshape(n_samples, self.n_out)
        index = parts.index_of(check.per_sample(name, y, n_samples), self.classes, name)
        if self.is_binary:
            return index[:, None].astype(np.float64)
        target = np.zeros((n_samples, self.n_out))
        target[np.arange(n_samples), index] = 1
        return target

    def decode(self, target: Floats) -> npt.NDArray[Any]:
        """Return the labels, or values, that `encode` made targets of."""
        if self.classes is None:
            return target[:, 0] if self.n_out == 1 else target
        if self.is_multilabel:
            return target.astype(np.int64)
        index = target[:, 0].astype(np.intp) if self.is_binary else target.argmax(axis=1)
        return self.classes[index]  # type: ignore[no-any-return]

    def weights(self, class_weight: Any, y: Any, sample_weight: Any, n_samples: int) -> npt.NDArray[np.float64]:
        """Return the weight of every sample, that of its class in it."""
        return self._of_classes(class_weight, y, n_samples) * relative_weights(sample_weight, n_samples)

    def _of_classes(self, class_weight: Any, y: Any, n_samples: int) -> npt.NDArray[np.float64]:
        """Return the weight of every sample's class, from a mapping of labels to weights, or "balanced".

        "balanced" gives every class the same weight altogether, before sample_weight counts: n_samples / (number of classes *
        samples of the class).
        """
        if self.classes is None or self.is_multilabel:
            raise check.error(
                ValueError, "class_weight", "expected None for a network without one class for each sample"
            )
        index = parts.index_of(check.per_sample("y", y, n_samples), self.classes, "y")
        if isinstance(class_weight, str):
            check.one_of("class_weight", class_weight, ("balanced",))
            counts = np.bincount(index, minlength=len(self.classes))
            return n_samples / (np.count_nonzero(counts) * counts[index])
        if not isinstance(class_weight, Mapping):
            raise check.error(
                TypeError,
                "class_weight",
                f"expected a mapping of labels to weights or 'balanced', got {check.describe(class_weight)}",
            )
        table = np.ones(len(self.classes))
        if class_weight:
            labels = parts.index_of(np.array(list(class_weight)), self.classes, "class_weight")
            table[labels] = [check.number("class_weight", w, 0, _LARGEST) for w in class_weight.values()]
        weights = table[index]
        if len(weights) and not weights.any():
            raise check.error(ValueError, "class_weight", "expected a weight above 0 for some class in y, got none")
        return weights / (weights.max(initial=0) or 1)


def _require_numbers(raw: Floats) -> None:
    """Refuse what says nothing of a label."""
    bad = np.isnan(raw)
    if bad.any():
        row = int(bad.any(axis=1).argmax())
        raise check.error(ValueError, "X", f"expected rows from which numbers come out, got NaN from row {row}")
