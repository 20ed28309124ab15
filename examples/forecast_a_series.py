"""Forecasts a series: windows, a network that starts from last year, intervals it has earned.

    python examples/forecast_a_series.py airline-passengers.csv
    python examples/forecast_a_series.py airline-passengers.csv --horizon 24

The file has a column of dates and a column of numbers; what the command `pellucid train FILE.csv
--horizon 12` decides by itself is written out here.
"""

from __future__ import annotations

import argparse

import numpy as np

import pellucid
from pellucid.data import series_rules
from pellucid.data.series import read_series
from pellucid.data.series_windows import Scaling, cut
from pellucid.models import SeriesRNN
from pellucid.train.forecasting import forecast, half_widths, residuals


def main() -> None:
    """Train on the past, measure on what followed, and say what comes next."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", help="a CSV file of months and numbers")
    parser.add_argument("--horizon", type=int, default=12, help="months to forecast (%(default)s)")
    parser.add_argument("--epochs", type=int, default=100)
    chosen = parser.parse_args()
    series, horizon = read_series(chosen.file), chosen.horizon

    # By time: what is forecast in one part is never seen while another one learns.
    train, validation, _ = cut(
        series, horizon=horizon, window=24, validation=0.2, test=0.0, calendar=False
    )
    assert train is not None and validation is not None and train.features is not None

    # What the training part says: is the spread even in logarithms, and does last year help?
    past = train.features[: train.end]
    log = series_rules.grows(past[:, 0], season=12)
    scaling = Scaling.learn(past, series.target, train.x.shape[1:], plain=0, log=log)
    z = scaling.transform_target(past[:, 0], np.float64)
    yearly = z[12:] - z[:-12]  # the network sees these changes, and adds to last year's rows

    pellucid.manual_seed(0)
    network = SeriesRNN(
        1, horizon, "gru", 16, lag=12, drift=yearly.mean(), spread=yearly.std(), level=False
    )
    run = pellucid.fit(
        network,
        train,
        validation,
        task="series",
        preparation=scaling,
        optimizer="adamw",
        schedule="onecycle",
        lr=0.003,
        epochs=chosen.epochs,
        batch_size=16,
    )

    # How far off it was from every row of the validation part tells how sure it may be.
    widths = half_widths(residuals(run, validation))
    told = forecast(run, series, widths, train.features, len(series))
    for date, value, low, high in zip(
        told.dates, told.values, told.low[0], told.high[0], strict=True
    ):
        print(f"{date}  {value:8.1f}   80 %: {low:8.1f} to {high:8.1f}")


if __name__ == "__main__":
    main()
