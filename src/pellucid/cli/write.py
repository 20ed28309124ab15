"""`pellucid write`: a run's training, or its prediction, as a file that needs NumPy alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.opened import split_of
from pellucid.cli.screen import OUT, facts
from pellucid.data.words import SentencePreparation
from pellucid.models import BERT
from pellucid.standalone import write_predict, write_step
from pellucid.train import Run, load
from pellucid.train.task import Tokens, Translation

__all__ = ["app"]

EPILOG = """
[bold]Examples[/bold]

\b
pellucid write runs/mnist-1                          the training, as step.py
pellucid write runs/mnist-1 --inference -o read.py   the trained network, as read.py
"""

app = typer.Typer(rich_markup_mode="rich", add_completion=False)


@app.command(epilog=EPILOG)
def write(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The file: step.py, or predict.py, unless said."),
    ] = None,
    inference: Annotated[
        bool, typer.Option("--inference", help="The prediction alone, with the trained weights.")
    ] = False,
    data: Annotated[
        str | None, typer.Option(help="Where the data are now, if they were moved.")
    ] = None,
) -> None:
    """Write a run as a NumPy program: its training, or with --inference its prediction.

    The file runs where nothing but NumPy is installed. The training prints the run's own losses,
    the prediction gives the run's own answers, both to the last bit.
    """
    loaded = load(run)
    if inference:
        files = write_predict(loaded, out or Path("predict.py"))
        command = f"python {files[0]} {_asked(loaded)}"
    else:
        files = write_step(loaded, split_of(run, data).train, out or Path("step.py"))
        command = f"python {files[0]}"
    rows = [(("wrote", "beside it")[k > 0], _sized(file)) for k, file in enumerate(files)]
    facts(OUT, [*rows, ("next", command)])


def _asked(run: Run) -> str:
    """What a written prediction is asked on its command line."""
    kind, preparation = run.problem.kind, run.problem.preparation
    if isinstance(kind, Translation):
        return '"TEXT"'
    if isinstance(kind, Tokens):
        return '"a g_p"' if isinstance(run.model, BERT) else "--length 200"
    if isinstance(preparation, SentencePreparation):
        return '"a sentence"'
    return "rows.csv" if preparation is not None and preparation.columns else "samples.npy"


def _sized(file: Path) -> str:
    size = file.stat().st_size
    return f"{file} ({size / 1e6:.1f} MB)" if size >= 1e6 else f"{file} ({size / 1e3:.0f} kB)"
