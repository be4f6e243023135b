"""Linear models and a perceptron on tf-idf of TREC's questions, pruned at once, by ten folds of the training questions."""

from __future__ import annotations

import csv
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.model_selection import StratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.svm import LinearSVC

import prunus
from bench.report import markdown

_FILE = "trec_train.tsv"
_MODELS = {
    "LogisticRegression(C=10)": LogisticRegression(C=10, max_iter=1000),
    "LinearSVC()": LinearSVC(),
    "RidgeClassifier()": RidgeClassifier(),
    "MLPClassifier((100,))": MLPClassifier((100,), max_iter=20, random_state=0),
}
_METHODS: dict[str, dict[str, Any]] = {
    "`magnitude`": {"criterion": "magnitude"},
    "`auto`, X": {},
    "`auto`, X and y": {},
}
_SPARSITIES = (0.8, 0.9, 0.95, 0.98)


def is_there() -> bool:
    """Whether the data are."""
    return _path().is_file()


def report(n_folds: int) -> str:
    """Return the accuracies of each model, and by how many points they fall, the means over the folds."""
    with _path().open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    text, labels = [row["text"] for row in rows], np.array([row["coarse"] for row in rows])
    folds = list(StratifiedKFold(10, shuffle=True, random_state=0).split(text, labels))[:n_folds]
    body = []
    for name, model in _MODELS.items():
        found = np.array([_fold(model, text, labels, *fold) for fold in folds])
        accuracy = f"{100 * found[:, 0, 0].mean():.2f} %"
        for method, falls in zip(_METHODS, 100 * (found[:, 0, :1] - found[:, 1:].transpose(1, 0, 2)), strict=True):
            cells = [f"{fall.mean():.2f} ± {fall.std(ddof=1) / np.sqrt(len(fall)):.2f}" for fall in falls.T]
            body.append([name, accuracy, method, *cells])
            print(f"trec: {body[-1]}", flush=True)
    facts = (
        f"Six kinds of questions, tf-idf of their words (some 7900 columns), {len(folds)} of ten folds of the training "
        "questions; points by which the accuracy falls, the mean ± its standard error."
    )
    header = ["model", "accuracy", "method", *(f"{sparsity:.0%}" for sparsity in _SPARSITIES)]
    return f"## trec\n\n{facts}\n\n{markdown(header, body)}"


def _path() -> Path:
    return Path(os.environ.get("PRUNUS_DATA", ".")) / _FILE


def _fold(model: Any, text: list[str], labels: Any, train: Any, test: Any) -> list[list[float]]:
    """Return the accuracy of the model, then those of each method, on the fold that was left out."""
    vectorizer = TfidfVectorizer(sublinear_tf=True)
    X, y = vectorizer.fit_transform([text[i] for i in train]), labels[train]
    X_test, y_test = vectorizer.transform([text[i] for i in test]), labels[test]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # twenty epochs do
        fitted = model.fit(X, y)
    found = [[float(fitted.score(X_test, y_test))] * len(_SPARSITIES)]
    for name, options in _METHODS.items():
        given = None if name == "`auto`, X" else y
        found.append(
            [
                prunus.prune(fitted, X, given, sparsity=sparsity, **options).score(X_test, y_test)
                for sparsity in _SPARSITIES
            ]
        )
    return found
