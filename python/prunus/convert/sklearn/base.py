"""What a class says of itself to be converted, and how a class is found: by its name, and never for a subclass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
from sklearn.preprocessing import LabelBinarizer

from prunus._base import NotSupportedError, check
from prunus.convert.sklearn.alone import Alone, as_it_is
from prunus.convert.sklearn.objectives import Objective, unknown
from prunus.network import Network

Arrays = npt.NDArray[Any]
Row = Mapping[str, Any]  # of the origin: what a file keeps of an estimator


class Model(NamedTuple):
    """What a converter reads out of an estimator."""

    layers: list[tuple[Arrays, Arrays, str]]  # weight, bias, activation
    output: str
    classes: Arrays | None


class Kind(NamedTuple):
    """A class of estimators: how one is read, and how one that has its parameters is filled in, the weights at last."""

    cls: Any
    read: Callable[[Any], Model]
    write: Callable[[Any, Network, Row], None]  # may refuse the network; `require` has been asked already
    classifier: bool = False
    hidden: bool = False  # whether it may have hidden layers
    learns: tuple[str, ...] = ()  # what a fit tells beside the weights
    objective: Callable[[Any], Objective] = unknown  # what one was fitted to
    alone: Alone = as_it_is  # what fits one on columns that are left
    begin: Callable[[Any], None] = lambda _: None  # sets what training goes on from, as it is before the first epoch

    def require(self, network: Network) -> None:
        """Refuse a network that no estimator of this class can predict like."""
        name = self.cls.__name__
        if (network.classes is not None) != self.classifier or (len(network.layers) > 1 and not self.hidden):
            raise check.error(NotSupportedError, "network", f"{network!r} cannot be a {name}")
        if network.layers[-1].activation != "identity":
            raise check.error(
                NotSupportedError,
                "network",
                f"activation {network.layers[-1].activation!r} of the last layer of a {name}",
            )


class _HasClass(Protocol):
    @property
    def cls(self) -> Any: ...


_Entry = TypeVar("_Entry", bound=_HasClass)


def entry_of(table: Mapping[str, _Entry], thing: Any) -> _Entry | None:
    """Return the entry of a thing's class. A subclass has none: it may predict otherwise."""
    entry = table.get(type(thing).__name__)
    return entry if entry is not None and type(thing) is entry.cls else None


def made(cls: Any, params: Mapping[str, Any]) -> Any:
    """Return an estimator with those of the parameters that this version of scikit-learn knows."""
    known = cls().get_params(deep=False)
    return cls(**{name: value for name, value in params.items() if name in known})


def refuse_output(network: Network, model: Any) -> None:
    """Say that the outputs mean something else in this estimator."""
    raise check.error(
        NotSupportedError,
        "network",
        f"output {network.output!r} of {network.n_out} outputs cannot be that of a {type(model).__name__}",
    )


def classes_of(estimator: Any) -> Arrays:
    """Return a classifier's labels. One alone leaves nothing to learn."""
    if len(estimator.classes_) < 2:
        raise check.error(NotSupportedError, "estimator", f"a {type(estimator).__name__} fitted on one class")
    return np.asarray(estimator.classes_)


def binarizer_of(network: Network, negative: int) -> LabelBinarizer:
    """Return what turns outputs into labels where the estimator keeps such a thing; `negative` stands for no."""
    labels = np.eye(network.n_out, dtype=np.int64) if network.is_multilabel else network.classes
    return LabelBinarizer(neg_label=negative).fit(labels)


def feature_names(estimator: Any) -> list[str] | None:
    """Return the names of the columns that the estimator was fitted with."""
    names = getattr(estimator, "feature_names_in_", None)
    return None if names is None else [str(name) for name in names]
