"""`prunus demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from prunus.cli.output import AsJson, print_json


def demo(
    output: Annotated[Path, typer.Option(help="Where to write the models and the reports.")] = Path("prunus-demo"),
    as_json: AsJson = False,
) -> None:
    """Prune two models on scikit-learn's bundled data, and show dense beside pruned.

    Writes the pruned models and their reports into a folder.
    """
    try:
        from prunus.cli import demonstration
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"the demo needs {error.name}: pip install 'prunus[demo]'") from None

    rows = demonstration.run(output, progress=True)
    if as_json:
        models = [row._asdict() for row in rows]
        print_json({"batches": demonstration.BATCHES, "models": models, "output": str(output)})
        return
    _print_table(demonstration.HEADER, [demonstration.row_text(row) for row in rows], demonstration.CAPTION)
    print(f"Models and reports are in {output}/")


def _print_table(header: list[str], rows: list[list[str]], caption: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(*header, title="dense beside pruned", caption=caption)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        table.add_row(*row)
    Console().print(table)
