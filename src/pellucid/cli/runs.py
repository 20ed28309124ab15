"""`pellucid runs`: what has been trained so far."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from pellucid.cli.finish import tested
from pellucid.cli.screen import OUT, line, percent, print_json, table
from pellucid.errors import PellucidError, RunError
from pellucid.record import Record
from pellucid.train.run import CONFIG, RECORD, read_config

__all__ = ["app"]

app = typer.Typer(rich_markup_mode="rich", add_completion=False)

HEADS = ("run", "data", "network", "epochs", "best", "valid.", "test", "when")


@app.command()
def runs(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder that holds the runs.")
    ] = Path("runs"),
    json: Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")] = False,
) -> None:
    """List the runs of a folder with their results, the oldest first."""
    if not folder.is_dir():
        raise RunError(
            f"{folder}",
            got="no such folder",
            needs="a folder of runs",
            try_="pellucid train digits",
        )
    inside = [path for path in sorted(folder.iterdir()) if path.is_dir()]
    found = [_look_into(path) for path in inside if any(path.iterdir())]
    found.sort(key=lambda row: (row.get("when", ""), row["run"]))
    if json:
        print_json({"folder": folder, "runs": found})
        return
    _show(folder, found)


def _look_into(folder: Path) -> dict[str, Any]:
    """What a run did; for a folder that cannot be read, what is wrong with it."""
    try:
        return {"run": str(folder), **_facts(folder)}
    except PellucidError as error:
        return {"run": str(folder), "problem": error.got}
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        return {"run": str(folder), "problem": f"{type(error).__name__}: {error}"}


def _facts(folder: Path) -> dict[str, Any]:
    config = read_config(folder)
    record = Record.read(folder / RECORD)
    note = config.get("note") or {}
    epochs = record.epochs()
    best = [e for e in epochs if e["epoch"] == record.best_epoch] or epochs[-1:]
    return {
        "data": Path(note["data"]["name"]).stem if "data" in note else "",
        "network": _network(note.get("network") or {}),
        "epochs": len(epochs),
        "of": config["settings"]["epochs"],
        "finished": bool(record.of("end")),
        "best_epoch": record.best_epoch,
        "validation": _figures(best[0], "validation_") if best else {},
        "test": tested(record) or {},
        "when": time.strftime("%Y-%m-%d %H:%M", time.localtime((folder / CONFIG).stat().st_mtime)),
    }


def _network(spec: dict[str, Any]) -> str:
    """The sizes of an MLP, the name of any other network."""
    return "-".join(str(n) for n in spec.get("sizes", [])) or str(spec.get("model", ""))


def _figures(event: dict[str, Any], start: str) -> dict[str, Any]:
    return {k.removeprefix(start): v for k, v in event.items() if k.startswith(start)}


def _show(folder: Path, found: list[dict[str, Any]]) -> None:
    good = [row for row in found if "problem" not in row]
    if good:
        table(OUT, HEADS, [_cells(row) for row in good], right=(3, 4, 5, 6))
    else:
        line(OUT, f"no runs in {folder}")
    for row in found:
        if "problem" in row:
            line(OUT, f"{Path(row['run']).name}: {row['problem']}", "dim")


def _cells(row: dict[str, Any]) -> list[str]:
    done = str(row["epochs"])
    return [
        Path(row["run"]).name,
        row["data"],
        row["network"],
        done if row["finished"] else f"{done}/{row['of']}",
        str(row["best_epoch"] or ""),
        _score(row["validation"]),
        _score(row["test"]),
        _short(row["when"]),
    ]


def _short(when: str) -> str:
    """The time of day for today, the day for every other."""
    day, _, clock = when.partition(" ")
    return clock if day == time.strftime("%Y-%m-%d") else day


def _score(figures: dict[str, Any]) -> str:
    if "accuracy" in figures:
        return percent(figures["accuracy"])
    return f"{figures['rmse']:.4g}" if "rmse" in figures else ""
