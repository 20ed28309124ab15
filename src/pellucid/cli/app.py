"""The commands by name: each one's module is loaded when it is run, so `--help` answers at once."""

from __future__ import annotations

import errno
import importlib
import os
import shutil
import sys
import textwrap
import traceback
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from pellucid import __version__
from pellucid.errors import PellucidError, RunError, nearest

__all__ = ["app", "main"]

LEARN, LOOK, MORE = "Learn", "Look", "More"

# command: the panel of --help that shows it, and what it does; its module has the same name
COMMANDS = {
    "train": (LEARN, "Train a network on a data set, and write a run folder with a report."),
    "resume": (LEARN, "Go on with a run that was stopped or killed, to the same bits."),
    "evaluate": (LOOK, "Measure a run on data with known answers."),
    "predict": (LOOK, "Read pictures, or predict the rows of a CSV file."),
    "sample": (LOOK, "Let a network that learnt a text write on."),
    "translate": (LOOK, "Translate texts with a network that learnt pairs of them."),
    "fill": (LOOK, "Fill the gaps of a text with the likeliest characters."),
    "report": (LOOK, "Write a run's report.html again."),
    "explain": (LOOK, "Follow one example through the network, every line with its numbers."),
    "graph": (LOOK, "Draw the network and its training step as a picture (SVG)."),
    "summary": (LOOK, "A table of the layers: shapes, parameters, multiply-adds."),
    "write": (LOOK, "Write a run as a NumPy program: its training, or its prediction."),
    "runs": (LOOK, "List the runs of a folder with their results."),
    "data": (MORE, "The data sets: list them, fetch one, look into one."),
    "demo": (MORE, "Small demonstrations: what one neuron can learn, and what it cannot."),
}

EPILOG = """
[bold]Examples[/bold]

\b
pellucid train digits                     learn to read digits
pellucid train mnist --layers 256,128 --dropout 0.1 --epochs 10
pellucid train flowers.csv --target species --out runs/flowers
pellucid predict runs/digits-1 photo.jpg  which digit is this?
pellucid runs                             what was trained so far
"""


class Commands(TyperGroup):
    """Knows every command's name and summary; loads the one that is run."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = {
            name: TyperCommand(name, help=summary, rich_help_panel=panel)
            for name, (panel, summary) in COMMANDS.items()
        }

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The real command in place of its summary."""
        if args[0] not in self.commands and not ctx.resilient_parsing:
            advice = nearest(args[0], COMMANDS) or "see pellucid --help"
            ctx.fail(f"No such command {args[0]!r}: {advice}")
        name, command, rest = super().resolve_command(ctx, args)
        return name, command if name is None else _load(name), rest


def _load(name: str) -> Any:
    module = importlib.import_module(f"pellucid.cli.{name}")
    command = typer.main.get_command(module.app)
    command.name = name
    for part in [command, *getattr(command, "commands", {}).values()]:
        part.help = _paragraphs(part.help)
    return command


def _paragraphs(text: str) -> str:
    """A docstring without its line breaks, so that every width breaks it anew."""
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


app = typer.Typer(
    cls=Commands,
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pellucid {__version__}")
        raise typer.Exit


@app.callback()
def pellucid(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
    debug: Annotated[
        bool,
        typer.Option(
            "--debug", help="Show the whole traceback of an error.", envvar="PELLUCID_DEBUG"
        ),
    ] = False,
) -> None:
    """Neural networks you can see through, in plain NumPy.

    Every command explains itself: pellucid train --help
    """
    if debug:
        os.environ["PELLUCID_DEBUG"] = "1"


def main(args: Sequence[str] | None = None) -> None:
    """Run a command and exit: 0 done, 1 an error, 2 a wrong usage, 130 Ctrl-C."""
    try:
        app(args, prog_name="pellucid")
    except PellucidError as error:
        _fail(error)
    except OSError as error:
        if error.errno == errno.EPIPE:
            sys.exit(1)
        _fail(_as_run_error(error))
    finally:
        _flush()


def _flush() -> None:
    """Print what is still held back; where nobody reads any more, say nothing about it."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # Python flushes once more at its end


def _fail(error: PellucidError) -> None:
    if os.environ.get("PELLUCID_DEBUG", "") not in ("", "0"):
        traceback.print_exc()
    print(_fitted(str(error)), file=sys.stderr)
    sys.exit(1)


def _fitted(text: str) -> str:
    """Lines as wide as the terminal, what is left over under the text of its line."""
    if not sys.stderr.isatty():
        return text
    width = max(shutil.get_terminal_size().columns, 40)
    wrapper = textwrap.TextWrapper(
        width, subsequent_indent=" " * 10, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(wrapper.fill(line) for line in text.split("\n"))


def _as_run_error(error: OSError) -> RunError:
    """What the operating system refused, in Pellucid's form."""
    needs = {
        errno.ENOSPC: "room on the disk",
        errno.EROFS: "a place that can be written to",
        errno.EACCES: "permission to read and write there",
        errno.ENOENT: "a file or folder that is there",
    }
    return RunError(
        str(error.filename or "the operating system"),
        got=error.strerror or str(error),
        needs=needs.get(error.errno or 0, "a disk that does as it is told"),
    )
