"""`pellucid evaluate`: a run measured on data with known answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from pellucid.cli.opened import new_data, split_of
from pellucid.cli.screen import OUT, facts, line, percent, print_json, table
from pellucid.cli.source import PARTS, part_named
from pellucid.data import Data
from pellucid.errors import choose
from pellucid.train import Run, load
from pellucid.train.task import Task, Tokens

__all__ = ["app"]

MOST_CLASSES = 12  # whose confusion matrix fits on a screen

app = typer.Typer(rich_markup_mode="rich", add_completion=False)


@app.command()
def evaluate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.", show_default=False)],
    on: Annotated[
        str | None,
        typer.Option(
            help="The part of the run's own data: test, validation or train. Else the test part; "
            "the validation part of a run that kept none back for a test.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="Other data instead: a set's name or a file with the right answers."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")] = False,
) -> None:
    """Measure a run on data with known answers: accuracy, precision, recall, F1 and more."""
    if on is not None:
        choose("--on", on, PARTS)
    loaded = load(run)
    if data is not None:
        part, name = new_data(loaded, data), ""
    else:
        split = split_of(run)
        untested = split.test is None and split.validation is not None
        name = on or ("validation" if untested else "test")
        part = part_named(split, name)
    figures = loaded.evaluate(part)
    if json:
        print_json({"run": run, "data": part.name, "part": name or None, **figures})
        return
    _show(loaded, part, name, figures)


def _show(run: Run, part: Data, name: str, figures: dict[str, Any]) -> None:
    where = f"{part.name}, the {name} part" if name else part.name
    epoch = f", epoch {run.best_epoch}" if run.best_epoch is not None else ""
    facts(OUT, [("run", f"{run.folder}{epoch}"), ("data", f"{where}: {len(part):,} samples")])
    line(OUT)
    table(OUT, ("", ""), _figures(figures, run.problem.kind), right=(1,))
    if "classes" not in figures:
        return
    _show_classes(figures)
    if len(figures["classes"]) <= MOST_CLASSES:
        _show_confusion(figures)


def _figures(figures: dict[str, Any], kind: Task) -> list[tuple[str, str]]:
    shares = {"accuracy": "accuracy", "balanced_accuracy": "balanced accuracy"}
    shares["token_accuracy"] = "tokens right"
    shares |= {"recognised": "real pictures called real"}
    shares |= {"deceived": "as many made ones called real"}
    numbers = {
        "log_loss": "log-loss",
        "roc_auc": "ROC-AUC",
        "mse": "mean squared error",
        "rmse": "its root" if "mse" in figures else "root mean squared error",
        "mae": "mean absolute error",
        "r2": "R squared",
        "loss": "nats a token" if isinstance(kind, Tokens) else "nats a picture",
        "reconstruction": "of these, reconstruction",
        "kl": "and KL divergence",
        "bits": "bits a token",
        "perplexity": "perplexity",
    }
    rows = [(word, percent(figures[key])) for key, word in shares.items() if key in figures]
    for key, word in numbers.items():
        if figures.get(key) is not None:
            rows.append((word, f"{figures[key]:.4g}"))
    if isinstance(kind, Tokens):
        rows.append(("tokens", f"{figures.get('tokens', figures['samples']):,}"))
    return rows


def _show_classes(figures: dict[str, Any]) -> None:
    keys = ("precision", "recall", "f1")
    rows = [
        [c["name"], *(f"{c[key]:.4f}" for key in keys), f"{c['support']:,}"]
        for c in figures["classes"]
    ]
    for mean in ("macro", "weighted"):
        rows.append([f"{mean} mean", *(f"{figures[f'{mean}_{key}']:.4f}" for key in keys), ""])
    line(OUT)
    table(OUT, ("class", "precision", "recall", "F1", "samples"), rows, right=(1, 2, 3, 4))


def _show_confusion(figures: dict[str, Any]) -> None:
    names: Sequence[str] = [c["name"] for c in figures["classes"]]
    line(OUT)
    line(OUT, "rows: what it is; columns: what it was called")
    rows = [
        [name, *(str(n) if n else "." for n in counts)]
        for name, counts in zip(names, figures["confusion_matrix"], strict=True)
    ]
    table(OUT, ["", *(n[:6] for n in names)], rows, right=range(1, len(names) + 1))
