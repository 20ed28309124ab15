"""`pellucid reconstruct`: what an autoencoder makes of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from pellucid import durable
from pellucid.cli.opened import preparation_of
from pellucid.cli.predict import see
from pellucid.cli.screen import OUT, facts, print_json
from pellucid.errors import RunError
from pellucid.report.pictures import as_bytes, png, sheet
from pellucid.train import load
from pellucid.train.picture_task import Pictures

__all__ = ["app"]

EPILOG = """
[bold]Examples[/bold]

\b
pellucid reconstruct runs/mnist-1 seven.png
pellucid reconstruct runs/mnist-1 noisy/*.png -o clean.png
"""
SIDE = 160  # pixels of one picture, about

app = typer.Typer(rich_markup_mode="rich", add_completion=False)


@app.command(epilog=EPILOG)
def reconstruct(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.", show_default=False)],
    files: Annotated[
        list[Path], typer.Argument(metavar="PICTURE...", help="Pictures.", show_default=False)
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The file; reconstructed.png in the run unless said."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")] = False,
) -> None:
    """Give pictures to an autoencoder; a sheet of them and of what it makes of them (PNG).

    The upper row is what the network is given, the lower one what comes back.
    """
    loaded = load(run)
    kind = loaded.problem.kind
    if not isinstance(kind, Pictures):
        raise RunError(
            f"run {run}",
            got=f"a run of another kind ({kind.title})",
            needs="an autoencoder, which takes pictures and gives them back",
            try_="pellucid train mnist --model autoencoder, or --model denoising",
        )
    given = np.stack([see(loaded, file)[0] for file in files])
    made = loaded.predict(given)
    clear = as_bytes(given, preparation_of(loaded).maximum)
    off = np.sqrt(np.square(made - clear / 255.0).reshape(len(made), -1).mean(axis=1))
    path = out or run / "reconstructed.png"
    pixels = sheet(np.concatenate([clear, as_bytes(made)]), len(given))
    durable.write_bytes(path, png(pixels, max(1, SIDE // max(given.shape[1:3]))))
    if json:
        rows = [{"file": f, "rmse": float(v)} for f, v in zip(files, off, strict=True)]
        print_json({"run": run, "picture": path, "pictures": rows})
        return
    pairs = zip(files, off, strict=True)
    told = [(file.name[:9], f"pixels differ by {v:.3g}") for file, v in pairs]
    facts(OUT, [*told, ("picture", str(path))])
