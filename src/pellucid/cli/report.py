"""`pellucid report`: the report of a run, written again."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.opened import job_of, split_of
from pellucid.cli.screen import OUT, facts
from pellucid.report.from_run import write_report
from pellucid.train import load

__all__ = ["app"]

app = typer.Typer(rich_markup_mode="rich", add_completion=False)


@app.command()
def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.", show_default=False)],
    show: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
    data: Annotated[
        str | None, typer.Option(help="Where the data are now, if they were moved.")
    ] = None,
) -> None:
    """Write a run's report.html again: one file that can be read anywhere, offline."""
    loaded, parts = load(run), split_of(run, data)
    path = write_report(loaded, parts, job_of(run).sections(loaded, parts))
    facts(OUT, [("report", str(path))])
    if show:
        webbrowser.open(path.resolve().as_uri())
