"""Data for the command line: every format, which column is y, and what is refused."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import prunus
from conftest import Result

NAMES = ["a", "b", "c"]
WORDS = np.array(["NA", "007", "yes"])


class Case(NamedTuple):
    """A network of three inputs and three classes, with data for it."""

    network: prunus.Network
    X: npt.NDArray[Any]
    y: npt.NDArray[Any]


def make_case(classes: Any, **parts: Any) -> Case:
    rng = np.random.default_rng(0)
    layers = [
        prunus.Layer(rng.standard_normal((5, 3)), rng.standard_normal(5), "tanh"),
        prunus.Layer(rng.standard_normal((3, 5))),
    ]
    network = prunus.Network(layers, classes=classes, **(parts or {"output": "softmax"}))
    X = rng.standard_normal((40, 3)).round(3)  # few digits, which every version of pandas reads exactly
    y = network.predict(X)
    return Case(network, X, y.round(1) if classes is None else y)


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    """Numbers for classes; its network is in network.safetensors, and so it is with `words`."""
    return in_folder(make_case([0, 1, 2]), tmp_path, monkeypatch)


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    """Strings for classes, which a reader of tables may take for other things."""
    return in_folder(make_case(WORDS), tmp_path, monkeypatch)


def in_folder(case: Case, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    monkeypatch.chdir(folder)
    prunus.save(case.network, "network.safetensors")
    return case


@pytest.fixture
def prune(command: Callable[..., Result]) -> Callable[..., Result]:
    return functools.partial(command, "prune", "network.safetensors", "-o", "pruned.safetensors", "--sparsity", "0.5")


def pruned_like(case: Case, X: Any, y: Any, **options: Any) -> prunus.Pruned:
    """Return what was saved, after comparing it with what Python gives for the same arguments."""
    pruned, expected = prunus.load("pruned.safetensors"), prunus.prune(case.network, X, y, sparsity=0.5, **options)
    assert isinstance(pruned, prunus.Pruned)
    assert all(np.array_equal(a, b) for a, b in zip(pruned.masks, expected.masks, strict=True))
    assert pruned.network == expected.network
    for key in ("feature_names", "loss", "score", "layers"):
        assert pruned.report[key] == expected.report[key], key
    return pruned


SALIENCY = ("--criterion", "saliency")


def frame(case: Case) -> pd.DataFrame:
    return pd.DataFrame(case.X, columns=NAMES).assign(y=case.y)


def test_npz(case: Case, prune: Callable[..., Result]) -> None:
    weight = np.arange(40.0)
    np.savez("data.npz", X=case.X, y=case.y, sample_weight=weight)
    assert prune("--data", "data.npz", *SALIENCY).status == 0
    pruned_like(case, case.X, case.y, criterion="saliency", sample_weight=weight)
    np.savez("X.npz", X=case.X)
    assert prune("--data", "X.npz", "--criterion", "wanda").status == 0
    pruned_like(case, case.X, None, criterion="wanda")


def test_npy(case: Case, prune: Callable[..., Result]) -> None:
    np.save("data.npy", np.column_stack([case.X, case.y]))
    assert prune("--data", "data.npy", *SALIENCY).status == 0
    assert pruned_like(case, case.X, case.y, criterion="saliency").report["feature_names"] is None
    np.save("first.npy", np.asfortranarray(np.column_stack([case.y, case.X])))
    assert prune("--data", "first.npy", *SALIENCY, "--target", "0").status == 0
    pruned_like(case, case.X, case.y, criterion="saliency")
    np.save("X.npy", case.X)
    assert prune("--data", "X.npy", "--criterion", "wanda").status == 0
    pruned_like(case, case.X, None, criterion="wanda")


def test_npy_is_mapped(case: Case) -> None:
    from prunus.cli import tables

    np.save("X.npy", case.X)
    np.save("data.npy", np.column_stack([case.X, case.y]))
    for name in ("X.npy", "data.npy"):
        X = tables.read("--data", Path(name), tables.Takes(case.network, case.network.n_in), []).X
        assert isinstance(X, np.memmap)
        assert not X.flags.writeable


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_tables(suffix: str, case: Case, prune: Callable[..., Result]) -> None:
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    table = frame(case)
    write(table, f"last.{suffix}")
    write(table[["a", "y", "b", "c"]], f"second.{suffix}")
    write(table.astype({"y": float}), f"floats.{suffix}")
    write(table[NAMES], f"X.{suffix}")
    for options in (
        [f"last.{suffix}"],
        [f"floats.{suffix}"],
        [f"last.{suffix}", "--target", "y"],
        [f"second.{suffix}", "--target", "y"],
        [f"second.{suffix}", "--target", "1"],
        [f"second.{suffix}", "--target", "-3"],
    ):
        assert prune("--data", *options, *SALIENCY).status == 0
        pruned = pruned_like(case, table[NAMES], case.y, criterion="saliency")
        assert pruned.report["feature_names"] == NAMES
    assert prune("--data", f"X.{suffix}", "--criterion", "wanda").status == 0
    assert pruned_like(case, table[NAMES], None, criterion="wanda").report["feature_names"] == NAMES


def write(table: pd.DataFrame, path: str) -> None:
    if path.endswith(".csv"):
        table.to_csv(path, index=False)
    else:
        table.to_parquet(path)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_labels_that_are_strings(suffix: str, words: Case, prune: Callable[..., Result]) -> None:
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    write(frame(words), f"data.{suffix}")
    assert prune("--data", f"data.{suffix}", *SALIENCY).status == 0
    pruned_like(words, frame(words)[NAMES], words.y, criterion="saliency")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_labels_that_are_digits_in_strings(
    suffix: str, prune: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    case = in_folder(make_case(["0", "1", "2"]), tmp_path, monkeypatch)
    write(frame(case).astype({"y": int}), f"data.{suffix}")
    assert prune("--data", f"data.{suffix}", *SALIENCY).status == 0
    pruned_like(case, frame(case)[NAMES], case.y, criterion="saliency")


def test_several_targets(prune: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A regression of several outputs has as many last columns for y, or as many targets."""
    case = in_folder(make_case(None, output="identity"), tmp_path, monkeypatch)
    table = pd.DataFrame(np.column_stack([case.X, case.y]), columns=[*NAMES, "u", "v", "w"])
    table.to_csv("data.csv", index=False)
    table[["u", *NAMES, "w", "v"]].to_csv("mixed.csv", index=False)
    targets = [part for name in "uvw" for part in ("--target", name)]
    for options in (["data.csv"], ["mixed.csv", *targets]):
        assert prune("--data", *options, *SALIENCY).status == 0
        pruned_like(case, table[NAMES], case.y, criterion="saliency")


