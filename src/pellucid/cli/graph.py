"""`pellucid graph`: a run's network and its training step as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from pellucid import durable
from pellucid.cli.screen import OUT, facts
from pellucid.explain import graph as picture_of
from pellucid.train import load
from pellucid.train.example import blank_inputs

__all__ = ["app"]

app = typer.Typer(rich_markup_mode="rich", add_completion=False)


@app.command()
def graph(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.", show_default=False)],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The file; graph.svg in the run unless said.")
    ] = None,
) -> None:
    """Draw the network and its training step: values go down, gradients come back up (SVG)."""
    loaded = load(run)
    problem, settings = loaded.problem, loaded.settings
    labels = np.arange(max(len(loaded.classes), 2))
    plain = settings.class_weights is not None
    losses = settings.build_loss(problem.task, problem.columns, labels)
    picture = picture_of(
        loaded.model,
        blank_inputs(loaded.model, problem),
        type(losses.measure if plain else losses.train).__name__,
        type(settings.build_optimizer(loaded.model)).__name__,
    )
    path = out or run / "graph.svg"
    durable.write_text(path, picture)
    facts(OUT, [("picture", str(path))])
