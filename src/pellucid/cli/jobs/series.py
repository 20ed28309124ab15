"""Series: a network looks back on the last rows of a CSV file, and forecasts the next ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.cli.jobs.base import Job, Progress, digest
from pellucid.cli.plan import Plan, fit_arguments
from pellucid.cli.recipes import COMMON
from pellucid.data import Split, series_rules
from pellucid.data.series import Series, has_dates, read_series
from pellucid.data.series_windows import Scaling, Windows, cut, part_sizes, refuse_log
from pellucid.errors import DataError, OptionError, choose
from pellucid.report.series import series_section
from pellucid.train import Run
from pellucid.train.run import read_config

if TYPE_CHECKING:
    from pellucid.cli.choices import Choices
    from pellucid.cli.source import Source

__all__ = ["DIFFERENCES", "SeriesJob"]

CELLS = ("rnn", "lstm", "gru")
DIFFERENCES = ("none", "last", "season")
FEW = 500  # windows: so many are little to learn from
BUDGET = 2500  # steps of a training, about
SHARES = 0.15  # of the rows, kept to validate and to test
RECIPE: dict[str, Any] = {
    "model": "lstm",
    "validation": SHARES,
    "test": SHARES,
    "hidden": 32,
    "layers": None,
    "dropout": 0.1,
    "optimizer": "adamw",
    "weight_decay": 0.01,
    "lr": 0.003,
    "schedule": "onecycle",
    "batch_size": "32",
    "clip_norm": 1.0,
    "patience": None,
}
LITTLE: dict[str, Any] = {"hidden": 16, "batch_size": "16", "weight_decay": 0.1}


class SeriesJob(Job):
    """A CSV file with a column of dates; see :meth:`takes` for what says that it is meant."""

    name = "series"
    networks = dict.fromkeys((*CELLS, "tcn"), ("hidden", "layers", "dropout"))
    has = ("target",)
    reads = ("horizon", "window", "season", "log", "difference", "fill", "date", "calendar")
    kinds = ("tables",)

    def takes(self, data: str, given: Mapping[str, Any]) -> bool:
        """A horizon says so, a network for series where there are dates, and dates with one column.

        As a table, a column of numbers beside one of dates has nothing to learn from.
        """
        if Path(data).suffix.lower() not in (".csv", ".tsv"):
            return False
        if given.get("horizon") is not None or given.get("model") == "tcn":
            return True
        return has_dates(data, alone=given.get("model") is None)

    def load(self, source: Source, progress: Progress | None = None) -> Series:
        options = source.options
        return read_series(
            source.path(),
            target=source.target,
            date=options.get("date"),
            fill=options.get("fill"),
        )

    def fingerprint(self, data: Series) -> str:
        return digest(data.values, data.columns, str(data.step.first), str(data.step))

    def split(self, source: Source, data: Series) -> Split:
        options = source.options
        parts = cut(
            data,
            horizon=int(options["horizon"]),
            window=int(options["window"]),
            validation=source.validation,
            test=source.test,
            calendar=bool(options["calendar"]),
            log=bool(options["log"]),
        )
        return Split(*parts)  # type: ignore[arg-type]

    def other(self, source: Source, run: Run) -> Any:
        data = self.load(source)
        return self.split(replace(source, validation=0.0, test=0.0), data).train

    def recipe(self, data: Series, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """What the training part says about a logarithm, a season, a base and a window."""
        seasons = data.step.seasons
        horizon = given.get("horizon") or (seasons[0] if seasons else 12)
        train, *_ = part_sizes(
            len(data), horizon, given.get("validation", SHARES), given.get("test", SHARES)
        )
        found = _decided(data, max(train, 0), horizon, given)
        windows = train - found["window"] - horizon + 1
        entries = COMMON | RECIPE | found
        if windows < FEW:
            entries |= LITTLE
        batch = given.get("batch_size", entries["batch_size"])
        size = int(batch) if str(batch).isdigit() and int(batch) else windows
        entries["epochs"] = min(200, max(20, round(BUDGET / max(1, math.ceil(windows / size)))))
        words = ("short " if windows < FEW else "", "seasonal " if found["season"] else "")
        return "".join([*words, "series"]), entries

    def plan(self, choices: Choices, data: Series, parts: Split) -> Plan:
        train: Any = parts.train
        assert isinstance(train, Windows) and train.features is not None
        rows = train.features[: train.end]
        scaling = Scaling.learn(
            rows,
            data.target,
            train.x.shape[1:],
            plain=train.x.shape[2] - len(data.columns),
            log=bool(choices.log),
            notes=_told(choices, data),
        )
        arguments = fit_arguments(choices) | {"task": "series"}
        return Plan(_network(choices, scaling, rows), scaling, arguments)

    def described(self, data: Series, parts: Split) -> str:
        train: Any = parts.train
        cuts: tuple[Any, ...] = parts
        rows = [(p.end - p.first, use) for p, use in zip(cuts, _USES, strict=True) if p]
        sizes = ", ".join(f"{n:,} {use}" for n, use in rows)
        first, last = data.dates(0, 1)[0], data.dates(len(data) - 1, len(data))[0]
        return (
            f"{data.name}: {len(data):,} rows of {data.target!r}, each {data.step}, {first} to "
            f"{last}; {sizes}, in this order; looks back {train.window}, forecasts {train.horizon}"
        )

    def network(self, plan: Plan) -> str:
        kept = {k: v for k, v in plan.network.items() if k not in ("drift", "spread", "level")}
        return super().network(Plan(kept, None, {}))

    def sections(self, run: Run, parts: Split) -> list[str]:
        return [series_section(run, parts, run_season(run))]

    def next(self, run: Run) -> list[tuple[str, str]]:
        return [("next", f"pellucid forecast {run.folder}")]


_USES = ("to train", "to validate", "to test")


def run_season(run: Run) -> int:
    """The season that a run's folder notes, or 0."""
    assert run.folder is not None
    noted = (read_config(run.folder).get("note") or {}).get("data") or {}
    return int((noted.get("options") or {}).get("season") or 0)


