"""Bad input: one row each, with the error's class and what its message says."""

from __future__ import annotations

import copy
import pickle
import re
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, RandomizedSearchCV
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import prunus
from prunus import NotSupportedError
from prunus.data.scaling import Scaling
from prunus.feature_selection import PruneSelector
from prunus.linear_model import PrunedLinearRegression
from prunus.masking.block import BlockPattern
from prunus.masking.n_of_m import NofMPattern
from prunus.scheduling import Cubic
from prunus.statistics.gram import GramAccumulator

NAN, INF = float("nan"), float("inf")
LAYER = prunus.Layer([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], None, "relu")
NETWORK32 = prunus.Network([prunus.Layer(np.ones((2, 3), np.float32))])
LAST = prunus.Layer([[1.0, -1.0]])
NETWORK = prunus.Network([LAYER, LAST])
BINARY = prunus.Network([LAYER, LAST], output="sigmoid", classes=["no", "yes"])
MULTILABEL = prunus.Network([LAYER], output="sigmoid", classes=[0, 1])
X = np.ones((4, 3))
Y = np.ones(4)
SUBSET_X = np.array([[1.0, 0.5, -2.0], [0.0, 1.0, 3.0], [-1.0, 2.0, 0.5], [3.0, 1.0, 1.0]])
WITH_NAN = np.where(SUBSET_X == 3, NAN, SUBSET_X)
LABELS = np.array(["no", "yes", "no", "yes"])


MLP = MLPRegressor(hidden_layer_sizes=(2,), max_iter=1, random_state=0)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ConvergenceWarning)
    MLP.fit(SUBSET_X, Y)
LINEAR = LinearRegression().fit(SUBSET_X, Y)
MAKE_ONE = r"a model of another library is a prunus\.Network of one prunus\.Layer\(weight, bias, activation\) .*"


class Foreign:
    """What a model of another library is to prunus: neither ours nor an estimator of scikit-learn."""


def changed(estimator: Any, **attributes: Any) -> Any:
    """Return a copy of an estimator that has other attributes."""
    other = copy.deepcopy(estimator)
    vars(other).update(attributes)
    return other


class Row(NamedTuple):
    call: Callable[[], Any]
    error: type[Exception]
    message: str  # a regular expression


def layer(*args: Any, **kwargs: Any) -> Callable[[], Any]:
    return lambda: prunus.Layer(*args, **kwargs)


def network(*args: Any, **kwargs: Any) -> Callable[[], Any]:
    return lambda: prunus.Network(*args, **kwargs)


def importance(*args: Any, **kwargs: Any) -> Callable[[], Any]:
    return lambda: prunus.importance(*args, **kwargs)


def mask(*args: Any, **kwargs: Any) -> Callable[[], Any]:
    return lambda: prunus.mask(*args, **kwargs)


def prune(*args: Any, **kwargs: Any) -> Callable[[], Any]:
    return lambda: prunus.prune(*args, **kwargs)


def fit(*args: Any, **kwargs: Any) -> Callable[[], Any]:
    return lambda: prunus.fit(*args, **{"epochs": 1, **kwargs})


def regression(
    *args: Any, X: Any = None, y: Any = "Y", sample_weight: Any = None, fit: Any = None, **kwargs: Any
) -> Callable[[], Any]:
    """Fit a PrunedLinearRegression, with `fit` as further arguments of its method."""
    x, targets = SUBSET_X if X is None else X, Y if isinstance(y, str) else y
    return lambda: PrunedLinearRegression(*args, **kwargs).fit(x, targets, sample_weight, **fit or {})


def path_at(size: Any) -> Callable[[], Any]:
    return lambda: PrunedLinearRegression(1).fit(SUBSET_X, SUBSET_X[:, 0]).path_.at(size)


def selector(*args: Any, X: Any = None, y: Any = "Y", sample_weight: Any = None, **kwargs: Any) -> Callable[[], Any]:
    x, targets = SUBSET_X if X is None else X, Y if isinstance(y, str) else y
    return lambda: PruneSelector(*args, **kwargs).fit(x, targets, sample_weight)


def gram(*, X: Any = SUBSET_X, y: Any = Y, sample_weight: Any = None) -> Callable[[], Any]:
    """Update a GramAccumulator that has three features and one output."""
    return lambda: GramAccumulator().update(SUBSET_X, Y).update(X, y, sample_weight)


def engine(value: Any) -> Callable[[], Any]:
    return lambda: prunus.compile(NETWORK)(value)


SCORES = [np.ones((2, 3)), np.ones((1, 2))]
KEPT = [np.ones((2, 3), bool), np.ones((1, 2), bool)]
SCALED = prunus.Network([LAYER, LAST], scaling=Scaling(X[0], X[0]))

