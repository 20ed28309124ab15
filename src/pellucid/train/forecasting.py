"""Forecasts with their intervals: from how far off the network was on data that it did not fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.data.base import Array
from pellucid.data.series import Series
from pellucid.data.series_windows import Windows
from pellucid.errors import DataError, RunError
from pellucid.train.run import Run

__all__ = ["SHARES", "Forecast", "forecast", "half_widths", "residuals"]

SHARES = (0.8, 0.95)  # of the truth that an interval is meant to hold
ENOUGH = 8  # residuals that tell the spread of a row of the horizon
MOST = 2000  # origins that are looked at, evenly taken


@dataclass(frozen=True, eq=False)
class Forecast:
    """The next rows of a series: ``values`` (H,), ``low`` and ``high`` (shares, H)."""

    dates: list[str]
    values: Array
    shares: tuple[float, ...]
    low: Array
    high: Array

    def to_json(self) -> dict[str, Any]:
        """One entry a row, its intervals by their share in percent."""
        rows = []
        for h, date in enumerate(self.dates):
            bands = {
                f"{100 * share:g}": [float(self.low[k, h]), float(self.high[k, h])]
                for k, share in enumerate(self.shares)
            }
            rows.append({"date": date, "forecast": float(self.values[h]), "intervals": bands})
        return {"forecast": rows}


def residuals(run: Run, part: Windows) -> Array:
    """Truth less forecast from every row of a part, (origins, H), in the network's units.

    NaN where the truth lies beyond the part.
    """
    x, y = part.rolling()
    some = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST)).astype(int))
    outputs = run.outputs(x[some]).astype(np.float64)
    preparation = run.problem.preparation
    assert preparation is not None
    found: Array = preparation.transform_target(y[some], np.float64) - outputs
    return found


def half_widths(errors: Array, shares: Sequence[float] = SHARES) -> Array:
    """Half the width of the intervals, (shares, H), from residuals (origins, H) with NaN.

    The spread s_h of a row of the horizon is the root of its mean square, never less than that of
    the row before; where fewer than 8 residuals tell it, it goes on as sqrt(h). The intervals are
    s_h times a quantile of all the |residuals| / s, the ceil((n + 1) share) / n one, as in split
    conformal prediction (Lei et al. 2018, section 2.2); rows of a series depend on each other, so
    that what is a guarantee there is a good guess here.

    >>> half_widths(np.array([[1.0, 2.0], [-1.0, -2.0]] * 10), [0.8]).round(3).tolist()
    [[1.0, 2.0]]
    """
    known = np.isfinite(errors)
    counts = known.sum(axis=0)
    squares = np.where(known, np.square(np.where(known, errors, 0.0)), 0.0).sum(axis=0)
    if not counts.any():
        raise DataError("intervals", got="no residual", needs="one at least")
    enough = counts >= min(ENOUGH, counts.max())
    spread = np.sqrt(squares / np.maximum(counts, 1))
    last = int(np.flatnonzero(enough)[-1])
    rows = np.arange(len(spread))
    beyond = np.maximum.accumulate(np.where(enough, spread, 0.0))[last] * np.sqrt(
        (rows + 1) / (last + 1)
    )
    spread = np.maximum.accumulate(np.where(enough, spread, np.where(rows > last, beyond, 0.0)))
    spread = np.maximum(spread, 1e-12)
    sizes = np.sort((np.abs(errors) / spread)[known])
    n = len(sizes)
    places = [min(n, int(np.ceil((n + 1) * share))) - 1 for share in shares]
    return sizes[places][:, np.newaxis] * spread


def forecast(run: Run, series: Series, widths: Array, features: Array, origin: int) -> Forecast:
    """The rows after row ``origin`` - 1 of ``features``, with intervals of these half widths.

    Raises DataError where fewer rows stand before it than the network sees.
    """
    preparation = run.problem.preparation
    if preparation is None or run.task != "series":
        raise RunError(
            f"run {run.folder}",
            got=f"a run of another kind ({run.problem.kind.title})",
            needs="a network that learnt a series",
            try_="pellucid train FILE.csv --horizon 12",
        )
    window = preparation.shape[0]
    if origin < window:
        raise DataError(
            f"series {series.name}",
            got=f"{origin:,} rows",
            needs=f"{window:,}, which the network looks back on",
        )
    z = run.outputs(features[origin - window : origin][np.newaxis])[0].astype(np.float64)
    own = preparation.inverse_target
    return Forecast(
        series.dates(origin, origin + len(z)), own(z), SHARES, own(z - widths), own(z + widths)
    )
