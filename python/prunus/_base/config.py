"""show_config(): what this installation is and does on this machine."""

from __future__ import annotations

from prunus import _core
from prunus._base.threads import resolve_threads


def show_config() -> dict[str, object]:
    """Print and return the version, the compiler, the CPU targets and the number of threads.

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        If PRUNUS_TARGET or PRUNUS_NUM_THREADS is set to what cannot be.

    Examples
    --------
    >>> config = prunus.show_config()
    version: ...
    >>> config["target"] in config["targets supported"]
    True
    """
    config: dict[str, object] = {
        "version": _core.version,
        "compiler": _core.compiler,
        "openmp": _core.openmp,
        "targets compiled": _core.compiled_targets(),
        "targets supported": _core.supported_targets(),
        "target": _core.active_target(),
        "instructions": _core.active_instructions(),
        "threads": resolve_threads(None),
    }
    for name, value in config.items():
        print(f"{name}: {', '.join(value) if isinstance(value, list) else value}")  # noqa: T201 - it is asked to print
    return config