def test_columns_of_bools(case: Case, prune: Callable[..., Result]) -> None:
    table = frame(case).assign(b=case.X[:, 1] > 0)
    table.to_csv("data.csv", index=False)
    assert prune("--data", "data.csv", *SALIENCY).status == 0
    pruned_like(case, table[NAMES].astype(float), case.y, criterion="saliency")


def test_columns_that_are_numbered(case: Case, prune: Callable[..., Result]) -> None:
    """As a DataFrame numbers them, wherever y stands; a first row of numbers is a header only then."""
    table = frame(case)
    for names, options in (
        (["0", "1", "2", "y"], []),
        (["1", "2", "3", "4"], []),
        (["0", "2", "3", "1"], ["--target", "1"]),
    ):
        table.set_axis(names, axis=1).to_csv("data.csv", index=False)
        assert prune("--data", "data.csv", *SALIENCY, *options).errors == ""
        pruned_like(case, table[NAMES].set_axis(names[:3], axis=1), case.y, criterion="saliency")


def test_parquet_with_a_gap(case: Case, prune: Callable[..., Result]) -> None:
    pytest.importorskip("pyarrow")
    table = frame(case)
    table.loc[4, "c"] = np.nan
    table.to_parquet("data.parquet")
    result = prune("--data", "data.parquet", *SALIENCY)
    assert re.fullmatch(r"prunus: data.parquet: .* missing value in column 'c', row 5\n", result.errors)


