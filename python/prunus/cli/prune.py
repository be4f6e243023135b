"""`prunus prune`."""

from __future__ import annotations

import inspect
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any

import typer

from prunus import compensating, masking, pruning, scheduling, scoring
from prunus.cli import models, tables
from prunus.cli.errors import UsageError
from prunus.cli.models import ModelFile, TrustPickle
from prunus.cli.output import AsJson, print_json

_FORMATS = ".npz with X, y and sample_weight; .npy, .csv (with a header) or .parquet with y as its last column."
# The option that an argument of prunus.prune comes from, where it has another name.
_FILES = {"X": "data", "y": "data", "sample_weight": "data", "X_val": "validation", "y_val": "validation"}

_KEYWORDS = {
    name
    for name, argument in inspect.signature(pruning.prune).parameters.items()
    if argument.kind is argument.KEYWORD_ONLY
}


def _numbers(text: str) -> list[int]:
    try:
        return [int(number) for number in text.split(",")]
    except ValueError:
        raise UsageError(f"--layers: expected numbers such as 0,2, got {text!r}") from None


def _names(registry: Collection[str]) -> str:
    return ", ".join(sorted(registry))


def prune(
    context: typer.Context,
    model: ModelFile,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Where to write: .safetensors; .pkl, .pickle or .joblib for scikit-learn."),
    ],
    data: Annotated[Path | None, typer.Option(help=f"X and y: {_FORMATS}")] = None,
    validation: Annotated[
        Path | None, typer.Option(help="Data for the loss and the score in the report, in the same formats.")
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME_OR_NUMBER", help="Column of y in a table. Give it once for each, where there are several."
        ),
    ] = None,
    # From here to --trust-pickle: named as prunus.prune names its arguments, which is all that passes them on.
    sparsity: Annotated[float | None, typer.Option(min=0, max=1, help="Fraction of the units to remove.")] = None,
    threshold: Annotated[float | None, typer.Option(help="Remove what scores below it.")] = None,
    max_accuracy_drop: Annotated[
        float | None,
        typer.Option(min=0, help="As sparse as the score may fall by that, 0.005 say, with a standard error."),
    ] = None,
    max_bytes: Annotated[
        int | None, typer.Option(min=1, help="As sparse as the file must be for so many bytes.")
    ] = None,
    max_latency_us: Annotated[
        float | None, typer.Option(min=0, help="As sparse as a call must be for so many microseconds.")
    ] = None,
    criterion: Annotated[
        str | None, typer.Option(help=f"What units are scored by: auto, {_names(scoring.criteria())}.")
    ] = None,
    pattern: Annotated[
        str | None, typer.Option(help=f"What is removed: {_names(masking.patterns())} (2:4, block:4x1).")
    ] = None,
    allocation: Annotated[
        str | None, typer.Option(help=f"How layers share what is removed: auto, {_names(masking.allocations())}.")
    ] = None,
    schedule: Annotated[str | None, typer.Option(help=f"In how many rounds: {_names(scheduling.schedules())}.")] = None,
    compensate: Annotated[
        str | None, typer.Option(help=f"New values for what is left: auto, {_names(compensating.compensations())}.")
    ] = None,
    refine: Annotated[
        int | None, typer.Option(min=1, metavar="STEPS", help="Refine what is left in so many steps; X alone will do.")
    ] = None,
    layers: Annotated[
        Any, typer.Option(parser=_numbers, metavar="0,2", help="Indices of the layers to prune; all without it.")
    ] = None,
    max_layer_sparsity: Annotated[
        float | None, typer.Option(min=0, max=1, help="No layer loses a larger fraction of its units.")
    ] = None,
    class_weight: Annotated[
        str | None, typer.Option(metavar="balanced", help="Let every class weigh the same, whatever its samples.")
    ] = None,
    fine_tune: Annotated[
        int | None, typer.Option(min=1, metavar="EPOCHS", help="Train what is left for so many epochs.")
    ] = None,
    scoring: Annotated[
        str | None, typer.Option(help="The score: a name of scikit-learn's; accuracy or r2 without it.")
    ] = None,
    control: Annotated[
        bool, typer.Option("--control", help="Train the unpruned model equally long, too, and report its score.")
    ] = False,
    latency_batch: Annotated[int | None, typer.Option(min=1, help="Rows of a call whose time is reported.")] = None,
    latency_threads: Annotated[int | None, typer.Option(min=1, help="Threads of that call.")] = None,
    allow_empty: Annotated[bool, typer.Option("--allow-empty", help="Let a layer lose everything.")] = False,
    random_state: Annotated[int, typer.Option(min=0, help="Seed: the same one gives the same result.")] = 0,
    trust_pickle: TrustPickle = False,
    as_json: AsJson = False,
) -> None:
    """Prune a saved model, write what is left, and print the report.

    The options mean what the arguments of prunus.prune mean, and have the same defaults, but that a seed is always set.
    """
    models.check_output(output)
    files = {"data": data, "validation": validation}
    if target and not any(path is not None and tables.is_table(path) for path in files.values()):
        raise UsageError("--target: expected a table (.npy, .csv, .parquet) beside it, got none")
    loaded = models.read(model, trust_pickle=trust_pickle)
    models.check_output_of(loaded, output)
    given, checked = (
        tables.Data() if path is None else tables.read(f"--{option}", path, loaded.takes, target or [])
        for option, path in files.items()
    )
    if checked.sample_weight is not None:
        raise ValueError(f"{validation}: expected X and y alone, got sample_weight")
    options = {name: value for name, value in context.params.items() if name in _KEYWORDS and value is not None}
    try:
        pruned = pruning.prune(
            loaded.model, **given._asdict(), X_val=checked.X, y_val=checked.y, progress=True, **options
        )
    except (TypeError, ValueError) as error:
        raise _in_words_of_options(error, files) from None
    models.write(pruned, output)
    if as_json:
        print_json({**pruned.report, "output": str(output)})
    else:
        print(f"{pruned.report}\n\nThe pruned model is in {output}")


def _in_words_of_options(error: Exception, files: dict[str, Path | None]) -> Exception:
    """Name the option, or the file, that gave the argument which an error of prunus.prune is about.

    What is wrong with an option is a usage error, and so is a missing one; what is wrong in a file is not.
    """
    argument = getattr(error, "argument", "")
    option = _FILES.get(argument, argument)
    if files.get(option) is not None:
        return ValueError(f"{files[option]}: {error}")
    if argument not in _FILES and argument not in _KEYWORDS:
        return error
    return UsageError(f"--{option.replace('_', '-')}{str(error).removeprefix(argument)}")
