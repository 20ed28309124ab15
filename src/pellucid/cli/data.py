"""`pellucid data`: the data sets, listed, fetched, looked into."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from pellucid import data as sets
from pellucid.cli.jobs import Job, job_for
from pellucid.cli.progress import downloading
from pellucid.cli.screen import ERR, OUT, facts, print_json, table
from pellucid.cli.source import Source
from pellucid.data.dates import SAMPLES

__all__ = ["app"]

# sets that only their own kind of work can load
TEXTS = [
    sets.Listed("sentiment", "sentences, made up", "6,000 sentences", "in the package"),
    sets.Listed("dates", "translation, made up", f"{SAMPLES:,} pairs", "in the package"),
]

app = typer.Typer(
    rich_markup_mode="rich",
    add_completion=False,
    no_args_is_help=True,
    help="The data sets: list them, fetch one, look into one.",
)

Folder = Annotated[
    Path | None, typer.Option("--data-dir", help="Folder in which to look for data sets first.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")]


@app.command("list")
def list_(data_dir: Folder = None, json: Json = False) -> None:
    """The sets that have a name, and where they are on this machine."""
    known = [*sets.available(data_dir), *TEXTS]
    if json:
        print_json({"sets": [listed._asdict() for listed in known]})
        return
    table(OUT, ("name", "kind", "size", "where"), [list(listed) for listed in known])


@app.command()
def get(
    name: Annotated[str, typer.Argument(metavar="NAME", help="mnist or fashion-mnist.")],
    data_dir: Folder = None,
) -> None:
    """Fetch a set into the user cache, and check every byte of it."""
    job, data = _loaded(name, {"data_dir": data_dir})
    facts(OUT, [("data", f"{data.name}: {len(data):,} {job.unit}, checked"), ("from", data.source)])


@app.command()
def info(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A set's name, or a file.")],
    target: Annotated[str | None, typer.Option(help="Column to predict (CSV).")] = None,
    task: Annotated[str | None, typer.Option(help="classification or regression.")] = None,
    impute: Annotated[str | None, typer.Option(help="How missing cells would be filled.")] = None,
    data_dir: Folder = None,
    json: Json = False,
) -> None:
    """What is in a set: rows, classes, columns, and what was decided while reading it."""
    given = {"target": target, "task": task, "impute": impute, "data_dir": data_dir}
    _, loaded = _loaded(name, given)
    found = sets.info(loaded) if isinstance(loaded, sets.Data) else loaded.info()
    if json:
        print_json(found)
        return
    table(OUT, ("", ""), [(key, text) for key, value in found.items() for text in _texts(value)])


def _loaded(name: str, options: dict[str, Any]) -> tuple[Job, Any]:
    """The data, and the work that `pellucid train` would make of them."""
    given = {key: value for key, value in options.items() if value is not None}
    job = job_for(name, given)
    with downloading(ERR) as progress:
        return job, job.load(Source.chosen(name, 0, given), progress)


def _texts(value: Any) -> list[str]:
    """A value in a line; nothing for what is empty."""
    if isinstance(value, dict):
        return [", ".join(f"{k}: {_number(v)}" for k, v in value.items())]
    if isinstance(value, list) and value and isinstance(value[0], str):
        return value
    if isinstance(value, list):
        return [" x ".join(_number(v) for v in value)] if value else []
    return [_number(value)] if value not in (None, "", 0) else []


def _number(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.6g}"
