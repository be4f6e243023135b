"""Choice of features by the exact rise of the least squares loss: a scikit-learn transformer."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.validation import check_is_fitted

from prunus._base import Bools
from prunus.data import naming_columns
from prunus.estimators.search import search, takes_outputs
from prunus.estimators.splitting import Splitting
from prunus.solving import SubsetSelection


class PruneSelector(SelectorMixin, Splitting):  # type: ignore[misc]
    """Choose the features of the best linear model, of a given size or of one that is chosen.

    It stands where RFE, RFECV, SequentialFeatureSelector or SelectFromModel with a linear model stood, and needs one
    factorization where those fit a model for every step.

    Parameters
    ----------
    n_features_to_select : "auto", int or float, default "auto"
        How many features (groups, where there are any): a number, a fraction of them (rounded down, but at least one), or what
        `select` says.
    min_features_to_select : int, default 1
        The smallest size (groups, where there are any) to choose with "auto", as in RFECV. 0: where none explains anything,
        none is chosen, and `transform` leaves nothing to the next step of a pipeline. Above their number: all, with a
        UserWarning.
    method, select, one_se, cv, groups, keep, alpha, fit_intercept, max_nonzero
        As in `PrunedLinearRegression`.

    Attributes
    ----------
    support_ : ndarray of shape (n_features,), bool
    n_features_ : int
        Features that are chosen.
    n_groups_ : int
        Groups that are chosen, the size that `n_features_to_select` and `max_nonzero` mean; without groups it is n_features_.
        What `keep` names counts also where it is left out as a combination of others.
    ranking_ : ndarray of shape (n_features,), int
        1 for what is chosen; from 2 on the others, the one that left the path last first. Those that were never on it come
        last, together.
    elimination_order_ : ndarray of int
        Features in the order in which they leave the path, from the largest model to the smallest; those that stay are not
        among them.
    cv_results_ : dict of str to ndarray
        One entry for each size, ascending; with n_features_to_select="auto" from min_features_to_select on. With select="cv"
        mean_test_score, std_test_score and, for fold i, split{i}_test_score, then n_features, as RFECV has them with
        scoring="neg_mean_squared_error": minus the mean squared error, that of several outputs their mean, with the mean and
        the standard deviation over the folds. RFECV's split{i}_ranking and split{i}_support are not there: folds keep their
        errors alone. Else n_features and, with select="loo", loo, the leave-one-out mean squared error. Then the information
        criteria, aic, aicc, bic, ebic, gic, cp: the smallest is best.
    optimality_, constant_features_, collinear_features_, method_
        As in `PrunedLinearRegression`.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Raises
    ------
    TypeError, ValueError
        By `fit`, if a parameter or the data are not as said.

    Notes
    -----
    Cost: that of `PrunedLinearRegression`; `transform` copies the chosen columns.

    References
    ----------
    B. Hassibi, D. Stork, "Second order derivatives for network pruning: optimal brain surgeon", 1993.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> selector = PruneSelector(n_features_to_select=3).fit(X, y)
    >>> selector.get_feature_names_out().tolist()
    ['bmi', 'bp', 's5']
    >>> selector.transform(X).shape
    (442, 3)
    """

    def __init__(
        self,
        n_features_to_select: str | int | float = "auto",
        *,
        min_features_to_select: int = 1,
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
        self.n_features_to_select = n_features_to_select
        self.min_features_to_select = min_features_to_select
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
        """Sparse X is taken as it is; y is needed, of one output or several, but for the lasso path."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.required = True
        tags.target_tags.multi_output = takes_outputs(self.method)
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, groups: Any = None, **params: Any) -> PruneSelector:
        """Choose the features.

        Parameters
        ----------
        X : array_like or SciPy sparse matrix of shape (n_samples, n_features)
        y : array_like of shape (n_samples,) or (n_samples, n_outputs)
            Numbers.
        sample_weight : array_like of shape (n_samples,), optional
        groups : array_like of shape (n_samples,), optional
            Labels of the samples for the splitter `cv`, as RFECV takes them. (Groups of features are the parameter of the
            constructor.)
        **params : dict
            Other metadata that the splitter asks for, where scikit-learn routes metadata.

        Returns
        -------
        PruneSelector
            Itself.
        """
        metadata = {"groups": groups, **params}
        found = search(self, "n_features_to_select", X, y, sample_weight, metadata)
        selection = found.selection
        self.support_ = np.zeros(self.n_features_in_, np.bool_)
        self.support_[selection.columns] = True
        if (
            not self.support_.any()
        ):  # all constant: a selector that leaves nothing would stop the pipeline that it is in
            self.support_[: found.least] = True
        self.n_features_ = int(self.support_.sum())
        self.n_groups_ = int(selection.path.sizes[selection.index])
        self.elimination_order_ = selection.elimination_order
        self.ranking_ = _ranking(self.support_, self.elimination_order_)
        self.cv_results_ = _results(selection, len(found.offset), found.least)
        self.optimality_, self.method_ = selection.optimality(selection.index), selection.method
        self.constant_features_, self.collinear_features_ = selection.constant, selection.collinear
        return self

    def transform(self, X: Any) -> Any:
        """Return the chosen columns.

        Parameters
        ----------
        X : array_like or SciPy sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray or SciPy sparse matrix of shape (n_samples, n_features_)
            A copy; a DataFrame after set_output(transform="pandas").
        """
        with naming_columns(X):
            return super().transform(X)

    def _get_support_mask(self) -> Bools:
        check_is_fitted(self)
        return self.support_


def _ranking(support: Bools, order: Any) -> Any:
    left = [feature for feature in order[::-1] if not support[feature]]
    ranking = np.full(len(support), len(left) + 2)
    ranking[left] = np.arange(2, len(left) + 2)
    ranking[support] = 1
    return ranking


def _results(selection: SubsetSelection, n_out: int, least: int) -> dict[str, Any]:
    """Return what chose, as scikit-learn has it: means over the outputs, and the deviations of a population."""
    # Where fewer can be told apart than are asked for, the largest fit is all there is to choose.
    first = min(int(np.searchsorted(selection.path.sizes, least)), selection.index)
    table = {name: values[first:] for name, values in selection.table.items()}
    scores = -selection.fold_errors[:, first:] / n_out
    found = {}
    if len(scores):
        found = {"mean_test_score": scores.mean(axis=0), "std_test_score": scores.std(axis=0)}
        found |= {f"split{i}_test_score": score for i, score in enumerate(scores)}
    found["n_features"] = table["n_nonzero"]
    if "loo" in table:
        found["loo"] = table["loo"] / n_out
    return found | {name: table[name] for name in ("aic", "aicc", "bic", "ebic", "gic", "cp")}
