"""Files of models: what `prunus.save` wrote, and pickles, which run code when they are read."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from prunus.cli.errors import UsageError, naming
from prunus.cli.tables import Takes
from prunus.convert import to_sklearn
from prunus.data import Encoding
from prunus.files import write_whole
from prunus.network import Network
from prunus.pruning import Pruned, apart, as_network, described, load

_PICKLES = (".pkl", ".pickle", ".joblib")

ModelFile = Annotated[
    Path,
    typer.Argument(
        metavar="MODEL",
        help="A .safetensors file, or a pickled scikit-learn model (.pkl, .pickle, .joblib) with --trust-pickle.",
        show_default=False,
    ),
]
TrustPickle = Annotated[
    bool, typer.Option("--trust-pickle", help="Read a pickled model. Unpickling runs code from the file.")
]


class Loaded(NamedTuple):
    """A model, its network, and what stands before that."""

    model: Any
    network: Network
    front: Any  # an Encoding, a Pipeline, or None

    @property
    def takes(self) -> Takes:
        """What its data are; one column of texts, where the steps before it do not tell."""
        if self.front is None:
            return Takes(self.network, self.network.n_in)
        n_columns = getattr(self.front, "n_columns", getattr(self.front, "n_features_in_", None))
        known: dict[int, list[str]] = {}
        if isinstance(self.front, Encoding):
            for lookup in self.front.lookups:
                values = [value for value in lookup.entries if value is not None]
                if values and all(isinstance(value, str) for value in values):
                    known[lookup.column] = [*known.get(lookup.column, []), *values]
        return Takes(self.network, n_columns or 1, known, words=True, is_flat=n_columns is None)


def read(path: Path, *, trust_pickle: bool) -> Loaded:
    """Return the model in a file. Without `trust_pickle` nothing in it is executed."""
    model = _model(path, trust_pickle)
    with naming(path):
        front, behind = apart(model)
        return Loaded(behind if isinstance(behind, Pruned) else model, as_network(behind), front)


def _model(path: Path, trust_pickle: bool) -> Any:
    if not _is_pickle(path):
        return load(path)
    if not trust_pickle:
        raise UsageError(f"{path}: unpickling runs code from the file; --trust-pickle allows it")
    with naming(path):
        return _unpickled(path)


def _unpickled(path: Path) -> object:
    """Return what joblib, or pickle alone, has dumped; joblib comes with scikit-learn."""
    try:
        import joblib
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"reading it needs {error.name}: pip install 'prunus[sklearn]'") from None
    try:
        return joblib.load(path)
    except (OSError, ImportError, MemoryError):
        raise
    except Exception as error:  # garbage makes the unpickler raise anything
        what = f"{type(error).__name__}: {error}"
        raise ValueError(f"expected a pickle, got a file that cannot be unpickled ({what})") from error


def check_output(path: Path) -> None:
    """Refuse a place that the pruned model cannot be written to, before the work is done."""
    if path.suffix.lower() != ".safetensors" and not _is_pickle(path):
        raise UsageError(f"--output: expected a .safetensors file, got {path}")
    if path.is_dir() or not path.parent.is_dir():
        raise UsageError(f"--output: expected a file in a folder that exists, got {path}")


def check_output_of(loaded: Loaded, path: Path) -> None:
    """Refuse to pickle a model that is not to be a scikit-learn estimator again, or to save what no file holds."""
    if _is_pickle(path) and loaded.network.provenance.library != "sklearn":
        raise UsageError(
            f"--output: expected a .safetensors file for a model that did not come from scikit-learn, got {path}"
        )
    if _is_pickle(path) and isinstance(loaded.front, Encoding) and loaded.front.source is None:
        raise UsageError(f"--output: expected a .safetensors file for a model whose pipeline is not there, got {path}")
    if not _is_pickle(path) and not isinstance(loaded.front, Encoding | None):
        raise UsageError(f"--output: expected a pickle for a pipeline with {described(loaded.front)}, got {path}")


def write(pruned: Pruned, path: Path) -> None:
    """Write the pruned model, whole or not at all: as a scikit-learn estimator where the file is to be a pickle."""
    if _is_pickle(path):
        write_whole(pickle.dumps(to_sklearn(pruned)), path)
    else:
        pruned.save(path)


def _is_pickle(path: Path) -> bool:
    return path.suffix.lower() in _PICKLES
