"""`pellucid generate`: a network that learnt pictures makes new ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pellucid import durable
from pellucid.cli.screen import OUT, facts, print_json
from pellucid.errors import OptionError, RunError
from pellucid.models.latent import decoded, drawn
from pellucid.report.pictures import as_bytes, png, sheet
from pellucid.train import load

__all__ = ["app"]

EPILOG = """
[bold]Examples[/bold]

\b
pellucid generate runs/mnist-1
pellucid generate runs/mnist-1 --count 100 --seed 7 -o digits.png
"""
SIDE = 900  # pixels of the picture, about
SUFFIXES = (".png",)

app = typer.Typer(rich_markup_mode="rich", add_completion=False)


@app.command(epilog=EPILOG)
def generate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.", show_default=False)],
    count: Annotated[int, typer.Option(help="How many pictures.")] = 64,
    seed: Annotated[int, typer.Option(help="Same seed, same pictures.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The file; generated.png in the run unless said."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")] = False,
) -> None:
    """Let a network that learnt pictures make new ones, on one sheet (PNG).

    Each is made from a point that is drawn at random in the network's latent space.
    """
    loaded = load(run)
    if loaded.task not in ("variational", "adversarial"):
        raise RunError(
            f"run {run}",
            got=f"a run of another kind ({loaded.problem.kind.title})",
            needs="a network that can make new pictures",
            try_="pellucid train mnist --model gan, or --model vae",
        )
    path = out or run / "generated.png"
    if path.suffix.lower() not in SUFFIXES:
        raise OptionError("--out", got=str(path), needs="a name that ends in .png")
    made = as_bytes(decoded(loaded.model, drawn(loaded.model, count, seed, "generate")))
    columns = next(n for n in range(1, count + 1) if n * n >= count)
    pixels = sheet(made, columns)
    durable.write_bytes(path, png(pixels, max(1, SIDE // max(pixels.shape[:2]))))
    if json:
        print_json({"run": run, "count": count, "seed": seed, "picture": path})
        return
    facts(OUT, [("pictures", f"{count:,}"), ("picture", str(path))])