def test_validation(case: Case, prune: Callable[..., Result]) -> None:
    np.savez("data.npz", X=case.X[:30], y=case.y[:30])
    frame(case)[30:].to_csv("validation.csv", index=False)
    assert prune("--data", "data.npz", "--validation", "validation.csv", *SALIENCY).status == 0
    X_val = frame(case)[NAMES][30:]
    pruned = pruned_like(case, case.X[:30], case.y[:30], criterion="saliency", X_val=X_val, y_val=case.y[30:])
    assert pruned.report["loss"]["data"] == "validation"


def lines(*rows: str) -> Callable[[Path], Any]:
    return lambda path: path.write_text("".join(f"{row}\n" for row in rows))


def nothing(path: Path) -> None:
    pass


def raw(content: bytes) -> Callable[[Path], Any]:
    return lambda path: path.write_bytes(content)


def npz(**arrays: Any) -> Callable[[Path], Any]:
    return lambda path: np.savez(path, **arrays)


def npy(array: Any) -> Callable[[Path], Any]:
    return lambda path: np.save(path, array, allow_pickle=True)


ONES, LABELS = np.ones((2, 3)), np.zeros(2)
HEADER = "a,b,c,y"

WRONG: dict[str, tuple[str, Callable[[Path], Any], tuple[str, ...], int, str]] = {
    # name of the file, what writes it, options, exit status, message
    "missing csv": ("missing.csv", nothing, (), 1, "missing.csv"),
    "missing npy": ("missing.npy", nothing, (), 1, "missing.npy"),
    "missing npz": ("missing.npz", nothing, (), 1, "No such file.*missing.npz"),
    "folder": ("folder.csv", lambda path: path.mkdir(), (), 1, "directory.*folder.csv"),
    "suffix": ("x.txt", lines("1"), (), 2, "--data: expected a file .csv, .npy, .npz, .parquet, got x.txt"),
    "npz without X": ("x.npz", npz(x=ONES, y=LABELS), (), 1, "x.npz: expected an array X, got x, y"),
    "npz without y": ("x.npz", npz(X=ONES), (), 1, "x.npz: y: expected data"),
    "npz of objects": ("x.npz", npz(X=np.array([[None]]), y=LABELS), (), 1, "x.npz: .*allow_pickle=False"),
    "npz of another width": ("x.npz", npz(X=ONES[:, :2], y=LABELS), (), 1, "x.npz: X: expected 3 columns"),
    "npz with few labels": ("x.npz", npz(X=ONES, y=LABELS[:1]), (), 1, "x.npz: y: expected 2 entries"),
    "npz with other labels": ("x.npz", npz(X=ONES, y=LABELS + 7), (), 1, r"x.npz: y: expected labels among .*\[7.0\]"),
    "npz with weights": ("x.npz", npz(X=ONES, y=LABELS, sample_weight=-LABELS), (), 1, "x.npz: sample_weight: expected"),
    "npz damaged": ("x.npz", raw(b"damaged"), (), 1, "x.npz: expected a .npz archive"),
    "npz empty": ("x.npz", raw(b""), (), 1, "x.npz: expected a .npz archive"),
    "npy damaged": ("x.npy", raw(b"damaged"), (), 1, "x.npy: "),
    "npy empty": ("x.npy", raw(b""), (), 1, "x.npy: "),
    "npy of objects": ("x.npy", npy(np.array([[None]])), (), 1, "x.npy: .*Python objects"),
    "npy of one dimension": ("x.npy", npy(np.ones(3)), (), 1, r"x.npy: expected 2 dimensions, got .*\(3,\)"),
    "npy without rows": ("x.npy", npy(ONES[:0]), (), 1, "x.npy: "),
    "npy too wide": ("x.npy", npy(np.ones((2, 5))), (), 1, "x.npy: expected 3 columns, or 4 with y, got 5"),
    "npy by name": ("x.npy", npy(np.ones((2, 4))), ("--target", "y"), 2, "--target: .*x.npy .*got 'y'"),
    "csv without rows": ("x.csv", lines(HEADER), (), 1, "x.csv: expected at least one row"),
    "csv empty": ("x.csv", raw(b""), (), 1, "x.csv: "),
    "csv of bytes": ("x.csv", raw(b"a,b,c,y\n\xff,1,2,3\n"), (), 1, "x.csv: "),
    "csv too narrow": ("x.csv", lines("a", "1"), (), 1, "x.csv: expected 3 columns, or 4 with y, got 1"),
    "csv with semicolons": (
        "x.csv", lines("a;b;c;y", "1;2;3;0"), (), 1, "x.csv: expected a comma .*, got semicolons; .*sep=';'.*",
    ),
    "csv with tabs": ("x.csv", lines("a\tb\tc\ty", "1\t2\t3\t0"), (), 1, "x.csv: expected a comma .*, got tabs; .*"),
    "csv without a header": (
        "x.csv", lines("1.5,2,2,0", "1,2,3,1"), (), 1, "x.csv: expected names of columns .*, got numbers: 1.5, 2, 2",
    ),
    "csv without a header, y first": (
        "x.csv", lines("no,1,3,2", "yes,2,3,1"), ("--target", "no"), 1, "x.csv: expected names of columns .*: 1, 3, 2",
    ),
    "csv without a header, y by name": (
        "x.csv", lines("1.5,2,2,0", "1,2,3,1"), ("--target", "label"), 1, "x.csv: expected names of columns .*: 1.5, 2, 2",
    ),
    "csv with long rows": ("x.csv", lines(HEADER, "1,2,3,0,9", "1,2,3,0,9"), (), 1, "x.csv: "),
    "csv with short rows": ("x.csv", lines(HEADER, "1,2,3,0", "1,2"), (), 1, "x.csv: .*missing value in column 'c', row 2"),
    "csv with words": ("x.csv", lines(HEADER, "1,2,red,0"), (), 1, "x.csv: expected columns of numbers, got 'c'"),
    "csv with gaps": (
        "x.csv", lines(HEADER, "1,2,3,0", "1,,2,0"), (), 1, "x.csv: expected .* missing value in column 'b', row 2",
    ),
    "csv with a gap in y": ("x.csv", lines(HEADER, "1,2,3,"), (), 1, "x.csv: .* missing value in column 'y', row 1"),
    "csv with infinity": ("x.csv", lines(HEADER, "1,inf,2,0"), (), 1, "x.csv: X: expected finite numbers .*infinity"),
    "csv with other labels": ("x.csv", lines(HEADER, "1,2,3,4"), (), 1, "x.csv: y: expected labels among"),
    "csv with named labels": ("x.csv", lines(HEADER, "1,2,3,no"), (), 1, "x.csv: y: expected labels like the classes"),
    "csv without the target": (
        "x.csv", lines(HEADER, "1,2,3,0"), ("--target", "z"), 2, "--target: expected a column of x.csv .*'a'.* got 'z'",
    ),
    "csv without that many": ("x.csv", lines(HEADER, "1,2,3,0"), ("--target", "4"), 2, "--target: .* got '4'"),
    "csv of another width": (
        "x.csv", lines("a,b,y", "1,2,0"), ("--target", "y"), 1, "x.csv: expected 3 columns beside y, got 2",
    ),
    "target of an npz": ("x.npz", npz(X=ONES, y=LABELS), ("--target", "y"), 2, "--target: expected a table"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_files(name: str, case: Case, prune: Callable[..., Result]) -> None:
    file, written, options, status, message = WRONG[name]
    written(Path(file))
    result = prune("--data", file, *SALIENCY, *options)
    assert (result.status, result.output) == (status, "")
    assert re.fullmatch(rf"prunus: .*{message}.*\n", result.errors), result.errors
    assert not Path("pruned.safetensors").exists()


def test_wrong_validation(case: Case, prune: Callable[..., Result]) -> None:
    np.savez("data.npz", X=case.X, y=case.y)
    np.savez("validation.npz", X=case.X)
    result = prune("--data", "data.npz", "--validation", "validation.npz")
    assert (result.status, result.errors) == (
        1,
        "prunus: validation.npz: y_val: expected data beside X_val, got None\n",
    )


@pytest.mark.parametrize(("missing", "file"), [("pandas", "x.csv"), ("pandas", "x.parquet"), ("pyarrow", "x.parquet")])
def test_missing_extra_is_named(
    missing: str, file: str, case: Case, prune: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    Path(file).write_bytes(b"PAR1")
    result = prune("--data", file)
    assert result.status == 1
    assert re.fullmatch(rf"prunus: {file}: .*{missing}.* pip install 'prunus\[data\]'\n", result.errors)


@pytest.fixture
def flats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """A table with words and gaps in flats.csv, and a pipeline that takes it in flats.joblib."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    rooms = rng.integers(1, 6, 80).astype(float)
    table = pd.DataFrame({"rooms": rooms, "town": rng.choice(["Ulm", "NA", "Bonn"], 80)})
    table["let"] = np.where(rooms + (table["town"] == "Ulm") > 3, "yes", "no")
    table.loc[::7, "rooms"] = np.nan
    columns = make_column_transformer((SimpleImputer(), ["rooms"]), (OneHotEncoder(handle_unknown="ignore"), ["town"]))
    known = table.assign(town=table["town"].replace("NA", np.nan))  # as a reader of tables takes it
    joblib.dump(
        make_pipeline(columns, LogisticRegression()).fit(known[["rooms", "town"]], table["let"]), "flats.joblib"
    )
    table.to_csv("flats.csv", index=False)
    return known


def test_a_pipeline_that_takes_a_table(flats: pd.DataFrame, command: Callable[..., Result]) -> None:
    asked = ("flats.joblib", "--trust-pickle", "--data", "flats.csv", "--sparsity", "0.25")
    assert command("prune", *asked, "-o", "out.safetensors").status == 0
    pipeline, X, y = joblib.load("flats.joblib"), flats[["rooms", "town"]], flats["let"]
    pruned, expected = prunus.load("out.safetensors"), prunus.prune(pipeline, X, y, sparsity=0.25)
    assert isinstance(pruned, prunus.Pruned)
    assert np.array_equal(pruned.predict_proba(X), expected.predict_proba(X))
    assert pruned.report["score"] == expected.report["score"]
    assert "a table of 2 columns, encoded in 4" in command("info", "out.safetensors").output
    assert command("prune", *asked, "-o", "out.joblib").status == 0
    assert np.array_equal(joblib.load("out.joblib").predict(X), expected.predict(X))
    assert command("prune", *asked, "-o", "out.safetensors", "--target", "let").status == 0
    failed = command("prune", *asked, "-o", "out.safetensors", "--target", "rooms")
    assert failed.status == 1
    assert "no" in failed.errors


@pytest.mark.parametrize("classes", [[0, 1], ["no", "yes"]])
def test_words_are_what_the_model_knows(
    classes: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Callable[..., Result]
) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"zip": rng.choice(["007", "010", "123"], 90), "level": rng.choice(["None", "NA", "high"], 90)})
    y = np.array(classes)[((X["zip"] == "007") | (X["level"] == "None")).to_numpy().astype(int)]
    pipeline = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression(C=100)).fit(X, y)
    joblib.dump(pipeline, "model.joblib")
    X.assign(y=y).to_csv("data.csv", index=False)
    asked = ("model.joblib", "--trust-pickle", "--data", "data.csv", "--sparsity", "0.1")
    assert command("prune", *asked, "-o", "out.safetensors").status == 0
    pruned = prunus.load("out.safetensors")
    assert isinstance(pruned, prunus.Pruned)
    assert pruned.report["score"]["before"] == pipeline.score(X, y) > 0.95
    failed = command("prune", "out.safetensors", "--data", "data.csv", "--sparsity", "0.2", "-o", "out.joblib")
    assert failed.status == 2
    assert "whose pipeline is not there" in failed.errors


def test_a_pipeline_that_takes_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Callable[..., Result]
) -> None:
    monkeypatch.chdir(tmp_path)
    texts, y = ["red rose", "blue sea", "red leaf", "blue wave"] * 5, ["plant", "water"] * 10
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, y)
    joblib.dump(pipeline, "texts.joblib")
    pd.DataFrame({"text": texts, "kind": y}).to_csv("texts.csv", index=False)
    asked = ("texts.joblib", "--trust-pickle", "--data", "texts.csv", "--sparsity", "0.5")
    assert command("prune", *asked, "-o", "out.joblib").status == 0
    assert joblib.load("out.joblib").predict(texts).tolist() == y
    failed = command("prune", *asked, "-o", "out.safetensors")
    assert failed.status == 2
    assert "--output: expected a pickle for a pipeline with 'tfidfvectorizer' (TfidfVectorizer)" in failed.errors
