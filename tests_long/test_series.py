"""The figures for series, several seeds and their medians, beside plain forecasts.

`make long` runs them; PELLUCID_DATA is the folder that holds timeseries/. Settings are chosen by
`python tests_long/test_series.py OPTION ...`, which prints the errors of these options from rolling
origins inside the first 120 months of the airline's passengers, and never reads the rest.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

FOLDER = Path(os.environ.get("PELLUCID_DATA", "")) / "timeseries"
SEEDS = range(5)
KNOWN, AHEAD = 120, 24  # months that everything may see, months that are forecast
ORIGINS = (72, 84, 96)  # inside them, to choose settings

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="timeseries/ is not in PELLUCID_DATA")


def command(*arguments: object) -> Any:
    """The JSON that a command prints."""
    words = [sys.executable, "-m", "pellucid", *map(str, arguments), "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def read(name: str) -> tuple[list[str], np.ndarray[Any, Any]]:
    """The dates and the numbers of a file."""
    with (FOLDER / name).open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    return [row[0] for row in rows], np.array([float(row[1]) for row in rows])


def from_one_origin(out: Path, origin: int, *options: object) -> float:
    """Mean absolute error over 24 months, by a network that was given the rows before alone."""
    dates, values = read("airline-passengers.csv")
    seen = out / "seen.csv"
    rows = [f"{d},{v:g}" for d, v in zip(dates[:origin], values[:origin], strict=True)]
    seen.write_text("\n".join(["Month,Passengers", *rows]) + "\n")
    command(
        "train", seen, "--horizon", AHEAD, "--test", 0, "--out", out / "run", "--force", *options
    )
    told = [row["forecast"] for row in command("forecast", out / "run")["forecast"]]
    return float(np.abs(np.array(told) - values[origin : origin + AHEAD]).mean())


@pytest.mark.parametrize("model", ["lstm", "gru", "tcn"])
def test_airline(tmp_path: Path, model: str) -> None:
    _, values = read("airline-passengers.csv")
    last = np.tile(values[KNOWN - 12 : KNOWN], 2)
    plain = np.abs(last - values[KNOWN:]).mean()
    found = [from_one_origin(tmp_path, KNOWN, "--model", model, "--seed", s) for s in SEEDS]
    print(
        f"\nairline, {model}: MAE {np.round(found, 1)}, median {np.median(found):.1f}; "
        f"seasonal-naive {plain:.1f}"
    )
    assert np.median(found) <= 57


def held_back(name: str, out: Path, *options: object) -> dict[str, float]:
    """Errors of a network on the last 15 % of a series, all origins, and of plain forecasts.

    The seasonal mean is that of the rows before them with the same month, or day of the year.
    """
    from pellucid.cli.opened import split_of

    figures = [
        command("train", FOLDER / name, "--out", out, "--force", "--seed", seed, *options)["test"]
        for seed in range(3)
    ]
    print(f"\n{name}: MAE {[round(f['mae'], 3) for f in figures]}")
    test: Any = split_of(out).test
    first, horizon, values = test.first, test.horizon, test.features[:, 0]
    places = np.array([date[5:] for date in test.series.dates(0, len(values))])
    means = {p: values[:first][places[:first] == p].mean() for p in np.unique(places)}
    usual = np.array([means[p] for p in places])
    origins = np.arange(first, len(values) - horizon + 1)
    rows = origins[:, None] + np.arange(horizon)
    assert (values[rows] == test.y).all()
    return {
        "network": float(np.median([f["mae"] for f in figures])),
        "persistence": float(np.abs(values[rows] - values[origins - 1][:, None]).mean()),
        "seasonal mean": float(np.abs(values[rows] - usual[rows]).mean()),
        "origins": len(origins),
    }


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("monthly-sunspots.csv", ("--horizon", 12)),
        ("daily-min-temperatures.csv", ("--horizon", 7, "--fill", "last")),
    ],
)
def test_long_series(tmp_path: Path, name: str, options: tuple[object, ...]) -> None:
    found = held_back(name, tmp_path / "run", *options)
    print(", ".join(f"{word} {value:.2f}" for word, value in found.items()))
    assert found["network"] < min(found["persistence"], found["seasonal mean"])


def main() -> None:
    """Errors from rolling origins inside the first 120 months, for the options given."""
    with tempfile.TemporaryDirectory() as folder:
        for origin in ORIGINS:
            found = [
                from_one_origin(Path(folder), origin, "--seed", seed, *sys.argv[1:])
                for seed in range(3)
            ]
            print(f"origin {origin}: MAE {np.round(found, 1)}, median {np.median(found):.1f}")


if __name__ == "__main__":
    main()
