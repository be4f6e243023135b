"""as_network(): whatever the user holds becomes a Network. And save() and load() for both that we hold."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from prunus import convert, files
from prunus._base import check
from prunus.network import Network
from prunus.pruning.pruned import Pruned


def as_network(model: Any) -> Network:
    """Return the network of a model.

    Parameters
    ----------
    model : Network, Pruned, fitted scikit-learn estimator or Pipeline, or path of a .safetensors file
        Or anything that has a method ``__prunus_network__``, which returns its Network.

    Returns
    -------
    Network

    Raises
    ------
    TypeError
        If it is none of these.
    NotSupportedError
        If it has a part that a Network cannot represent; the message names the part.
    FormatError
        If the file is not what it should be.

    Examples
    --------
    >>> network = prunus.as_network(MLPClassifier().fit(X, y))
    """
    if isinstance(model, Network):
        return model
    if hasattr(model, "__prunus_network__") and not isinstance(model, type):
        made = model.__prunus_network__()
        if not isinstance(made, Network):
            raise check.error(
                TypeError, "model", f"expected a Network of its __prunus_network__, got {check.describe(made)}"
            )
        return made
    if isinstance(model, (str, os.PathLike)):
        return files.load(model).network
    if hasattr(model, "get_params") and hasattr(model, "fit"):
        return convert.from_sklearn(model)
    raise check.error(
        TypeError,
        "model",
        "expected a Network, a Pruned, a fitted scikit-learn estimator or the path of a .safetensors file, "
        f"got {check.describe(model)}; {check.MAKE_ONE}",
    )


def save(model: Network | Pruned, path: str | os.PathLike[str]) -> None:
    """Save a network or a pruned one to a .safetensors file, whole or not at all.

    Parameters
    ----------
    model : Network or Pruned
    path : path-like
        An existing file is replaced only when the new one is complete and on disk.

    Raises
    ------
    TypeError
        If the model is neither.
    OSError
        If the file cannot be written; an existing file is left as it was.

    Examples
    --------
    >>> prunus.save(network, "network.safetensors")
    """
    model = getattr(model, "pruned_", model)  # of an estimator that prunes what it fits
    if isinstance(model, Pruned):
        model.save(path)
    elif isinstance(model, Network):
        files.save(files.Contents(model), path)
    else:
        raise check.error(
            TypeError, "model", f"expected a Network or Pruned, got {check.describe(model)}; see prunus.as_network"
        )


def load(path: str | os.PathLike[str], *, front: Any = None) -> Network | Pruned:
    """Load what `save` saved.

    Parameters
    ----------
    path : path-like
    front : Pipeline, optional
        The steps before the model that the file does not hold: `Pruned.front`.

    Returns
    -------
    Network or Pruned
        Exactly what was saved, to the bit.

    Raises
    ------
    FormatError
        If the file is foreign, truncated, altered or of a newer format.
    TypeError
        If `front` is no fitted transformer, or is given for a network alone.
    OSError
        If it cannot be read.

    Examples
    --------
    >>> prunus.load("network.safetensors") == network
    True
    """
    network, masks, report, structure, encoding = files.load(Path(path))
    takes_front = masks is not None and encoding is None
    if front is not None and not (takes_front and hasattr(front, "transform") and hasattr(front, "steps")):
        expected = "Pruned.front, or pipeline[:-1]" if takes_front else "None for a file that has no place for it"
        raise check.error(TypeError, "front", f"expected {expected}, got {check.describe(front)}")
    if masks is None or report is None:
        return network
    return Pruned(network, masks, report, structure, front=encoding if front is None else front)
