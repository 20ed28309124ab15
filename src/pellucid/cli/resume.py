"""`pellucid resume`: a stopped or killed run goes on, to the same bits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from pellucid import nn
from pellucid import train as training_room
from pellucid.cli.finish import finish, headline
from pellucid.cli.opened import job_of, split_of
from pellucid.cli.plan import build_network
from pellucid.cli.screen import facts
from pellucid.cli.train import speaker, training
from pellucid.interop import load_weights
from pellucid.record import Record
from pellucid.train.run import CHECKPOINT, INITIAL, RECORD, WEIGHTS, read_config

__all__ = ["app"]

app = typer.Typer(rich_markup_mode="rich", add_completion=False)


@app.command()
def resume(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.", show_default=False)],
    data: Annotated[
        str | None, typer.Option(help="Where the data are now, if they were moved.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object at the end.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Nothing but the result.")] = False,
) -> None:
    """Go on with a run that was stopped or killed, to the same bits.

    The data must be those of the first start; the run's own settings are used, none can be changed.
    """
    console = speaker(json, quiet)
    config = read_config(run)
    job, parts = job_of(run), split_of(run, data)
    if _finished(run):
        loaded = training_room.load(run)
        facts(console, [("run", f"{run} is finished: {headline(loaded)}")])
        if loaded.record.of("test") and (run / "report.html").exists() and not json:
            return
    else:
        facts(console, [("run", f"{run}, from {_place(run)}")])
        with training(run, console) as lines:
            loaded = training_room.resume(
                run,
                parts.train,
                parts.validation,
                model=_model(run, config),
                listeners=[lines, *job.listeners()],
            )
    finish(loaded, job, parts, console, as_json=json, quiet=quiet)


def _finished(run: Path) -> bool:
    record = run / RECORD
    return record.exists() and bool(Record.read(record).of("end")) and (run / WEIGHTS).exists()


def _place(run: Path) -> str:
    """Where the last checkpoint stands."""
    saved = Record.read(run / RECORD).of("checkpoint") if (run / RECORD).exists() else []
    if not saved or not (run / CHECKPOINT).exists():
        return "the start: it was stopped before its first checkpoint"
    last = saved[-1]
    if last["step"]:
        return f"the checkpoint in epoch {last['epoch'] + 1}, after step {last['step']}"
    return f"the checkpoint after epoch {last['epoch']}"


def _model(run: Path, config: dict[str, Any]) -> nn.Module | None:
    """The network with its first weights, which count where no checkpoint was written yet."""
    note = config.get("note") or {}
    if note.get("network") is None:
        return None
    model = build_network(note["network"], config["settings"]["seed"])
    model.to(np.dtype(config["dtype"]))
    if note.get("start") is not None:  # they were taken over, not drawn
        load_weights(model, run / INITIAL)
    return model
