"""Linear regression on the best subset of the features: a scikit-learn estimator."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from prunus._base import Doubles, Places, scipy
from prunus.data import naming_columns
from prunus.engine import Engine
from prunus.estimators.search import search, taken, takes_outputs
from prunus.estimators.splitting import Splitting
from prunus.estimators.subset_path import Features, Make, SubsetPath
from prunus.network import Layer, Network


class PrunedLinearRegression(MultiOutputMixin, RegressorMixin, Splitting):  # type: ignore[misc]
    """Least squares on a subset of the features that is chosen by the exact rise of the loss.

    Removing a feature is scored by how much the loss of the *refitted* model rises. From one factorization come the models
    of all sizes, their leave-one-out errors, and one model whose predictions multiply no zero.

    Parameters
    ----------
    n_nonzero : "auto", int or float, default "auto"
        How many features (groups, where there are any) the model has: a number, a fraction of them (rounded down, but at least
        one), or what `select` says. Where fewer can be told apart the model has those, with a RuntimeWarning.
    method : {"auto", "obs", "forward", "swap", "iht", "l1"}, default "auto"
        How subsets are searched. "obs": backward, one feature after the other, from all to none. "forward": the other way, for
        more features than samples. "swap": for every size, exchanges of one feature, from both. "iht": iterative hard
        thresholding. "l1": the supports of the lasso path. All are refitted. "auto": up to 128 single features swap, so that
        `path_.at` of a size is what `n_nonzero` gives; for more obs, where there are twice as many samples, else forward, and
        exchanges for the chosen size.
    select : {"cv", "loo", "aic", "aicc", "bic", "ebic", "gic", "cp"}, default "cv"
        What chooses the size. "cv": cross-validation of the search, in every fold anew; where "auto" exchanges at the chosen
        size alone, that is not validated. The least error often takes a feature too many (`one_se` guards against it). "loo":
        leave-one-out errors on the path of all samples (conditional: the search has seen the sample). The others: information
        criteria. Among many features and few samples take "cv", or "ebic", which counts how many subsets were searched, or
        "gic"; "aic", "aicc", "bic" and "loo" do not, and suit a search among few. "cp" needs more samples than features.
    one_se : bool, default False
        Take the smallest size within one standard error of the least cross-validation error; with select="cv" alone.
    cv : int, splitter or iterable, optional
        As in scikit-learn; None: five folds. A generator is stored as the list of its folds.
    groups : array_like of shape (n_features,), optional
        Groups of features: a label, an integer or a string, for each, in any order; features of one label are in the model
        together, or not. (Groups of samples, for `cv`, are an argument of `fit`.)
    keep : array_like, optional
        Mask, indices or, where X has any, names of features that stay in every model; of a group, all stay then.
    alpha : float, default 0.0
        Ridge penalty within the subset, as in scikit-learn's Ridge: alpha times the coefficients' sum of squares.
    fit_intercept : bool, default True
    max_nonzero : int, optional
        The largest size that is searched (groups, where there are any), no smaller than `n_nonzero`; no smaller model depends
        on it. None: all for obs and up to 128 features, else 100; and but for "cv" no more than n / (log p log log n), beyond
        which a criterion of the fit alone tells nothing.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_outputs, n_features), float64
        Zero where a feature is not in the model. Outputs share their features. Read-only, as intercept_ is: `predict` has
        a form of its own of both.
    coef_sparse_ : scipy.sparse.csr_array of shape (n_outputs, n_features)
    intercept_ : float64 or ndarray of shape (n_outputs,)
    support_ : ndarray of shape (n_features,), bool
    n_nonzero_ : int
        Features in the model.
    n_groups_ : int
        Groups in the model, the size that `n_nonzero`, `max_nonzero` and `path_.at` mean; without groups it is n_nonzero_.
        What `keep` names counts also where it is left out as a combination of others, so that a size means the same for
        every sample of the data.
    path_ : SubsetPath
        The models of all sizes.
    elimination_order_ : ndarray of int
        Features in the order in which they leave the path, from the largest model to the smallest; those that stay are not
        among them.
    optimality_ : str
        "1-swap": no exchange of one feature for another gives a smaller loss; features do not count of which the others in the
        model leave less than a billionth of their squared length. "path": as the search left it.
    constant_features_ : ndarray of int
        Columns that are constant, in no model.
    collinear_features_ : ndarray of int
        Columns that the search left out as combinations of others: of those what explains most beside the others is taken, of
        equal columns the earliest. An exchange may have brought one in for another. "obs" finds all; other searches find
        copies, and the others where they come to all features that can be told apart.
    method_ : str
        The search that "auto" chose.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Raises
    ------
    TypeError, ValueError
        By `fit`, if a parameter or the data are not as said.

    Warns
    -----
    RuntimeWarning
        If X is so ill-conditioned that QR takes the Gram matrix's place: several times slower, and exact to more digits; or if
        columns are left out that are nearly combinations of others. If fewer features than `n_nonzero` can be told apart. If
        the largest size that was searched is chosen.

    Notes
    -----
    Cost: with n samples and p features n p^2 / 2 multiplications for the Gram matrix and p^3 for the path of all sizes; for
    every fold p^3 more. "forward" takes n p multiplications a step where p > 2 n. "swap" takes some hundred steps of k p
    multiplications for k features: 0.15 s for all sizes of 100 on one core, and as much for every fold.

    References
    ----------
    B. Hassibi, D. Stork, "Second order derivatives for network pruning: optimal brain surgeon", 1993; A. Miller, "Subset
    selection in regression", 2002.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = PrunedLinearRegression(select="bic").fit(X, y)
    >>> model.n_nonzero_, model.optimality_
    (5, '1-swap')
    >>> model.path_.at(2).support_.sum()
    np.int64(2)
    >>> print(model.path_.table()["added"][:4].tolist())
    [[], ['bmi'], ['s5'], ['bp']]
    """

    def __init__(
        self,
        n_nonzero: str | int | float = "auto",
        *,
        method: str = "auto",
        select: str = "cv",
        one_se: bool = False,
        cv: Any = None,
        groups: Any = None,
        keep: Any = None,
        alpha: float = 0.0,
        fit_intercept: bool = True,
        max_nonzero: int | None = None,
    ) -> None:
        self.n_nonzero = n_nonzero
        self.method = method
        self.select = select
        self.one_se = one_se
        self.cv = cv
        self.groups = groups
        self.keep = keep
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.max_nonzero = max_nonzero

    def __sklearn_tags__(self) -> Any:
        """Sparse X is taken as it is; of outputs there may be several, but for the lasso path."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.multi_output = takes_outputs(self.method)
        return tags

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, *, groups: Any = None, **params: Any
    ) -> PrunedLinearRegression:
        """Search, choose the size, and fit.

        Parameters
        ----------
        X : array_like or SciPy sparse matrix of shape (n_samples, n_features)
            Computed on in float64; sparse X is never centred nor made dense.
        y : array_like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array_like of shape (n_samples,), optional
            Nonnegative, and relative: without a ridge penalty, which stands beside them, their scale changes nothing. A sample
            of weight two counts as two in every sum; where samples are counted, those of positive weight are.
        groups : array_like of shape (n_samples,), optional
            Labels of the samples for the splitter `cv`, as RFECV takes them: with GroupKFold, samples of one label are in one
            fold. (Groups of features are the parameter of the constructor.)
        **params : dict
            Other metadata that the splitter asks for, where scikit-learn routes metadata.

        Returns
        -------
        PrunedLinearRegression
            Itself.
        """
        metadata = {"groups": groups, **params}
        selection, offset, is_flat, _ = search(self, "n_nonzero", X, y, sample_weight, metadata)
        self.elimination_order_ = selection.elimination_order
        self.optimality_ = selection.optimality(selection.index)
        self.constant_features_ = selection.constant
        self.collinear_features_ = selection.collinear
        self.method_ = selection.method
        features = Features(
            self.n_features_in_, getattr(self, "feature_names_in_", None), are_grouped=self.groups is not None
        )
        self.path_ = SubsetPath(selection, features, offset, is_flat, _like(self, is_flat))
        columns, coef, intercept, _ = selection.fit(selection.index)
        size = int(selection.path.sizes[selection.index])
        self._set(columns, coef, intercept + offset, is_flat, size)
        return self

    def _set(self, columns: Any, coef: Doubles, intercept: Doubles, is_flat: bool, size: int) -> None:
        n_out, n_features = len(coef), self.n_features_in_
        whole = np.zeros((n_out, n_features))
        whole[:, columns] = coef
        starts = np.arange(n_out + 1) * len(columns)
        self.coef_sparse_ = scipy.csr_array((coef.ravel(), np.tile(columns, n_out), starts), shape=whole.shape)
        self.coef_ = whole[0] if is_flat else whole
        self.intercept_ = intercept[0] if is_flat else intercept
        self.support_ = np.zeros(n_features, np.bool_)
        self.support_[columns] = True
        self.n_nonzero_ = len(columns)
        self.n_groups_ = size
        self._engine = Engine(Network([Layer(whole, intercept)]))
        self._lock()

    def _lock(self) -> None:
        for array in (self.coef_, self.intercept_):
            if isinstance(array, np.ndarray):
                array.flags.writeable = False

    def __setstate__(self, state: Any) -> None:
        super().__setstate__(state)
        if hasattr(self, "coef_"):  # NumPy's arrays forget that nothing may be written to them
            self._lock()

    def predict(self, X: Any) -> Doubles:
        """Predict with the sparse kernels.

        Parameters
        ----------
        X : array_like or SciPy sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        check_is_fitted(self)
        with naming_columns(X):
            X = validate_data(self, taken(X), accept_sparse="csr", dtype=np.float64, reset=False)
        raw = self._engine(X)
        return np.asarray(raw[:, 0] if self.coef_.ndim == 1 else raw)


# What all models of a path have in common, beside the parameters.
_SHARED = (
    "n_features_in_",
    "feature_names_in_",
    "elimination_order_",
    "constant_features_",
    "collinear_features_",
    "method_",
)


def _like(model: PrunedLinearRegression, is_flat: bool) -> Make:
    """Return what makes models of other sizes from the same search. It can be pickled, and holds no data."""
    shared = {
        name: value
        for name, value in vars(model).items()
        if name in _SHARED or not (name.endswith("_") or name == "_engine")
    }
    return functools.partial(_made, type(model), shared, is_flat)


def _made(
    cls: type[PrunedLinearRegression],
    shared: dict[str, Any],
    is_flat: bool,
    size: int,
    columns: Places,
    coef: Doubles,
    intercept: Doubles,
) -> PrunedLinearRegression:
    model = cls.__new__(cls)
    model.__dict__.update(shared, n_nonzero=size)
    model._set(columns, coef, intercept, is_flat, size)
    return model
