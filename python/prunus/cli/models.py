"""Files of models: what `prunus.save` wrote, and pickles, which run code when they are read."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Annotated

import typer

from prunus.cli.errors import UsageError, naming
from prunus.convert import to_sklearn
from prunus.files import write_whole
from prunus.network import Network
from prunus.pruning import Pruned, as_network, load

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


def read(path: Path, *, trust_pickle: bool) -> Network | Pruned:
    """Return the model in a file. Without `trust_pickle` nothing in it is executed."""
    if not _is_pickle(path):
        return load(path)
    if not trust_pickle:
        raise UsageError(f"{path}: unpickling runs code from the file; --trust-pickle allows it")
    with naming(path):
        model = _unpickled(path)
        return model if isinstance(model, Pruned) else as_network(model)


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


def check_output_of(network: Network, path: Path) -> None:
    """Refuse to pickle a model that is not to be a scikit-learn estimator again."""
    if _is_pickle(path) and network.provenance.library != "sklearn":
        raise UsageError(
            f"--output: expected a .safetensors file for a model that did not come from scikit-learn, got {path}"
        )


def write(pruned: Pruned, path: Path) -> None:
    """Write the pruned model, whole or not at all: as a scikit-learn estimator where the file is to be a pickle."""
    if _is_pickle(path):
        write_whole(pickle.dumps(to_sklearn(pruned.network)), path)
    else:
        pruned.save(path)


def _is_pickle(path: Path) -> bool:
    return path.suffix.lower() in _PICKLES
