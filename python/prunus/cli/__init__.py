"""The command line: one file for each command. Errors go to stderr in one line, with exit status 2 (usage) or 1 (failure)."""

from __future__ import annotations

import sys
import warnings
from typing import Any


def main() -> None:
    """Run the command line."""
    try:
        import typer

        # The commands name their options in Typer's words, so they come after it.
        from prunus.cli.demo import demo
        from prunus.cli.info import info
        from prunus.cli.prune import prune
        from prunus.cli.version import version
    except ModuleNotFoundError as error:
        sys.exit(f"prunus: the command line needs {error.name}: pip install 'prunus[cli]'")

    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.callback()(version)
    for command in (prune, info, demo):
        app.command()(command)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            sys.exit(app(prog_name="prunus", standalone_mode=False))
    except Exception as error:
        # Of usage errors, ours and the parser's, we know by their exit status that they are, wherever Typer keeps its classes.
        message = error.format_message() if hasattr(error, "format_message") else str(error) or type(error).__name__
        _say(message)
        sys.exit(getattr(error, "exit_code", 1))


def _show_warning(message: Warning | str, *_where: Any, **_more: Any) -> None:
    _say(f"warning: {message}")


def _say(message: str) -> None:
    print(f"prunus: {' '.join(message.split())}", file=sys.stderr)
