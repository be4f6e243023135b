"""The one door to SciPy, which is loaded when something of it is asked for: `import prunus` goes without."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_MODULES = {
    "coo_array": "scipy.sparse",
    "csr_array": "scipy.sparse",
    "dpotrf": "scipy.linalg.lapack",
    "dpotri": "scipy.linalg.lapack",
    "dpstrf": "scipy.linalg.lapack",
    "dsyr2": "scipy.linalg.blas",
    "dsyrk": "scipy.linalg.blas",
    "dtrmm": "scipy.linalg.blas",
    "dtrsm": "scipy.linalg.blas",
    "dtrtri": "scipy.linalg.lapack",
    "gammaln": "scipy.special",
    "lstsq": "scipy.linalg",
    "qr": "scipy.linalg",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value  # so that it is looked for once
    return value