def _decided(data: Series, train: int, horizon: int, given: Mapping[str, Any]) -> dict[str, Any]:
    """The options that rules decide from the training part, where the user did not."""
    values = data.values[:train, 0]
    seasons = data.step.seasons
    log = given.get("log")
    if log is None:
        log = train > 2 and series_rules.grows(values, seasons[0] if seasons else 0)
    elif log:
        refuse_log(data)
    values = np.log(values) if log else values
    season = given.get("season")
    if season is None:
        season = series_rules.find_season(values, seasons) if train > 2 else 0
    _refuse_season(data, season, train)
    difference = given.get("difference")
    if difference is None:
        lag = series_rules.base_lag(values, season, horizon) if train > horizon + 1 else 0
        difference = "none" if lag == 0 else "last" if lag == 1 else "season"
    lag = _lag(difference, season)
    calendar = given.get("calendar")
    return {
        "horizon": horizon,
        "log": bool(log),
        "season": int(season),
        "difference": difference,
        "calendar": difference != "season" if calendar is None else calendar,
        "window": given.get("window") or _window(lag, season, horizon, train),
    }


def _refuse_season(data: Series, season: int, train: int) -> None:
    if season < 0 or season == 1:
        raise OptionError("--season", got=str(season), needs="rows from 2, or 0 for no season")
    if season and train < 2 * season:
        raise DataError(
            f"series {data.name}",
            got=f"a season of {season:,} rows and {max(train, 0):,} rows to train on",
            needs=f"two seasons, {2 * season:,} rows",
            try_="--season 0, or a smaller --test and --validation",
        )


def _lag(difference: str, season: int) -> int:
    choose("--difference", difference, DIFFERENCES)
    if difference == "season" and not season:
        raise OptionError(
            "--difference",
            got="'season', and no season was found",
            needs="a season",
            try_="--season 12, or what it is",
        )
    return {"none": 0, "last": 1, "season": season}[difference]


def _window(lag: int, season: int, horizon: int, train: int) -> int:
    """A season's changes, or four horizons; no more than a third of the training part."""
    wanted = lag + (season if 2 < season <= 60 else min(96, max(24, 4 * horizon)))
    return max(lag + 2, min(wanted, max(1, train // 3)))


def _told(choices: Choices, data: Series) -> tuple[str, ...]:
    """What was decided from the training part, in a line."""
    base = {
        "none": "forecasts the level itself",
        "last": "forecasts the change from the last row",
        "season": "forecasts the change from a season before",
    }[str(choices.difference)]
    season = f"a season of {choices.season} rows" if choices.season else "no season"
    log = "its logarithm, since the spread grows with the level" if choices.log else "as it is"
    return (f"{data.target!r} {log}; {season}; {base}; from the training part alone",)


def _network(choices: Choices, scaling: Scaling, rows: Any) -> dict[str, Any]:
    """The network, with what the training part says of the changes it will see."""
    lag = _lag(str(choices.difference), int(choices.season or 0))
    window, inputs = scaling.shape
    if lag and window < lag + 2:
        raise OptionError(
            "--window", got=str(window), needs=f"at least {lag + 2}: it sees changes over {lag}"
        )
    z = scaling.transform_target(rows[:, 0], np.float64)
    change = z[lag:] - z[:-lag] if lag else z
    common = {
        "inputs": inputs,
        "horizon": choices.horizon,
        "hidden": choices.hidden,
        "lag": lag,
        "drift": float(change.mean()) if lag else 0.0,
        "spread": max(float(change.std()), 1e-3) if lag else 1.0,
        "level": not series_rules.drifts(z),
        "dropout": choices.dropout or 0.0,
    }
    if choices.model == "tcn":
        seen = window - lag
        levels = max(1, math.ceil(math.log2((seen - 1) / 4 + 1)))  # 1 + 2 (3 - 1) (2^n - 1)
        return {"model": "series-tcn", **common, "layers": _layers(choices.layers, levels)}
    cell = {"cell": choices.model, "layers": _layers(choices.layers, 1)}
    return {"model": "series-rnn", **common, **cell}


def _layers(text: str | None, usual: int) -> int:
    if text is None:
        return usual
    if not text.isdigit() or int(text) < 1:
        raise OptionError("--layers", got=repr(text), needs="how many layers, from 1")
    return int(text)