TABLE: dict[str, Row] = {
    # layers
    "weight of strings": Row(layer([["a"]]), TypeError, "weight: expected an array of real numbers"),
    "weight of objects": Row(layer(np.array([[None]])), TypeError, "weight: expected an array of real numbers"),
    "weight of complex": Row(layer([[1j]]), TypeError, "weight: .* complex128"),
    "weight of dates": Row(layer(np.zeros((1, 1), "M8[s]")), TypeError, "weight: .* datetime64"),
    "weight missing": Row(layer(None), TypeError, "weight: .* got None"),
    "weight masked": Row(layer(np.ma.masked_less([[1.0]], 2)), TypeError, "weight: .* masked array"),
    "weight ragged": Row(layer([[1.0], [2.0, 3.0]]), ValueError, "weight: expected a rectangular array"),
    "weight of one dimension": Row(layer([1.0]), ValueError, r"weight: expected 2 dimensions, got .*\(1,\)"),
    "weight of three dimensions": Row(layer(np.ones((1, 1, 1))), ValueError, r"weight: expected 2 dimensions"),
    "weight without rows": Row(
        layer(np.ones((0, 3))), ValueError, r"weight: expected at least one element, got .*\(0, 3\)"
    ),
    "weight without columns": Row(layer(np.ones((3, 0))), ValueError, r"weight: expected at least one element"),
    "weight with NaN": Row(layer([[NAN]]), ValueError, "weight: expected finite numbers"),
    "weight with infinity": Row(layer([[INF]]), ValueError, "weight: expected finite numbers"),
    "bias with NaN": Row(layer([[1.0]], [NAN]), ValueError, "bias: expected finite numbers"),
    "bias too short": Row(layer([[1.0], [2.0]], [1.0]), ValueError, "bias: expected 2 entries, .* got 1"),
    "bias of two dimensions": Row(layer([[1.0]], [[1.0]]), ValueError, "bias: expected 1 dimension, got"),
    "bias of strings": Row(layer([[1.0]], ["a"]), TypeError, "bias: expected an array of real numbers"),
    "unknown activation": Row(
        layer([[1.0]], None, "swish"), ValueError, "activation: expected one of gelu, .*tanh, got 'swish'"
    ),
    "activation of another kind": Row(layer([[1.0]], None, 3), TypeError, "activation: expected one of .*, got 3"),
    "slope NaN": Row(layer([[1.0]], negative_slope=NAN), ValueError, "negative_slope: expected a number in"),
    "slope of another kind": Row(layer([[1.0]], negative_slope="a"), TypeError, "negative_slope: expected a number"),
    "bias beyond float32": Row(
        layer(np.ones((1, 1), np.float32), [1e39]),
        ValueError,
        r"bias: expected finite numbers in the range of float32, got 1e\+39; use float64",
    ),
    "weight with NaN in float32": Row(
        layer(np.full((1, 1), NAN, np.float32)), ValueError, "weight: expected finite .* of float32, got NaN$"
    ),
    # networks
    "no layers": Row(network([]), ValueError, "layers: expected at least one"),
    "a layer alone": Row(network(LAYER), TypeError, "layers: expected a sequence of Layer"),
    "layers of arrays": Row(network([np.ones((2, 2))]), TypeError, r"layers\[0\]: expected a Layer"),
    "layers that do not fit": Row(network([LAYER, LAYER]), ValueError, r"layers\[1\]: expected 2 inputs, .* got 3"),
    "layers of two dtypes": Row(
        network([LAYER, prunus.Layer(np.ones((1, 2), np.float32))]),
        ValueError,
        r"layers\[1\]: expected float64 .* float32",
    ),
    "unknown output": Row(
        network([LAYER], output="argmax"), ValueError, "output: expected one of identity, ovr, s.*'argmax'"
    ),
    "classes of a regression": Row(
        network([LAYER], classes=[0, 1]), ValueError, "classes: expected an output of sigmoid"
    ),
    "too many classes": Row(
        network([LAYER], output="softmax", classes=[0, 1, 2]), ValueError, "classes: expected 2 different"
    ),
    "equal classes": Row(
        network([LAYER], output="softmax", classes=[1, 1]), ValueError, "classes: expected 2 different"
    ),
    "classes NaN": Row(
        network([LAYER], output="softmax", classes=[1, NAN]), ValueError, "classes: expected 2 different"
    ),
    "classes of objects": Row(
        network([LAYER], output="softmax", classes=[1, None]), TypeError, "classes: expected numbers or"
    ),
    "softmax of one": Row(network([LAST], output="softmax", classes=[0, 1]), ValueError, "classes: .* got 'softmax'"),
    "inputs of ints": Row(network([LAYER], inputs=[1, 1, 1]), TypeError, "inputs: expected an array of bool"),
    "inputs of another number": Row(
        network([LAYER], inputs=[True, True]), ValueError, "inputs: expected 3 True, .* got 2"
    ),
    "scaling of a tuple": Row(network([LAYER], scaling=(X[0], X[0])), TypeError, "scaling: expected a Scaling"),
    "scaling of zero": Row(network([LAYER], scaling=Scaling(X[0], 0 * X[0])), ValueError, "scaling: expected 3 shifts"),
    "scaling too short": Row(network([LAYER], scaling=Scaling(Y[:2], Y[:2])), ValueError, "scaling: expected 3 shifts"),
    "origin of objects": Row(
        network([LAYER], origin={"a": object()}), TypeError, "origin: expected a mapping of plain JSON"
    ),
    "astype of ints": Row(
        lambda: NETWORK.astype("int32"), ValueError, "dtype: expected float32 or float64, got 'int32'"
    ),
    "astype beyond float32": Row(
        lambda: prunus.Network([prunus.Layer([[1e39]])]).astype("float32"),
        ValueError,
        r"weight: expected finite numbers in the range of float32, .*; use float64",
    ),
    # X
    "X of strings": Row(engine([["a", "b", "c"]]), TypeError, "X: expected an array of real numbers"),
    "X of objects": Row(engine(np.ones((1, 3), object)), TypeError, "X: expected an array of real numbers"),
    "X of complex": Row(engine(X * 1j), TypeError, "X: .*complex128"),
    "X missing": Row(engine(None), TypeError, "X: .* got None"),
    "X of one dimension": Row(engine([1.0, 2.0, 3.0]), ValueError, r"X: expected 2 dimensions, got .*\(3,\)"),
    "X of three dimensions": Row(engine(X[None]), ValueError, "X: expected 2 dimensions"),
    "X too narrow": Row(engine(X[:, :2]), ValueError, r"X: expected 3 columns, got .*\(4, 2\)"),
    "X empty and too narrow": Row(engine(np.ones((0, 2))), ValueError, "X: expected 3 columns"),
    "X sparse": Row(
        lambda: NETWORK.forward(scipy.sparse.eye(4).tocsr()),
        ValueError,
        r"X: expected 3 columns, got a csr_array of shape \(4, 4\) and dtype float64",
    ),
    "X of the reference": Row(lambda: NETWORK.forward(X[:, :1]), ValueError, "X: expected 3 columns"),
    "probabilities of a regression": Row(
        lambda: NETWORK.predict_proba(X), ValueError, "predict_proba: expected a network with"
    ),
    # engines
    "compile an array": Row(lambda: prunus.compile(X), TypeError, "network: expected a Network or Pruned"),
    "no threads": Row(lambda: prunus.compile(NETWORK, threads=0), ValueError, "threads: expected at least 1, got 0"),
    "negative threads": Row(lambda: prunus.compile(NETWORK, threads=-1), ValueError, "threads: expected at least 1"),
    "too many threads": Row(
        lambda: prunus.compile(NETWORK, threads=1025), ValueError, "threads: expected at most 1024 threads, got 1025$"
    ),
    "threads beyond an int": Row(
        lambda: prunus.compile(NETWORK, threads=2**31), ValueError, "threads: expected at most 1024 threads"
    ),
    "half a thread": Row(lambda: prunus.compile(NETWORK, threads=0.5), TypeError, "threads: expected an integer"),  # type: ignore[arg-type]
    "threads of bool": Row(lambda: prunus.compile(NETWORK, threads=True), TypeError, "threads: expected an integer"),
    # data
    "y missing": Row(
        importance(NETWORK, "gradient", X=X), ValueError, "y: expected data, which criterion 'gradient' needs"
    ),
    "X missing for a criterion": Row(
        importance(NETWORK, "saliency"), ValueError, "X: expected data, which criterion 'saliency'"
    ),
    "X with NaN": Row(importance(NETWORK, "gradient", X=X * NAN, y=Y), ValueError, "X: expected finite numbers"),
    "X with infinity": Row(importance(NETWORK, "gradient", X=X * INF, y=Y), ValueError, "X: expected finite numbers"),
    "no samples": Row(
        importance(NETWORK, "gradient", X=X[:0], y=Y[:0]), ValueError, "X: expected at least one element"
    ),
    "y too short": Row(importance(NETWORK, "gradient", X=X, y=Y[:3]), ValueError, "y: expected 4 entries"),
    "y a scalar": Row(importance(NETWORK, "gradient", X=X, y=1.0), ValueError, "y: expected 4 entries"),
    "y too wide": Row(
        importance(NETWORK, "gradient", X=X, y=np.ones((4, 2))), ValueError, r"y: expected the shape \(4, 1\)"
    ),
    "y with NaN": Row(importance(NETWORK, "gradient", X=X, y=Y * NAN), ValueError, "y: expected finite numbers"),
    "y of strings": Row(
        importance(NETWORK, "gradient", X=X, y=LABELS), TypeError, "y: expected an array of real numbers"
    ),
    "label not in classes": Row(
        importance(BINARY, "gradient", X=X, y=np.array(["no", "yes", "maybe", "no"])),
        ValueError,
        r"y: expected labels among the classes \['no', 'yes'\], got \['maybe'\]",
    ),
    "labels of another kind": Row(
        importance(BINARY, "gradient", X=X, y=Y), TypeError, "y: expected labels like the classes"
    ),
    "labels of two columns": Row(
        importance(BINARY, "gradient", X=X, y=np.stack([LABELS] * 2, 1)),
        ValueError,
        "y: expected one label for each row",
    ),
    "multilabel of 2": Row(
        importance(MULTILABEL, "gradient", X=X, y=np.full((4, 2), 2)), ValueError, "y: expected rows of 0"
    ),
    "weights too few": Row(
        importance(NETWORK, "gradient", X=X, y=Y, sample_weight=Y[:3]), ValueError, "sample_weight: expected 4 entries"
    ),
    "weights negative": Row(
        importance(NETWORK, "gradient", X=X, y=Y, sample_weight=-Y), ValueError, "sample_weight: .*nonneg"
    ),
    "weights zero": Row(
        importance(NETWORK, "gradient", X=X, y=Y, sample_weight=0 * Y), ValueError, "sample_weight: .*not all"
    ),
    "weights NaN": Row(
        importance(NETWORK, "gradient", X=X, y=Y, sample_weight=NAN * Y), ValueError, "sample_weight: .*finite"
    ),
    # importance
    "importance of an array": Row(importance(X), TypeError, "network: expected a Network"),
    "unknown criterion": Row(
        importance(NETWORK, "size"),
        ValueError,
        "criterion: expected one of activation_norm, .* synflow, wanda, weight_norm, got 'size'",
    ),
    "X missing without labels": Row(
        importance(NETWORK, "wanda", y=Y), ValueError, "X: expected data, which criterion 'wanda' needs"
    ),
    "adam without moments": Row(
        importance(NETWORK, "adam"), ValueError, "second_moment: expected an array for each layer, which criterion"
    ),
    "adam with one array": Row(
        importance(NETWORK, "adam", second_moment=np.ones((2, 3))), TypeError, "second_moment: expected a sequence"
    ),
    "adam with too few": Row(
        importance(NETWORK, "adam", second_moment=[]), ValueError, "second_moment: expected . arrays, one for each"
    ),
    "adam of another shape": Row(
        importance(NETWORK, "adam", second_moment=[np.ones((3, 2)) for _ in NETWORK.layers]),
        ValueError,
        r"second_moment\[0\]: expected the shape \(2, 3\)",
    ),
    "adam with NaN": Row(
        importance(NETWORK, "adam", second_moment=[NAN * layer.weight for layer in NETWORK.layers]),
        ValueError,
        r"second_moment\[0\]: expected finite numbers",
    ),
    "adam below zero": Row(
        importance(NETWORK, "adam", second_moment=[-np.abs(layer.weight) for layer in NETWORK.layers]),
        ValueError,
        r"second_moment\[0\]: expected nonnegative numbers",
    ),
    "movement without history": Row(
        importance(NETWORK, "movement"), ValueError, "history: expected the weights of two times, which criterion"
    ),
    "movement with one time": Row(
        importance(NETWORK, "movement", history=[NETWORK]), ValueError, "history: expected the weights of two times at"
    ),
    "movement with an array": Row(
        importance(NETWORK, "movement", history=X), TypeError, "history: expected a sequence of networks or weights"
    ),
    "movement of another network": Row(
        importance(NETWORK, "movement", history=[NETWORK, prunus.Network([LAYER])]),
        ValueError,
        r"history\[1\]: expected 2 arrays, one for each layer, got 1",
    ),
    "random with a seed of words": Row(
        importance(NETWORK, "random", random_state="a"), TypeError, "random_state: expected an integer"
    ),
    "criterion of another kind": Row(importance(NETWORK, 3), TypeError, "criterion: expected one of"),
    "unknown option": Row(
        importance(NETWORK, "output_contribution", X=X, y=Y, signed=True),
        TypeError,
        r"signed: expected an option of .*\(absolute\)",
    ),
    "option of none": Row(importance(NETWORK, "magnitude", absolute=True), TypeError, r"absolute: .*\(none\)"),
    "option of another kind": Row(
        importance(NETWORK, "output_contribution", X=X, y=Y, absolute="yes"), TypeError, "absolute: expected a bool"
    ),
    # masks
    "no target": Row(mask(SCORES), ValueError, "expected exactly one of sparsity, threshold, got none"),
    "two targets": Row(
        mask(SCORES, sparsity=0.5, threshold=1), ValueError, "exactly one of .* got sparsity and threshold"
    ),
    "sparsity above 1": Row(
        mask(SCORES, sparsity=1.1), ValueError, r"sparsity: expected a number in \[0, 1\], got 1.1"
    ),
    "sparsity below 0": Row(mask(SCORES, sparsity=-0.1), ValueError, r"sparsity: expected a number in \[0, 1\]"),
    "sparsity NaN": Row(mask(SCORES, sparsity=NAN), ValueError, r"sparsity: expected a number in \[0, 1\], got nan"),
    "sparsity of a string": Row(mask(SCORES, sparsity="0.5"), TypeError, "sparsity: expected a number"),
    "threshold NaN": Row(mask(SCORES, threshold=NAN), ValueError, "threshold: expected a number, not NaN"),
    "threshold of another kind": Row(mask(SCORES, threshold=[1]), TypeError, "threshold: expected a number"),
    "scores NaN": Row(mask([SCORES[0] * NAN], sparsity=0.5), ValueError, "scores: expected numbers, got NaN"),
    "no scores": Row(mask([], sparsity=0.5), ValueError, "scores: expected at least one array"),
    "empty scores": Row(
        mask([np.ones((0, 2))], sparsity=0.5), ValueError, r"scores\[0\]: expected at least one element"
    ),
    "scores of one array": Row(mask(SCORES[0], sparsity=0.5), TypeError, "scores: expected a sequence of arrays"),
    "scores of strings": Row(mask([[["a"]]], sparsity=0.5), TypeError, r"scores\[0\]: expected an array of real"),
    "scores of neurons": Row(mask([Y], sparsity=0.5), ValueError, r"scores\[0\]: expected 2 dimensions"),
    "scores of weights": Row(
        mask(SCORES, sparsity=0.5, pattern="neuron"), ValueError, r"scores\[0\]: expected 1 dimension"
    ),
    "unknown pattern": Row(
        mask(SCORES, sparsity=0.5, pattern="row"),
        ValueError,
        r"pattern: expected one of block:RxC, .*weight .*, got 'row'",
    ),
    "unknown allocation": Row(
        mask(SCORES, sparsity=0.5, allocation="x"),
        ValueError,
        "allocation: expected one of erk, global, lamp, loss, normalized, uniform, got 'x'",
    ),
    # patterns
    "n:m that is none": Row(
        mask(SCORES, pattern="4:2"), ValueError, "pattern: expected n:m with 1 <= n <= m, got '4:2'"
    ),
    "n:m of nothing": Row(mask(SCORES, pattern="0:2"), ValueError, "pattern: expected n:m with 1 <= n <= m"),
    "n:m without numbers": Row(mask(SCORES, pattern="n:m"), ValueError, "pattern: expected one of .*got 'n:m'"),
    "n:m beyond the layer": Row(
        mask(SCORES, pattern="2:4"), ValueError, "pattern: expected layers of at least 4 inputs for 2:4, got one of 3"
    ),
    "n:m with a target": Row(
        mask(SCORES, pattern="1:2", sparsity=0.5), ValueError, "sparsity: expected None for pattern 1:2"
    ),
    "n:m with NaN": Row(mask([SCORES[0] * NAN], pattern="1:2"), ValueError, "scores: expected numbers, got NaN"),
    "blocks beyond the layer": Row(
        mask(SCORES, pattern="block:2x2", sparsity=0.5), ValueError, "pattern: .* size of block:2x2, got one of 1x2"
    ),
    "blocks of nothing": Row(
        mask(SCORES, pattern="block:0x2", sparsity=0.5),
        ValueError,
        "pattern: expected block:RxC with R and C of at least",
    ),
    "pattern of another kind": Row(
        mask(SCORES, pattern=4, sparsity=0.5), TypeError, "pattern: expected one of .*got 4"
    ),
    "blocks with NaN": Row(
        mask([SCORES[0] * NAN], pattern="block:2x1", sparsity=0.5), ValueError, "scores: expected numbers, got NaN"
    ),
    # what must stay
    "keep too few": Row(mask(SCORES, sparsity=0.5, keep=KEPT[:1]), ValueError, "keep: expected 2 masks, .* got 1"),
    "keep of a shape": Row(
        mask(SCORES, sparsity=0.5, keep=KEPT[::-1]), ValueError, r"keep\[0\]: expected the shape \(2, 3\)"
    ),
    "keep of ints": Row(mask(SCORES, sparsity=0.5, keep=SCORES), TypeError, r"keep\[0\]: expected an array of bool"),
    "keep one array": Row(mask(SCORES, sparsity=0.5, keep=KEPT[0]), TypeError, "keep: expected a sequence of masks"),
    "keep too much": Row(
        mask(SCORES, sparsity=0.5, keep=[KEPT[0], None]), ValueError, "keep: expected room for removing 4 units, got 2"
    ),
    "keep too much of a group": Row(
        mask(SCORES[:1], pattern="1:2", keep=KEPT[:1]), ValueError, r"keep\[0\]: expected no more than 1:2 leaves"
    ),
    "keep what has gone": Row(
        mask(SCORES, sparsity=0.5, keep=KEPT, within=[~k for k in KEPT]),
        ValueError,
        r"keep\[0\]: expected what is still",
    ),
    "masks of a shape": Row(
        mask(SCORES, sparsity=0.5, within=KEPT[::-1]), ValueError, r"within\[0\]: expected the shape \(2, 3\)"
    ),
    "no room under the limit": Row(
        mask(SCORES, sparsity=0.9, max_layer_sparsity=0.5), ValueError, "max_layer_sparsity: .* removing 7 units, got 4"
    ),
    "limits of n:m": Row(
        mask(SCORES, pattern="1:2", max_layer_sparsity=0.5),
        ValueError,
        "max_layer_sparsity: expected None for pattern 1:2",
    ),
    "blocks with both infinities": Row(
        mask([[[INF, -INF]]], pattern="block:1x2", sparsity=0.5), ValueError, "scores: expected no block with plus and"
    ),
    "n:m made of nothing": Row(lambda: NofMPattern(0, 4), ValueError, "n: expected at least 1, got 0"),
    "n:m made the wrong way round": Row(lambda: NofMPattern(3, 2), ValueError, "m: expected at least 3, got 2"),
    "n:m made of words": Row(lambda: NofMPattern("a", 4), TypeError, "n: expected an integer"),  # type: ignore[arg-type]
    "blocks made of nothing": Row(lambda: BlockPattern(0, 1), ValueError, "n_rows: expected at least 1, got 0"),
    "limits too few": Row(
        mask(SCORES, sparsity=0.5, max_layer_sparsity=[0.5]), ValueError, "max_layer_sparsity: expected 2, one for each"
    ),
    "limit above 1": Row(
        mask(SCORES, sparsity=0.5, max_layer_sparsity=2),
        ValueError,
        r"max_layer_sparsity: expected a number in \[0, 1\]",
    ),
    "apply masks of a shape": Row(
        lambda: prunus.apply_masks(NETWORK, KEPT[::-1]), ValueError, r"masks\[0\]: expected the shape \(2, 3\)"
    ),
    "apply masks to an array": Row(lambda: prunus.apply_masks(X, KEPT), TypeError, "network: expected a Network"),  # type: ignore[arg-type]
    "apply masks to the last neurons": Row(
        lambda: prunus.apply_masks(NETWORK, [np.ones(2, bool), np.zeros(1, bool)], pattern="neuron"),
        ValueError,
        r"masks\[1\]: expected True alone, since neuron is not pruned in layer 1",
    ),
    # sparse samples
    "X sparse and complex": Row(engine(scipy.sparse.eye_array(3) * 1j), TypeError, "X: expected real numbers"),
    "X sparse of another width": Row(
        engine(scipy.sparse.eye_array(4)),
        ValueError,
        r"X: expected 3 columns, got a csr_array of shape \(4, 4\) and dtype float64",
    ),
    "X sparse of another width, to train on": Row(
        fit(NETWORK, scipy.sparse.csc_array(np.ones((4, 2), np.float32)), Y),
        ValueError,
        r"X: expected 3 columns, got a csr_array of shape \(4, 2\) and dtype float32",
    ),
    "a data frame for a mask": Row(
        lambda: prunus.apply_masks(NETWORK, pd.DataFrame(X)),
        TypeError,
        r"masks: expected a sequence of masks, .* got a DataFrame of shape \(4, 3\)",
    ),
    "X sparse with NaN": Row(
        importance(NETWORK, "wanda", X=scipy.sparse.csr_array(X * NAN)), ValueError, "X: expected finite numbers"
    ),
    "X sparse behind a shift": Row(
        importance(SCALED, "wanda", X=scipy.sparse.csr_array(X)),
        ValueError,
        "X: expected a dense array, since the model",
    ),
    # classes
    "class weights of a regression": Row(
        importance(NETWORK, "saliency", X=X, y=Y, class_weight={0: 1}), ValueError, "class_weight: expected None for a"
    ),
    "class weights unknown": Row(
        importance(BINARY, "saliency", X=X, y=LABELS, class_weight="even"), ValueError, "class_weight: .*balanced.*even"
    ),
    "class weights of another kind": Row(
        importance(BINARY, "saliency", X=X, y=LABELS, class_weight=3), TypeError, "class_weight: expected a mapping"
    ),
    "class weights of a stranger": Row(
        importance(BINARY, "saliency", X=X, y=LABELS, class_weight={"maybe": 1}),
        ValueError,
        "class_weight: expected labels among",
    ),
    "class weights negative": Row(
        importance(BINARY, "saliency", X=X, y=LABELS, class_weight={"no": -1}),
        ValueError,
        "class_weight: expected a number in",
    ),
    "class weights zero": Row(
        importance(BINARY, "saliency", X=X, y=LABELS, class_weight={"no": 0, "yes": 0}),
        ValueError,
        "class_weight: expected a weight above 0 for some class in y",
    ),
    # prune
    "prune no layers": Row(prune(NETWORK, sparsity=0.5, layers=[]), ValueError, "layers: expected some of 0, 1"),
    "prune a layer too far": Row(prune(NETWORK, sparsity=0.5, layers=[2]), ValueError, r"layers: .*got \[2\]"),
    "prune a layer twice": Row(prune(NETWORK, sparsity=0.5, layers=[0, 0]), ValueError, "layers: .*each once"),
    "prune a layer by name": Row(prune(NETWORK, sparsity=0.5, layers="0"), TypeError, "layers: expected a sequence of"),
    "prune a layer by half": Row(prune(NETWORK, sparsity=0.5, layers=[0.5]), TypeError, "layers: expected an integer"),
    "prune the last neurons": Row(
        prune(NETWORK, X, Y, sparsity=0.5, pattern="neuron", layers=[1]), ValueError, "layers: expected some of 0, each"
    ),
    "prune with keep of a shape": Row(
        prune(NETWORK, sparsity=0.5, keep=KEPT[::-1]), ValueError, r"keep\[0\]: expected the shape \(2, 3\)"
    ),
    "prune what must stay": Row(
        prune(NETWORK, sparsity=0.5, keep=KEPT), ValueError, "keep: expected room for removing 4 units, got 0"
    ),
    "prune keeping what has gone": Row(
        prune(prunus.prune(NETWORK, sparsity=0.5), sparsity=0.7, keep=KEPT), ValueError, r"keep\[0\]: expected what is"
    ),
    "prune n:m with an allocation": Row(
        prune(NETWORK, pattern="1:2", allocation="erk"), ValueError, "allocation: expected 'auto' for pattern 1:2"
    ),
    "prune by X_val with labels of another kind": Row(
        prune(BINARY, X, Y, sparsity=0.5, X_val=X, y_val=LABELS), TypeError, "y: expected labels like the classes"
    ),
    "prune by X_val with NaN": Row(
        prune(NETWORK, X * NAN, Y, sparsity=0.5, X_val=X, y_val=Y), ValueError, "X: expected finite numbers"
    ),
    "prune by X_val with no rows": Row(
        prune(NETWORK, X[:0], Y[:0], sparsity=0.5, X_val=X, y_val=Y), ValueError, "X: expected at least one element"
    ),
    "unknown schedule": Row(
        prune(NETWORK, sparsity=0.5, schedule="x"), ValueError, "schedule: expected one of cubic, iterative, one-shot"
    ),
    "schedule of another kind": Row(prune(NETWORK, sparsity=0.5, schedule=3), TypeError, "schedule: expected one of"),
    "schedule of a threshold": Row(
        prune(NETWORK, threshold=0.5, schedule="cubic"), ValueError, "schedule: expected 'one-shot' without a sparsity"
    ),
    "schedule of n:m": Row(
        prune(NETWORK, pattern="1:2", schedule="iterative"), ValueError, "schedule: expected 'one-shot' without"
    ),
    "schedule of no rounds": Row(
        lambda: Cubic(rounds=0),
        ValueError,
        "rounds: expected at least 1",
    ),
    "schedule that trains on nothing": Row(
        prune(NETWORK, sparsity=0.5, schedule=Cubic(fine_tune=1)),
        ValueError,
        "X: expected data to fine-tune on between",
    ),
    "prune n:m to a sparsity": Row(
        prune(NETWORK, sparsity=0.5, pattern="1:2"), ValueError, "sparsity: expected None for pattern 1:2"
    ),
    "prune inputs by magnitude": Row(
        prune(NETWORK, sparsity=0.5, pattern="input", criterion="magnitude"),
        ValueError,
        r"criterion: expected one that scores inputs .*\(input_contribution, input_norm, obs\), got 'magnitude'",
    ),
    "prune with class weights alone": Row(
        prune(NETWORK, sparsity=0.5, class_weight="balanced"), ValueError, "X: expected data beside class_weight"
    ),
    "prune with class weights without labels": Row(
        prune(BINARY, X, sparsity=0.5, criterion="wanda", class_weight="balanced"),
        ValueError,
        "y: expected labels beside",
    ),
    "record in a tuple": Row(fit(NETWORK, X, Y, record=()), TypeError, "record: expected a list"),
    "prune without target": Row(prune(NETWORK), ValueError, "expected exactly one of sparsity, threshold"),
    "prune with two": Row(prune(NETWORK, sparsity=0.5, threshold=0.5), ValueError, "expected exactly one of"),
    "prune above 1": Row(prune(NETWORK, sparsity=2), ValueError, "sparsity: expected a number in"),
    "prune an array": Row(prune(X, sparsity=0.5), TypeError, "model: expected a Network, a Pruned, a fitted"),
    "prune unknown criterion": Row(
        prune(NETWORK, sparsity=0.5, criterion="x"), ValueError, "criterion: expected one of"
    ),
    "prune unknown pattern": Row(prune(NETWORK, sparsity=0.5, pattern="x"), ValueError, "pattern: expected one of"),
    "prune unknown allocation": Row(
        prune(NETWORK, sparsity=0.5, allocation="x"), ValueError, "allocation: expected one of"
    ),
    "neurons by magnitude": Row(
        prune(NETWORK, sparsity=0.5, pattern="neuron", criterion="magnitude"),
        ValueError,
        r"criterion: expected one that scores neurons .*\(.*output_contribution, weight_norm\), got 'magnitude'",
    ),
    "neurons without data": Row(
        prune(NETWORK, sparsity=0.5, pattern="neuron", criterion="apoz"), ValueError, "X: expected data, which crit"
    ),
    "neurons of one layer": Row(
        prune(prunus.Network([LAYER]), X, np.ones((4, 2)), sparsity=0.5, pattern="neuron"),
        ValueError,
        "pattern: expected a network with something to remove",
    ),
    "prune with X alone": Row(
        prune(NETWORK, X, sparsity=0.5, criterion="magnitude"), ValueError, "y: expected data beside X"
    ),
    "prune with y alone": Row(prune(NETWORK, None, Y, sparsity=0.5), ValueError, "X: expected data beside y"),
    "prune with X_val alone": Row(
        prune(NETWORK, sparsity=0.5, X_val=X), ValueError, "y_val: expected data beside X_val"
    ),
    "fine-tune without data": Row(
        prune(NETWORK, sparsity=0.5, fine_tune=1), ValueError, "X: expected data to fine-tune on"
    ),
    "fine-tune by zero": Row(
        prune(NETWORK, X, Y, sparsity=0.5, fine_tune=0), ValueError, "fine_tune: expected at least 1"
    ),
    "fine-tune of a string": Row(
        prune(NETWORK, X, Y, sparsity=0.5, fine_tune="a"), TypeError, "fine_tune: expected an integer"
    ),
    "a label from NaN": Row(
        lambda: BINARY.predict([[0.0, 0.0, 0.0], [0.0, NAN, 0.0]]),
        ValueError,
        "X: expected rows from which numbers come out, got NaN from row 1",
    ),
    "a probability from NaN": Row(
        lambda: prunus.compile(MULTILABEL).predict_proba([[NAN, 0.0, 0.0]]),
        ValueError,
        "X: expected rows from which numbers come out, got NaN from row 0",
    ),
    "columns of another order": Row(
        lambda: prunus.prune(NETWORK, pd.DataFrame(X, columns=list("abc")), Y, sparsity=0.5).predict(
            pd.DataFrame(X, columns=list("bac"))
        ),
        ValueError,
        "X: expected the columns that the model was fitted with, in order, got 'b' for 'a'",
    ),
    "latency of no rows": Row(
        prune(NETWORK, sparsity=0.5, latency_batch=0), ValueError, "latency_batch: expected at least 1"
    ),
    "latency of no threads": Row(
        prune(NETWORK, sparsity=0.5, latency_threads=0), ValueError, "latency_threads: expected at"
    ),
    "latency of too many threads": Row(
        prune(NETWORK, sparsity=0.5, latency_threads=1025), ValueError, "latency_threads: expected at most 1024 threads"
    ),
    "prune with X_val too narrow": Row(
        prune(NETWORK, X, Y, sparsity=0.5, X_val=X[:, :2], y_val=Y), ValueError, "X_val: expected 3 columns"
    ),
    "prune with y_val too short": Row(
        prune(NETWORK, sparsity=0.5, X_val=X, y_val=Y[:2]), ValueError, "y_val: expected 4"
    ),
    "prune with weights alone": Row(
        prune(NETWORK, sparsity=0.5, sample_weight=Y), ValueError, "X: expected data beside samp"
    ),
    "prune with weights of strings": Row(
        prune(NETWORK, X, Y, sparsity=0.5, sample_weight=LABELS), TypeError, "sample_weight: expected an array of real"
    ),
    "prune with a string for a bool": Row(
        prune(NETWORK, sparsity=0.5, allow_empty="no"), TypeError, "allow_empty: expected a"
    ),
    "prune with a negative seed": Row(
        prune(NETWORK, sparsity=0.5, random_state=-1), ValueError, "random_state: expected at l"
    ),
    "prune with a seed of a string": Row(
        prune(NETWORK, sparsity=0.5, random_state="a"), TypeError, "random_state: expected"
    ),
    # scores of models
    "score of no rows": Row(
        lambda: prunus.prune(BINARY, sparsity=0.5).score(X[:0], LABELS[:0]), ValueError, "X: expected at"
    ),
    "score of unknown labels": Row(
        lambda: prunus.prune(BINARY, sparsity=0.5).score(X, np.array(["a"] * 4)), ValueError, "y: expected labels among"
    ),
    "score of other labels": Row(
        lambda: prunus.prune(BINARY, sparsity=0.5).score(X, Y), TypeError, "y: expected labels like"
    ),
    "score of a flat multilabel": Row(
        lambda: prunus.prune(MULTILABEL, sparsity=0.5).score(X, Y), ValueError, r"y: expected the shape \(4, 2\)"
    ),
    "y beyond float32": Row(
        lambda: NETWORK.astype("float32").data(X, Y * 3e38 * 10, dtype=np.float32),
        ValueError,
        "y: .* in the range of float32",
    ),
    "to_sklearn of an array": Row(
        lambda: prunus.to_sklearn(X), TypeError, "network: expected a Network or Pruned, got an"
    ),
    "to_sklearn of a strange origin": Row(
        lambda: prunus.to_sklearn(prunus.Network([LAST], origin={"library": "sklearn"})),
        ValueError,
        "network: .*an origin",
    ),
    # estimators
    "estimator with NaN": Row(
        lambda: prunus.from_sklearn(changed(MLP, coefs_=[MLP.coefs_[0], MLP.coefs_[1] * NAN])),
        ValueError,
        r"estimator\.coefs_\[1\]: expected finite numbers in the range of float64, got NaN",
    ),
    "estimator with an infinite intercept": Row(
        lambda: prunus.from_sklearn(changed(MLP, intercepts_=[MLP.intercepts_[0] * INF, MLP.intercepts_[1]])),
        ValueError,
        r"estimator\.intercepts_\[0\]: expected finite numbers in the range of float64, got infinity",
    ),
    "estimator with NaN, linear": Row(
        lambda: prunus.prune(changed(LINEAR, coef_=LINEAR.coef_ * NAN), sparsity=0.5),
        ValueError,
        r"estimator\.coef_: expected finite numbers",
    ),
    "estimator with an intercept that is NaN": Row(
        lambda: prunus.from_sklearn(changed(LINEAR, intercept_=NAN)), ValueError, r"estimator\.intercept_: .* got NaN"
    ),
    "estimator beyond float32": Row(
        lambda: prunus.from_sklearn(changed(MLP, coefs_=[MLP.coefs_[0], MLP.coefs_[1] * 0 + 1e39])),
        ValueError,
        r"estimator\.coefs_\[1\]: expected .* of float32, got 1e\+39; use float64",
    ),
    "X beyond float32, in an engine": Row(
        lambda: prunus.compile(NETWORK32)([[1e39, 0, 0]]),
        ValueError,
        r"X: expected .* of float32, got 1e\+39; use float64",
    ),
    "sparse X beyond float32, in an engine": Row(
        lambda: prunus.compile(NETWORK32)(scipy.sparse.csr_array([[1e39, 0, 0]])),
        ValueError,
        r"X: expected .* of float32, got 1e\+39; use float64",
    ),
    "a step of a pipeline": Row(
        lambda: prunus.as_network(make_pipeline(PCA(2), MLP)),
        NotSupportedError,
        r"estimator: expected .* got step 'pca' \(PCA\); prunus\.prune takes the whole pipeline",
    ),
    "a step that clips": Row(
        lambda: prunus.as_network(make_pipeline(MinMaxScaler(clip=True), MLP)),
        NotSupportedError,
        "estimator: clip=True of step 'minmaxscaler' .*; prunus.prune takes the whole pipeline",
    ),
    "a search": Row(
        prune(GridSearchCV(MLP, {}), sparsity=0.5), NotFittedError, "GridSearchCV instance is not fitted yet"
    ),
    "a search in a pipeline": Row(
        prune(make_pipeline(StandardScaler().fit(X), RandomizedSearchCV(MLP, {})), sparsity=0.5),
        NotFittedError,
        "RandomizedSearchCV instance is not fitted yet",
    ),
    "a module of PyTorch": Row(prune(Foreign(), sparsity=0.5), TypeError, f"model: expected .*Foreign; {MAKE_ONE}"),
    "a list of arrays": Row(
        lambda: prunus.as_network([X]), TypeError, f"model: expected .* got an object of type builtins.list; {MAKE_ONE}"
    ),
    # fit
    "fit masks of an int": Row(fit(NETWORK, X, Y, masks=5), TypeError, "masks: expected a sequence"),
    "fit an array": Row(fit(X, X, Y), TypeError, "network: expected a Network"),
    "fit no epochs": Row(fit(NETWORK, X, Y, epochs=0), ValueError, "epochs: expected at least 1"),
    "fit unknown optimizer": Row(fit(NETWORK, X, Y, optimizer="x"), ValueError, "optimizer: expected one of adam"),
    "fit negative rate": Row(
        fit(NETWORK, X, Y, learning_rate=-1), ValueError, "learning_rate: expected a finite number above 0"
    ),
    "fit infinite rate": Row(
        fit(NETWORK, X, Y, learning_rate=INF), ValueError, "learning_rate: expected a finite number"
    ),
    "fit one mask": Row(fit(NETWORK, X, Y, masks=[None]), ValueError, "masks: expected 2, one for each layer"),
    "fit masks of ints": Row(
        fit(NETWORK, X, Y, masks=[np.ones((2, 3)), None]), TypeError, r"masks\[0\]: expected an array of bool"
    ),
    "fit masks of a shape": Row(
        fit(NETWORK, X, Y, masks=[None, np.ones((2, 3), bool)]), ValueError, r"masks\[1\]: expected the shape \(1, 2\)"
    ),
    # files
    "save an array": Row(lambda: prunus.save(X, "x"), TypeError, "model: expected a Network or Pruned"),  # type: ignore[arg-type]
    "load nothing": Row(lambda: prunus.load("/nowhere/x.safetensors"), FileNotFoundError, "nowhere"),
    "load a number": Row(lambda: prunus.load(3), TypeError, "int"),  # type: ignore[arg-type]
    # linear regression on a subset
    "subset NaN": Row(regression(X=WITH_NAN), ValueError, "Input X contains NaN"),
    "subset infinity": Row(
        regression(X=np.where(SUBSET_X == 3, INF, SUBSET_X)), ValueError, "Input X contains infinity"
    ),
    "subset NaN in sparse X": Row(regression(X=scipy.sparse.csr_array(WITH_NAN)), ValueError, "Input X contains NaN"),
    "subset infinity in sparse X": Row(
        regression(X=scipy.sparse.csc_array([[INF, 1.0, 2.0]] * 4)), ValueError, "Input X contains infinity"
    ),
    "subset squares beyond float64": Row(
        regression(X=SUBSET_X * 1e200), ValueError, "X: expected finite numbers whose squares can be summed"
    ),
    "subset squares of wide X beyond float64": Row(
        regression(X=np.tile(SUBSET_X * 1e200, 5), method="forward"),
        ValueError,
        "X: expected finite numbers whose squares",
    ),
    "subset NaN in y": Row(regression(y=Y * NAN), ValueError, "Input y contains NaN"),
    "subset infinity in y": Row(regression(y=Y * INF), ValueError, "Input y contains infinity"),
    "subset of one sample": Row(
        regression(X=SUBSET_X[:1], y=Y[:1]), ValueError, r"1 sample\(s\) .* minimum of 2 is required"
    ),
    "subset of no features": Row(regression(X=np.ones((4, 0))), ValueError, r"0 feature\(s\) .* minimum of 1 is"),
    "subset X of one dimension": Row(regression(X=Y), ValueError, "Expected 2D array, got 1D array"),
    "subset y too short": Row(regression(y=Y[:3]), ValueError, r"inconsistent numbers of samples: \[4, 3\]"),
    "subset y missing": Row(regression(y=None), ValueError, "requires y to be passed"),
    "subset y of strings": Row(regression(y=LABELS), ValueError, "y: could not convert string to float"),
    "subset y with None": Row(
        regression(y=np.array([1.0, None, 2, 3], object)), ValueError, "y: expected finite numbers"
    ),
    "subset y with None, wide": Row(
        regression(X=np.tile(SUBSET_X, 5), y=np.array([1.0, None, 2, 3], object), method="forward"),
        ValueError,
        "y: expected finite numbers",
    ),
    "subset y with an object": Row(
        regression(y=np.array([1.0, {}, 2, 3], object)), TypeError, r"y: float\(\) argument must be .*, not 'dict'"
    ),
    "subset y sparse": Row(
        regression(y=scipy.sparse.csr_array(Y[:, None])), TypeError, "y: expected a dense array, got .*; use y.toarray"
    ),
    "subset weights NaN": Row(regression(sample_weight=Y * NAN), ValueError, "sample_weight contains NaN"),
    "subset weights infinite": Row(regression(sample_weight=Y * INF), ValueError, "sample_weight contains infinity"),
    "subset weights negative": Row(regression(sample_weight=-Y), ValueError, "Negative values .* `sample_weight`"),
    "subset weights zero": Row(regression(sample_weight=0 * Y), ValueError, "at least one non-zero number"),
    "subset weights too few": Row(regression(sample_weight=Y[:3]), ValueError, r"sample_weight.shape == \(3,\)"),
    "subset weights of two dimensions": Row(regression(sample_weight=X), ValueError, "Sample weights must be 1D array"),
    "subset larger than X": Row(regression(4), ValueError, "n_nonzero: expected at most n_features=3, got 4"),
    "subset of more groups": Row(
        regression(3, groups=[0, 0, 1]), ValueError, "n_nonzero: expected at most n_groups=2, got 3"
    ),
    "subset below 0": Row(regression(-1), ValueError, "n_nonzero: expected at least 0, got -1"),
    "subset above all": Row(regression(1.5), ValueError, r"n_nonzero: expected a number in \[0, 1\], got 1.5"),
    "subset below none": Row(regression(-0.1), ValueError, r"n_nonzero: expected a number in \[0, 1\], got -0.1"),
    "subset NaN of all": Row(regression(NAN), ValueError, r"n_nonzero: expected a number in \[0, 1\], got nan"),
    "subset of a string": Row(regression("all"), ValueError, "n_nonzero: expected one of auto, got 'all'"),
    "subset of a bool": Row(regression(True), TypeError, "n_nonzero: expected an integer, got True"),
    "subset of None": Row(regression(None), TypeError, "n_nonzero: expected an integer, got None"),
    "subset groups too few": Row(
        regression(groups=[0, 1]), ValueError, "groups: expected 3 labels, one for each feature, got .*shape .2,"
    ),
    "subset groups of floats": Row(
        regression(groups=[0.5, 1, 1]), TypeError, "groups: expected a label, an integer or .*, got 0.5 among them"
    ),
    "subset groups with None": Row(
        regression(groups=[0, None, 1]), TypeError, "groups: expected a label, an integer or .*, got None among them"
    ),
    "subset groups of two kinds": Row(
        regression(groups=np.array([0, "a", 1], object)),
        TypeError,
        "groups: expected a label, an integer or .*, got both",
    ),
    "subset groups of one string": Row(regression(groups="abc"), ValueError, "groups: expected 3 labels, .* got 'abc'"),
    "subset groups of two dimensions": Row(regression(groups=[[0, 1, 1]]), ValueError, "groups: expected 3 labels"),
    "subset groups of swaps": Row(
        regression(groups=[0, 0, 1], method="swap"), ValueError, "groups: expected None with method 'swap'"
    ),
    "subset groups of hard thresholding": Row(
        regression(groups=[0, 0, 1], method="iht"), ValueError, "groups: expected None with method 'iht'"
    ),
    "subset too small for keep": Row(
        regression(1, keep=[0, 2]), ValueError, "n_nonzero: expected at least 2, .* in keep, got 1"
    ),
    "subset at most smaller than keep": Row(
        regression(keep=[0, 2], max_nonzero=1), ValueError, "max_nonzero: expected at least 2, got 1"
    ),
    "subset keep beyond X": Row(regression(keep=[3]), ValueError, "keep: expected indices from 0 to 2, got 3 to 3"),
    "subset keep below 0": Row(regression(keep=[-1, 1]), ValueError, "keep: expected indices from 0 to 2, got -1 to 1"),
    "subset keep mask too short": Row(regression(keep=[True, False]), ValueError, r"keep: expected the shape \(3,\)"),
    "subset keep of floats": Row(
        regression(keep=[0.5]), TypeError, "keep: expected a mask, indices or names of features"
    ),
    "subset keep of names without any": Row(
        regression(keep=["a"]), ValueError, "keep: expected a mask or indices, since X has no feature names, got 'a'"
    ),
    "subset keep of a number": Row(
        regression(keep=1), TypeError, "keep: expected a mask, indices or names of features, got 1"
    ),
    "subset unknown method": Row(
        regression(method="backward"), ValueError, "method: expected one of auto, .*, swap, got 'backward'"
    ),
    "subset method of another kind": Row(regression(method=3), TypeError, "method: expected one of .*, got 3"),
    "subset unknown select": Row(regression(select="r2"), ValueError, "select: expected one of aic, .*, loo, got 'r2'"),
    "subset select None": Row(regression(select=None), TypeError, "select: expected one of .*, got None"),
    "subset backward from too many": Row(
        regression(X=np.tile(SUBSET_X, 2), method="obs"),
        ValueError,
        "method: expected more samples than features for 'obs' .* 4 and 6; use method='forward', or alpha",
    ),
    "subset backward from as many without intercept": Row(
        regression(X=np.tile(SUBSET_X, 2), method="obs", fit_intercept=False),
        ValueError,
        "method: expected at least as many samples as features for 'obs'",
    ),
    "subset lasso of two outputs": Row(
        regression(y=SUBSET_X[:, :2], method="l1"),
        ValueError,
        "method: expected one of obs, .* for 2 outputs, got 'l1'",
    ),
    "subset lasso of too many": Row(
        regression(X=np.ones((4, 8001)), method="l1"), ValueError, "X: expected at most 8000 features for method 'l1'"
    ),
    "subset groups of too many": Row(
        regression(X=np.ones((4, 8001)), groups=np.arange(8001)),
        ValueError,
        "X: expected at most 8000 features for groups",
    ),
    "subset alpha negative": Row(regression(alpha=-1), ValueError, r"alpha: expected a number in \[0, .*, got -1"),
    "subset alpha NaN": Row(regression(alpha=NAN), ValueError, "alpha: expected a number in .*, got nan"),
    "subset alpha infinite": Row(regression(alpha=INF), ValueError, "alpha: expected a number in .*, got inf"),
    "subset alpha of a string": Row(regression(alpha="1"), TypeError, "alpha: expected a number, got '1'"),
    "subset one_se of 1": Row(regression(one_se=1), TypeError, "one_se: expected a bool, got 1"),
    "subset intercept of a string": Row(regression(fit_intercept="yes"), TypeError, "fit_intercept: expected a bool"),
    "subset at most -1": Row(regression(max_nonzero=-1), ValueError, "max_nonzero: expected at least 0, got -1"),
    "subset at most 1.5": Row(regression(max_nonzero=1.5), TypeError, "max_nonzero: expected an integer, got 1.5"),
    "subset of more than at most": Row(
        regression(3, max_nonzero=2), ValueError, "max_nonzero: expected at least 3, since n_nonzero=3, got 2"
    ),
    "subset of a fraction above at most": Row(
        regression(0.7, max_nonzero=1), ValueError, "max_nonzero: expected at least 2, since n_nonzero=0.7, got 1"
    ),
    "subset of more groups than at most": Row(
        regression(2, groups=[0, 1, 1], max_nonzero=1),
        ValueError,
        "max_nonzero: expected at least 2, since n_nonzero=2",
    ),
    "subset NaN in a column": Row(
        regression(X=WITH_NAN),
        ValueError,
        "^X: expected finite numbers, got nan in column 2, row 1. Input X contains NaN",
    ),
    "subset string in a column": Row(
        regression(X=[[1, 2], [3, "low"]], y=[1, 2]),
        ValueError,
        "^X: expected finite numbers, got 'low' in column 1, row 1",
    ),
    "subset dates": Row(
        regression(X=np.full((4, 3), "2020-01-01", "M8[D]")),
        TypeError,
        "^X: expected finite numbers, got 2020-01-01 in column 0, row 0$",
    ),
    "subset without folds": Row(regression(cv=[]), ValueError, "cv: expected at least one fold with a test sample"),
    "subset of one fold": Row(regression(cv=1), ValueError, "cv: expected at least 2, got 1"),
    "subset of more folds than samples": Row(
        regression(cv=5), ValueError, "cv: Cannot have number of splits n_splits=5"
    ),
    "subset of folds without tests": Row(
        regression(cv=[([0, 1, 2, 3], [])]), ValueError, "cv: expected at least one fold with a test sample"
    ),
    "subset of folds without training": Row(
        regression(cv=[([], [0, 1, 2, 3])]), ValueError, "cv: expected a training sample of positive weight in every"
    ),
    "subset of folds trained on nothing": Row(
        regression(cv=[([0, 1], [2, 3])], sample_weight=[0, 0, 1, 1]), ValueError, "cv: expected a training sample"
    ),
    "subset of folds beyond X": Row(
        regression(cv=[([0, 1], [7])]),
        ValueError,
        "cv: expected masks or numbers of 4 samples, got .*index 7 is out of",
    ),
    "subset of folds of floats": Row(
        regression(cv=[([0.5, 1], [2])]), ValueError, "cv: expected masks or numbers of 4 samples, got "
    ),
    "subset of folds that are no pairs": Row(regression(cv=[0, 1]), ValueError, "cv: .*cannot unpack"),
    "subset of an unknown splitter": Row(regression(cv="x"), TypeError, "cv: expected None, an integer, .*, got 'x'"),
    "subset of a size and an unknown splitter": Row(regression(3, cv="x"), TypeError, "cv: expected None, .*, got 'x'"),
    "subset of a size and one fold": Row(regression(3, cv=1), ValueError, "cv: expected at least 2, got 1"),
    "subset of a splitter by groups": Row(
        regression(cv=GroupKFold(2)), ValueError, "cv: The 'groups' .* not be None.* to fit, as groups="
    ),
    "subset groups of samples too few": Row(
        regression(cv=GroupKFold(2), fit={"groups": [0, 1, 1]}),
        ValueError,
        "groups: expected 4 entries, one for each row of X, got an array of shape .3,",
    ),
    "subset of fewer groups of samples than folds": Row(
        regression(cv=GroupKFold(3), fit={"groups": [0, 1, 1, 0]}),
        ValueError,
        "cv: Cannot have number of splits n_splits=3",
    ),
    "subset of unknown metadata": Row(
        regression(fit={"sample_weights": Y}),
        ValueError,
        "Passing extra keyword arguments to PrunedLinearRegression.fit",
    ),
    "subset one_se without folds": Row(
        regression(select="bic", one_se=True), ValueError, "one_se: expected False with select 'bic', got True"
    ),
    "subset predicts another X": Row(
        lambda: PrunedLinearRegression(1).fit(SUBSET_X, Y).predict(X[:, :2]), ValueError, "X has 2 features, but .* 3"
    ),
    "subset predicts NaN": Row(
        lambda: PrunedLinearRegression(1).fit(SUBSET_X, Y).predict(WITH_NAN), ValueError, "Input X contains NaN"
    ),
    "subset predicts before it is fitted": Row(
        lambda: PrunedLinearRegression().predict(X), NotFittedError, "instance is not fitted yet"
    ),
    "subset of a size that the path lacks": Row(
        lambda: PrunedLinearRegression(1, method="forward", max_nonzero=2).fit(SUBSET_X, SUBSET_X[:, 0]).path_.at(3),
        ValueError,
        "n_nonzero: expected one of the path's sizes, 0 to 1 features, got 3",
    ),
    "subset of the path at -1": Row(path_at(-1), ValueError, "n_nonzero: expected at least 0, got -1"),
    "subset of the path at 2.5": Row(path_at(2.5), TypeError, "n_nonzero: expected an integer, got 2.5"),
    "subset of the path at True": Row(path_at(True), TypeError, "n_nonzero: expected an integer, got True"),
    "subset of the path at two sizes": Row(path_at([1, 2]), TypeError, "n_nonzero: expected an integer, got .*list"),
    # the selector
    "selector of more than X": Row(
        selector(4), ValueError, "n_features_to_select: expected at most n_features=3, got 4"
    ),
    "selector below 0": Row(selector(-1), ValueError, "n_features_to_select: expected at least 0, got -1"),
    "selector above all": Row(selector(1.5), ValueError, r"n_features_to_select: expected a number in \[0, 1\]"),
    "selector of a string": Row(selector("all"), ValueError, "n_features_to_select: expected one of auto, got 'all'"),
    "selector of a bool": Row(selector(True), TypeError, "n_features_to_select: expected an integer, got True"),
    "selector of at least -1": Row(
        selector(min_features_to_select=-1), ValueError, "min_features_to_select: expected at least 0, got -1"
    ),
    "selector of at least half": Row(
        selector(min_features_to_select=0.5), TypeError, "min_features_to_select: expected an integer, got 0.5"
    ),
    "selector of at least more than at most": Row(
        selector(min_features_to_select=3, max_nonzero=2),
        ValueError,
        "max_nonzero: expected at least 3, since min_features_to_select=3, got 2",
    ),
    "selector of at most nothing": Row(
        selector(max_nonzero=0), ValueError, "max_nonzero: expected at least 1, since min_features_to_select=1, got 0"
    ),
    "selector of more than at most": Row(
        selector(3, max_nonzero=2), ValueError, "max_nonzero: expected at least 3, since n_features_to_select=3, got 2"
    ),
    "selector transforms NaN": Row(
        lambda: PruneSelector(1).fit(SUBSET_X, Y).transform(WITH_NAN),
        ValueError,
        "^X: expected finite numbers, got nan in column 2, row 1. Input X contains NaN",
    ),
    "selector too small for keep": Row(
        selector(1, keep=[0, 2]), ValueError, "n_features_to_select: expected at least 2, .* in keep, got 1"
    ),
    "selector keep beyond X": Row(selector(keep=[3]), ValueError, "keep: expected indices from 0 to 2"),
    "selector groups too few": Row(selector(groups=[0, 1]), ValueError, "groups: expected 3 labels"),
    "selector unknown method": Row(selector(method="rfe"), ValueError, "method: expected one of .*, got 'rfe'"),
    "selector alpha negative": Row(selector(alpha=-1), ValueError, "alpha: expected a number in"),
    "selector NaN": Row(selector(X=WITH_NAN), ValueError, "Input X contains NaN"),
    "selector y missing": Row(selector(y=None), ValueError, "requires y to be passed"),
    "selector of one sample": Row(selector(X=SUBSET_X[:1], y=Y[:1]), ValueError, "minimum of 2 is required"),
    "selector weights negative": Row(selector(sample_weight=-Y), ValueError, "Negative values .* `sample_weight`"),
    "selector transforms another X": Row(
        lambda: PruneSelector(1).fit(SUBSET_X, Y).transform(X[:, :2]), ValueError, "X has 2 features, but .* 3"
    ),
    "selector transforms before it is fitted": Row(
        lambda: PruneSelector().transform(X), NotFittedError, "instance is not fitted yet"
    ),
    # Gram matrices
    "Gram of NaN": Row(gram(X=WITH_NAN), ValueError, "X: expected finite numbers whose squares can be summed, got NaN"),
    "Gram of infinity": Row(gram(X=X * INF), ValueError, "X: expected finite numbers whose squares can be summed"),
    "Gram of numbers too large": Row(gram(X=X * 1e200), ValueError, "X: expected finite numbers whose squares"),
    "Gram of strings": Row(gram(X=[["a"]] * 4), TypeError, "X: expected an array of real numbers"),
    "Gram of complex sparse X": Row(
        gram(X=scipy.sparse.csr_array(X * 1j)), TypeError, "X: expected real numbers, got .* complex128"
    ),
    "Gram of one dimension": Row(gram(X=Y), ValueError, "X: expected 2 dimensions"),
    "Gram of another width": Row(gram(X=X[:, :2]), ValueError, "X: expected 3 columns, as before, got 2"),
    "Gram of other outputs": Row(gram(y=X), ValueError, "y: expected 1 outputs, as before, got 3"),
    "Gram y too short": Row(gram(y=Y[:3]), ValueError, "y: expected 4 entries or rows, one for each row of X"),
    "Gram y with NaN": Row(gram(y=Y * NAN), ValueError, "y: expected finite numbers"),
    "Gram weights negative": Row(gram(sample_weight=-Y), ValueError, "sample_weight: expected nonnegative numbers"),
    "Gram weights too few": Row(gram(sample_weight=Y[:3]), ValueError, "sample_weight: expected 4 entries"),
    "Gram weights NaN": Row(gram(sample_weight=Y * NAN), ValueError, "sample_weight: expected finite numbers"),
    "Gram merged with an array": Row(
        lambda: GramAccumulator().merge(X),  # type: ignore[arg-type]
        TypeError,
        "other: expected a GramAccumulator, got an array",
    ),
    "Gram merged with another width": Row(
        lambda: GramAccumulator().update(X, Y).merge(GramAccumulator().update(X[:, :2], Y)),
        ValueError,
        "other: expected 3 features and 1 outputs, got 2 and 1",
    ),
    "Gram of nothing": Row(GramAccumulator().gram, ValueError, "X: expected at least one sample of positive weight"),
}


