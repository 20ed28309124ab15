"""`pellucid summary`: the layers of a run's network as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.screen import OUT, line, print_json
from pellucid.explain import summary as table_of
from pellucid.train import load
from pellucid.train.example import blank_inputs

__all__ = ["app"]

app = typer.Typer(rich_markup_mode="rich", add_completion=False)


@app.command()
def summary(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.", show_default=False)],
    json: Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")] = False,
) -> None:
    """A table of the layers: output shape, parameters, multiply-adds for one sample."""
    loaded = load(run)
    table = table_of(loaded.model, blank_inputs(loaded.model, loaded.problem))
    if json:
        print_json({"run": run, **table.to_json()})
        return
    line(OUT, str(table))
