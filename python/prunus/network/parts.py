"""The parts of a network beside its layers: checked when it is made, because nothing can change them afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from prunus._base import Bools, check
from prunus.data import Scaling
from prunus.network.layer import Layer, read_only
from prunus.network.provenance import provenance_of

WIDEST = 1 << 10  # characters of a dtype that holds shorter labels: of a file a few bytes must not stand for gigabytes


def checked_layers(layers: Any) -> tuple[Layer, ...]:
    """Return layers that fit one another."""
    if isinstance(layers, Layer) or not isinstance(layers, Sequence):
        raise check.error(TypeError, "layers", f"expected a sequence of Layer, got {check.describe(layers)}")
    if not layers:
        raise check.error(ValueError, "layers", "expected at least one Layer, got none")
    for i, layer in enumerate(layers):
        if not isinstance(layer, Layer):
            raise check.error(TypeError, f"layers[{i}]", f"expected a Layer, got {check.describe(layer)}")
        if layer.weight.dtype != layers[0].weight.dtype:
            raise check.error(
                ValueError, f"layers[{i}]", f"expected {layers[0].weight.dtype} as in layer 0, got {layer.weight.dtype}"
            )
        if i > 0 and layer.n_in != layers[i - 1].n_out:
            raise check.error(
                ValueError,
                f"layers[{i}]",
                f"expected {layers[i - 1].n_out} inputs, the outputs of layer {i - 1}, got {layer.n_in}",
            )
    return tuple(layers)


def checked_classes(classes: Any, output: str, n_out: int) -> npt.NDArray[Any] | None:
    """Return a copy of labels that differ, as many as the outputs stand for."""
    if classes is None:
        return None
    labels = np.asarray(classes)
    if labels.dtype == np.longdouble:
        labels = labels.astype(np.float64)
    if labels.dtype.kind == "U" and labels.dtype.itemsize > 4 * WIDEST:
        labels = np.array(labels.tolist(), dtype=np.str_)  # no wider than they are
    if labels.dtype.kind not in "biuf" and not _are_words(labels):
        raise check.error(TypeError, "classes", f"expected numbers or strings, got {check.describe(labels)}")
    if output == "identity" or (output == "softmax" and n_out == 1):
        raise check.error(
            ValueError, "classes", f"expected an output of sigmoid, softmax or ovr that fits them, got {output!r}"
        )
    expected = 2 if n_out == 1 else n_out
    if labels.shape != (expected,) or len(np.unique(labels)) != expected or (labels != labels).any():
        raise check.error(ValueError, "classes", f"expected {expected} different labels, got {check.describe(labels)}")
    return read_only(labels.copy())  # type: ignore[no-any-return]


def _are_words(labels: npt.NDArray[Any]) -> bool:
    """Whether all labels are strings, NumPy's or Python's."""
    return labels.dtype.kind == "U" or (labels.dtype.kind == "O" and all(isinstance(x, str) for x in labels.flat))


def checked_origin(origin: Any) -> Mapping[str, Any]:
    """Return a copy as it comes back from a file."""
    try:
        checked = MappingProxyType(dict(json.loads(json.dumps(dict(origin)))))
    except (TypeError, ValueError):
        raise check.error(
            TypeError, "origin", f"expected a mapping of plain JSON values, got {check.describe(origin)}"
        ) from None
    provenance_of(checked)
    return checked


def checked_inputs(inputs: Any, n_in: int) -> Bools | None:
    """Return a copy of a mask of columns, as many of which are True as the first layer has inputs."""
    if inputs is None:
        return None
    selected = np.asarray(inputs)
    selected = check.bools("inputs", selected, (selected.size,))
    if selected.sum() != n_in:
        raise check.error(
            ValueError, "inputs", f"expected {n_in} True, one for each input of the first layer, got {selected.sum()}"
        )
    return read_only(selected.copy())  # type: ignore[no-any-return]


def checked_scaling(scaling: Any, n_in: int) -> Scaling | None:
    """Return a copy of a scaling of as many columns as the first layer has inputs."""
    if scaling is None:
        return None
    if not isinstance(scaling, Scaling):
        raise check.error(TypeError, "scaling", f"expected a Scaling, got {check.describe(scaling)}")
    shift, scale = (
        check.finite("scaling", check.float_array("scaling", part, ndim=1, dtype=np.float64)) for part in scaling
    )
    if len(shift) != n_in or len(scale) != n_in or (scale <= 0).any():
        raise check.error(
            ValueError, "scaling", f"expected {n_in} shifts and {n_in} scales above 0, one for each input"
        )
    return Scaling(read_only(shift.copy()), read_only(scale.copy()))


def index_of(y: npt.NDArray[Any], classes: npt.NDArray[Any], name: str) -> npt.NDArray[np.intp]:
    """Position of every label in classes."""
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1:
        raise check.error(ValueError, name, f"expected one label for each row of X, got {check.describe(y)}")
    told = classes.dtype
    if told.kind == "O":
        classes = classes.astype(np.str_)
    if classes.dtype.kind == "U" and y.dtype.kind == "O":
        y = y.astype(np.str_)
    if (classes.dtype.kind == "U") != (y.dtype.kind == "U") or y.dtype.kind not in "biufU":
        raise check.error(
            TypeError, name, f"expected labels like the classes, of dtype {told}, got {check.describe(y)}"
        )
    order = np.argsort(classes)
    index: npt.NDArray[np.intp] = order[np.minimum(np.searchsorted(classes[order], y), len(classes) - 1)]
    unknown = np.unique(y[classes[index] != y])
    if len(unknown):
        raise check.error(
            ValueError, name, f"expected labels among the classes {classes.tolist()}, got {unknown[:5].tolist()}"
        )
    return index
