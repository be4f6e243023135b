"""The command line. Errors go to stderr in one line, with exit status 2 (usage) or 1 (failure)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated


def main() -> None:
    """Run the command line."""
    try:
        import typer
    except ModuleNotFoundError as error:
        sys.exit(f"prunus: the command line needs {error.name}: pip install 'prunus[cli]'")

    app = typer.Typer(
        help="Prune regression models and multilayer perceptrons, and run what is left fast.",
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.command()(demo)
    app.command()(info)
    app.callback()(_options)
    try:
        sys.exit(app(standalone_mode=False))
    except Exception as error:
        # Of the parser's errors we know by their exit status that they are, wherever Typer keeps their classes.
        message = error.format_message() if hasattr(error, "format_message") else str(error) or type(error).__name__
        status = getattr(error, "exit_code", 1)
        print(f"prunus: {' '.join(message.split())}", file=sys.stderr)  # noqa: T201
        sys.exit(status)


def _options() -> None:
    """Prune regression models and multilayer perceptrons, and run what is left fast."""


def demo(
    output: Annotated[Path | None, "Where to write the models and the reports."] = None,
) -> None:
    """Prune two models on scikit-learn's bundled data, and show dense beside pruned.

    Writes the pruned models and their reports into OUTPUT, ./prunus-demo by default.
    """
    try:
        from prunus import demo as demonstration
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"the demo needs {error.name}: pip install 'prunus[demo]'") from None

    folder = Path("prunus-demo") if output is None else output
    rows = demonstration.run(folder, progress=True)
    _print_table("dense beside pruned", demonstration.HEADER, [demonstration.row_text(row) for row in rows])
    print(f"Models and reports are in {folder}/")  # noqa: T201


def info(model: Path) -> None:
    """Say what a saved model is: its layers, how its engine runs them, and its report if it was pruned."""
    from prunus.engine import Engine
    from prunus.interop import load
    from prunus.pruned import Pruned

    loaded = load(model)
    network = loaded.network if isinstance(loaded, Pruned) else loaded
    print(f"{network}\n\n{Engine(network).plan}")  # noqa: T201
    if isinstance(loaded, Pruned):
        print(f"\n{loaded.report}")  # noqa: T201


def _print_table(title: str, header: list[str], rows: list[list[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(*header, title=title)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        table.add_row(*row)
    # Outside a terminal Rich assumes 80 columns and would cut the table.
    console = Console()
    Console(width=None if console.is_terminal else 160).print(table)