@pytest.mark.parametrize("name", TABLE)
def test_bad_input(name: str) -> None:
    row = TABLE[name]
    with pytest.raises(row.error, match=row.message) as caught:
        row.call()
    assert type(caught.value) is row.error
    if begins := re.match(r"(\w+)([.[]\S+)?: ", str(caught.value)):
        argument = getattr(caught.value, "argument", None)
        assert argument == begins[1] or _is_scikit_learns(caught.value)


def _is_scikit_learns(error: BaseException) -> bool:
    """Whether it was raised there: what scikit-learn says of X begins with a name now and then, too."""
    *_, last = traceback.walk_tb(error.__traceback__)
    return str(last[0].f_globals["__name__"]).startswith("sklearn.")


@pytest.mark.parametrize("way", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_the_argument_outlives_a_copy(way: Callable[[Exception], Exception]) -> None:
    with pytest.raises(ValueError, match="bias") as caught:
        prunus.Layer([[1.0]], [1.0, 2.0])
    assert way(caught.value).argument == "bias"  # type: ignore[attr-defined]


def test_errors_of_files_name_the_path(tmp_path: Path) -> None:
    file = tmp_path / "x.safetensors"
    file.write_bytes(b"garbage")
    with pytest.raises(prunus.FormatError, match=r"x\.safetensors") as caught:
        prunus.load(file)
    assert caught.value.argument == "path"


def test_an_error_is_raised_before_a_file_is_touched(tmp_path: Any) -> None:
    path = tmp_path / "model.safetensors"
    prunus.save(NETWORK, path)
    with pytest.raises(TypeError):
        prunus.save(X, path)  # type: ignore[arg-type]
    assert prunus.load(path) == NETWORK


def test_overflowing_shapes() -> None:
    """Products beyond 32 bits are either computed right or refused, never wrapped."""
    wide = np.broadcast_to(np.float32(1), (70_000, 70_000))
    assert wide.size > 2**32
    with pytest.raises(ValueError, match="X: expected 3 columns"):
        NETWORK.forward(wide)
    scores = [np.broadcast_to(np.float32(1), (3, 5))]  # a view without memory of its own is read as any other
    assert sum(int(m.sum()) for m in prunus.mask(scores, sparsity=0.4)) == 9


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", "²"])
def test_prunus_num_threads(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRUNUS_NUM_THREADS", value)
    with pytest.raises(ValueError, match="PRUNUS_NUM_THREADS: expected an integer of at least 1"):
        prunus.compile(NETWORK)(X)


@pytest.mark.parametrize("value", ["1025", "60000", "99999999999"])
def test_prunus_num_threads_beyond_all_machines(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRUNUS_NUM_THREADS", value)
    with pytest.raises(ValueError, match=f"PRUNUS_NUM_THREADS: expected at most 1024 threads, got {value}$"):
        prunus.compile(NETWORK)(X)
