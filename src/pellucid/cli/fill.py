"""`pellucid fill`: a network that learnt to find hidden characters fills the gaps of a text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.screen import OUT, line, percent, print_json, table
from pellucid.errors import OptionError, RunError
from pellucid.models import BERT
from pellucid.models.filling import Filler
from pellucid.train import load

__all__ = ["app"]

EPILOG = """
[bold]Examples[/bold]

\b
pellucid fill runs/tinyshakespeare-1 "to be or ___ to be"
pellucid fill runs/tinyshakespeare-1 "the k## of England" --gap "#" --likeliest 5
"""

app = typer.Typer(rich_markup_mode="rich", add_completion=False)


@app.command(epilog=EPILOG)
def fill(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.", show_default=False)],
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="A text with gaps.", show_default=False)
    ],
    gap: Annotated[str, typer.Option(help="What a gap of one character looks like.")] = "_",
    likeliest: Annotated[
        int, typer.Option(min=1, help="How many characters to show for each gap.")
    ] = 3,
    json: Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")] = False,
) -> None:
    """Fill the gaps of a text with the likeliest characters.

    The surest gap is filled first, and is then known when the others are looked at.
    """
    loaded = load(run)
    if not isinstance(loaded.model, BERT):
        raise RunError(
            f"run {run}",
            got=f"a run of another kind ({type(loaded.model).__name__})",
            needs="a network that learnt to find hidden characters",
            try_="pellucid train FILE.txt --model bert",
        )
    if len(gap) != 1:
        raise OptionError("--gap", got=repr(gap), needs="a single character")
    filled = Filler(loaded.model, loaded.classes).fill(text, gap, likeliest)
    if json:
        gaps = [{"place": i, "likeliest": dict(shares)} for i, shares in filled.gaps]
        print_json({"run": run, "given": text, "text": filled.text, "gaps": gaps})
        return
    OUT.print(filled.text, markup=False, highlight=False, soft_wrap=True, style="bold")
    line(OUT)
    rows = [
        [str(i), *(f"{_shown(token)} {percent(share, 0)}" for token, share in shares)]
        for i, shares in filled.gaps
    ]
    table(OUT, ("gap at", "likeliest", *[""] * (len(rows[0]) - 2)), rows, right=(0,))


def _shown(token: str) -> str:
    """A character that can be seen.

    >>> _shown("a"), _shown(" "), _shown(chr(10))
    ('a', 'space', '\\\\n')
    """
    return "space" if token == " " else token if token.isprintable() else repr(token)[1:-1]
