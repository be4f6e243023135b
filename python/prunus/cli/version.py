"""`prunus --version`."""

from __future__ import annotations

from typing import Annotated

import typer

from prunus import __version__


def _print(asked: bool) -> None:
    if asked:
        print(f"prunus {__version__}")
        raise typer.Exit


def version(
    _asked: Annotated[
        bool, typer.Option("--version", callback=_print, is_eager=True, help="Print the version, and nothing else.")
    ] = False,
) -> None:
    """Prune regression models and multilayer perceptrons, and run what is left fast."""
