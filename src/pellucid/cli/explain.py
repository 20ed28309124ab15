"""`pellucid explain`: one example through a run's network, every line with its numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from pellucid.cli.opened import split_of
from pellucid.cli.picture import half_blocks
from pellucid.cli.screen import OUT, facts, line, print_json
from pellucid.cli.source import PARTS, part_named
from pellucid.data import Arrays
from pellucid.errors import OptionError, choose
from pellucid.explain import explain as explanation_of
from pellucid.train import load

__all__ = ["app"]

EPILOG = """
[bold]Examples[/bold]

\b
pellucid explain runs/digits-1
pellucid explain runs/digits-1 --example 7 --layer 0
pellucid explain runs/digits-1 --check "W1[3,5]" --html step.html
"""

app = typer.Typer(rich_markup_mode="rich", add_completion=False)


def _target(y: Any) -> Any:
    """One number, or as many as the sample has."""
    return y.item() if np.ndim(y) == 0 else y


@app.command(epilog=EPILOG)
def explain(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.", show_default=False)],
    example: Annotated[int, typer.Option(help="Which sample of the part, counted from 0.")] = 0,
    on: Annotated[
        str, typer.Option(help="The part of the data: test, validation or train.")
    ] = "train",
    layer: Annotated[
        str | None, typer.Option(help="One layer alone, by its name in the network; or loss.")
    ] = None,
    check: Annotated[
        list[str] | None,
        typer.Option(help="A gradient to compare with finite differences: W1[3,5], or W1."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write a page instead: one file, readable offline.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")] = False,
    data: Annotated[
        str | None, typer.Option(help="Where the data are now, if they were moved.")
    ] = None,
) -> None:
    """Follow one example through the network: forward, loss, backward, update.

    Every line of the training step in symbols, then with its numbers; a gradient also as the
    product of derivatives that it is. Of large arrays the numbers that matter are shown.
    """
    choose("--on", on, PARTS)
    part = part_named(split_of(run, data), on)
    if not 0 <= example < len(part):
        raise OptionError(
            "--example", got=str(example), needs=f"0 to {len(part) - 1:,}: the {on} part"
        )
    x, y = part.example(example) if isinstance(part, Arrays) else (part.x[example], part.y[example])
    told = explanation_of(load(run), x, _target(y), layer=layer, check=check or ())
    told.title = f"{part.name}, example {example} of the {on} part"
    if html is not None:
        told.save(html)
        facts(OUT, [("page", str(html))])
    elif json:
        print_json(told.to_json())
    else:
        if told.picture is not None and max(told.picture.shape) <= 40:
            for row in half_blocks(np.rint(told.picture * 255).astype(np.uint8), OUT):
                OUT.print(row)
            line(OUT)
        line(OUT, str(told))
