"""`prunus demo`."""

from __future__ import annotations

from dataclasses import asdict
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

    rows, curve = demonstration.run(output, progress=True)
    if as_json:
        models, points = [row._asdict() for row in rows], [asdict(point) for point in curve.points]
        print_json({"batches": demonstration.BATCHES, "models": models, "sweep": points, "output": str(output)})
        return
    header, *points_text = demonstration.curve_texts(curve)
    _print_table(
        "dense beside pruned",
        demonstration.HEADER,
        [demonstration.row_text(row) for row in rows],
        demonstration.CAPTION,
    )
    _print_table("a sweep", header, points_text, demonstration.CURVE_CAPTION)
    print(f"Models and reports are in {output}/")


def _print_table(title: str, header: list[str], rows: list[list[str]], caption: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(*header, title=title, caption=caption)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        table.add_row(*row)
    Console().print(table)
