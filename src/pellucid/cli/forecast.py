"""`pellucid forecast`: the next rows of a series, with prediction intervals."""

from __future__ import annotations

import csv as csv_format
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from pellucid.cli.jobs import job_named
from pellucid.cli.opened import no_training, source_of, split_of
from pellucid.cli.screen import OUT, facts, line, print_json, table
from pellucid.data.series import Series, read_series
from pellucid.errors import DataError, OptionError, RunError
from pellucid.train import Run, load
from pellucid.train.forecasting import SHARES, Forecast, forecast, half_widths, residuals

__all__ = ["app"]

EPILOG = """
[bold]Examples[/bold]

\b
pellucid forecast runs/airline-passengers-1
pellucid forecast runs/airline-passengers-1 --steps 6 --csv > next.csv
pellucid forecast runs/airline-passengers-1 --data newer.csv --json
"""

app = typer.Typer(rich_markup_mode="rich", add_completion=False)


@app.command("forecast", epilog=EPILOG)
def forecast_command(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.", show_default=False)],
    steps: Annotated[
        int | None, typer.Option(help="How many rows; else the whole horizon.")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="Go on from the end of this file, with the same columns, instead."),
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Comma-separated, to be read on.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")] = False,
) -> None:
    """Forecast the next rows of a series, with prediction intervals.

    The intervals come from how far off forecasts from every row of the validation part were.
    """
    loaded = load(run)
    source = source_of(run)
    if source.job != "series":
        raise RunError(
            f"run {run}",
            got=f"a run of another kind ({loaded.problem.kind.title})",
            needs="a network that learnt a series",
            try_="pellucid train FILE.csv --horizon 12",
        )
    told = _forecast(loaded, run, data, steps)
    if json:
        print_json({"run": run, "target": _target(loaded), **told.to_json()})
    elif csv:
        _csv(told, _target(loaded))
    else:
        _show(loaded, told)


def _forecast(run: Run, folder: Path, data: str | None, steps: int | None) -> Forecast:
    assert run.problem.preparation is not None
    source = source_of(folder)
    parts: Any = split_of(folder)
    held = parts.validation or parts.train
    horizon = held.horizon
    if steps is not None and not 1 <= steps <= horizon:
        raise OptionError(
            "--steps",
            got=str(steps),
            needs=f"1 to {horizon}: the horizon that the network learnt",
            try_=f"pellucid train {source.name} --horizon {steps}" if steps > 0 else None,
        )
    series, features = held.series, held.features
    if data is not None:
        series = _other(folder, data, series)
        features = series.features(bool(source.options["calendar"]))[1]
    widths = half_widths(residuals(run, held))
    whole = forecast(run, series, widths, features, len(features))
    n = steps or horizon
    return Forecast(
        whole.dates[:n], whole.values[:n], whole.shares, whole.low[:, :n], whole.high[:, :n]
    )


@no_training()
def _other(folder: Path, data: str, known: Series) -> Series:
    """Another file of the same series."""
    source = source_of(folder, data)
    series: Series = job_named("series").load(source)
    if set(series.columns) != set(known.columns) or str(series.step) != str(known.step):
        raise DataError(
            f"series {data}",
            got=f"{', '.join(series.columns)}, each {series.step}",
            needs=f"{', '.join(known.columns)}, each {known.step}, as in training",
        )
    return read_series(source.path(), target=known.target, fill=source.options.get("fill"))


def _target(run: Run) -> str:
    assert run.problem.preparation is not None
    return run.problem.preparation.target


def _heads() -> list[str]:
    return [f"{end} {100 * share:g} %" for share in SHARES for end in ("low", "high")]


def _csv(told: Forecast, target: str) -> None:
    writer = csv_format.writer(sys.stdout, lineterminator="\n")
    ends = [f"{end}_{100 * share:g}" for share in SHARES for end in ("low", "high")]
    writer.writerow(["date", target, *ends])
    for row in _rows(told, ".6g"):
        writer.writerow(row)


def _rows(told: Forecast, form: str) -> list[list[str]]:
    rows = []
    for h, date in enumerate(told.dates):
        ends = [(told.low[k, h], told.high[k, h]) for k in range(len(told.shares))]
        numbers = [told.values[h], *(end for pair in ends for end in pair)]
        rows.append([date, *(f"{number:{form}}" for number in numbers)])
    return rows


def _show(run: Run, told: Forecast) -> None:
    facts(OUT, [("run", str(run.folder)), ("series", f"{_target(run)}, from {told.dates[0]} on")])
    line(OUT)
    table(OUT, ("date", "forecast", *_heads()), _rows(told, ".5g"), right=range(1, 6))
