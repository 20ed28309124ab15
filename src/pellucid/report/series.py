"""A forecast in pictures: history, truth, forecast and intervals; the error by horizon."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.data import Split
from pellucid.data.base import Array
from pellucid.data.series_rules import naive
from pellucid.data.series_windows import Windows
from pellucid.report.chart import FIRST, INK, MUTED, SECOND, SOFT, canvas, svg, theme
from pellucid.report.markup import escape, figure, key, number, percent, plot, section, table
from pellucid.train import Run
from pellucid.train.forecasting import SHARES, forecast, half_widths, residuals

__all__ = ["errors_by_horizon", "series_section"]

_BANDS = ("var(--first-soft)", " and ".join(percent(share, 0) for share in SHARES))
HISTORY = 5  # horizons of history that are drawn
MOST = 400  # rows of history at most


def series_section(run: Run, parts: Split, season: int) -> str:
    """The section of a run that learnt a series."""
    held: Any = parts.validation or parts.train
    shown: Any = parts.test or held
    widths = half_widths(residuals(run, held))
    with theme():
        found = [
            _words(parts),
            _forecast(run, shown, widths),
            _onwards(run, shown, widths),
            _by_horizon(run, shown, season, _named(parts)),
            _coverage(run, shown, widths, parts),
        ]
    return section("forecast", "What it forecasts", *found)


def _named(parts: Split) -> str:
    """The part that is shown."""
    if parts.test is not None:
        return "the test part"
    return "the training part" if parts.validation is None else "the validation part"


def _words(parts: Split) -> str:
    told = "the validation part" if parts.validation is not None else "the training part itself"
    warn = "" if parts.validation is not None else ", and are too narrow for that reason"
    return (
        f"<p>The intervals come from how far off the forecasts from every row of {told} were, row "
        f"by row of the horizon{warn}. They hold as long as the series goes on as it did there.</p>"
    )


def errors_by_horizon(run: Run, part: Windows, season: int) -> dict[str, Array]:
    """The mean absolute error in each row of the horizon, (H,), of the network and of plain
    forecasts from the same origins: the last row goes on; the last season goes on.
    """
    assert part.features is not None
    truth, horizon = part.y, part.horizon
    found = {"network": np.abs(run.predict(part.x).reshape(truth.shape) - truth).mean(axis=0)}
    start = max(part.first, part.window)
    lags = {"naive": 1, "seasonal naive": season}
    for name, lag in lags.items():
        if not lag or start < lag:
            continue
        seen = np.lib.stride_tricks.sliding_window_view(part.features[:, 0], lag)
        last = seen[start - lag : start - lag + len(truth)]
        found[name] = np.abs(naive(last, lag, horizon) - truth).mean(axis=0)
    return found


def _forecast(run: Run, part: Windows, widths: Array) -> str:
    """From the first origin of the part: what was known, what came, what was forecast."""
    assert part.features is not None and part.series is not None
    origin = max(part.first, part.window)
    told = forecast(run, part.series, widths, part.features, origin)
    truth = part.features[origin : origin + part.horizon, 0]
    start = max(0, origin - min(MOST, HISTORY * part.horizon))
    drawing, axes = canvas(width=9.6, height=3.4)
    rows = np.arange(origin, origin + part.horizon)
    _bands(axes, rows, told)
    history = np.arange(start, origin + len(truth))
    axes.plot(history, part.features[start : origin + len(truth), 0], color=INK, linewidth=1.2)
    joined = np.concatenate([part.features[origin - 1 : origin, 0], told.values])
    axes.plot(np.arange(origin - 1, origin + part.horizon), joined, color=FIRST, linewidth=1.9)
    axes.axvline(origin - 0.5, color=MUTED, linewidth=0.9, linestyle=(0, (2, 3)))
    _dates(axes, part, start, origin + part.horizon)
    off = float(np.abs(told.values - truth).mean())
    alt = f"history, truth and forecast of {part.horizon} rows; off by {number(off)} on average"
    words = (
        f"What the network said at {escape(part.series.dates(origin - 1, origin)[0])} (dashed), "
        f"and what came: off by {number(off)} on average. The soft areas are meant to hold "
        f"{percent(SHARES[0], 0)} and {percent(SHARES[1], 0)} of the truth."
    )
    legend = key(("var(--ink)", "truth"), ("var(--first)", "forecast"), _BANDS)
    return figure(plot(svg(drawing, "chart-forecast"), alt), "Forecast and truth", words, legend)


def _onwards(run: Run, part: Windows, widths: Array) -> str:
    """Beyond the end of the file."""
    assert part.features is not None and part.series is not None
    origin, horizon = len(part.features), part.horizon
    told = forecast(run, part.series, widths, part.features, origin)
    start = max(0, origin - min(MOST, HISTORY * horizon))
    drawing, axes = canvas(width=9.6, height=3.0)
    _bands(axes, np.arange(origin, origin + horizon), told)
    axes.plot(np.arange(start, origin), part.features[start:, 0], color=INK, linewidth=1.2)
    joined = np.concatenate([part.features[-1:, 0], told.values])
    axes.plot(np.arange(origin - 1, origin + horizon), joined, color=FIRST, linewidth=1.9)
    _dates(axes, part, start, origin + horizon)
    alt = f"history, and the forecast of the {horizon} rows that follow"
    words = (
        f"The {horizon} rows that follow the end of the file, {escape(told.dates[0])} to "
        f"{escape(told.dates[-1])}; pellucid forecast prints them."
    )
    legend = key(("var(--ink)", "history"), ("var(--first)", "forecast"), _BANDS)
    return figure(plot(svg(drawing, "chart-onwards"), alt), "What comes next", words, legend)


def _bands(axes: Any, rows: Array, told: Any) -> None:
    for k in (1, 0):
        axes.fill_between(
            rows, told.low[k], told.high[k], color=SOFT[FIRST], alpha=(1.0, 0.45)[k], linewidth=0
        )


def _dates(axes: Any, part: Windows, start: int, stop: int) -> None:
    """A few dates under the axis, where a year or a round number of rows begins."""
    assert part.series is not None
    texts = part.series.dates(start, stop)
    first = [k for k, text in enumerate(texts) if k == 0 or text[:4] != texts[k - 1][:4]][1:]
    if len(first) >= 3 and part.series.step.unit in "MDBs":
        places, shown = first, [texts[k][:4] for k in first]
        step = -(-len(places) // 10)
        places, shown = places[::step], shown[::step]
    else:
        places = list(range(0, len(texts), max(1, len(texts) // 6)))
        shown = [texts[k] for k in places]
    axes.set_xlim(start - 0.5, stop - 0.5)
    axes.set_xticks([start + k for k in places], shown)


def _by_horizon(run: Run, part: Windows, season: int, named: str) -> str:
    found = errors_by_horizon(run, part, season)
    drawing, axes = canvas(width=9.6, height=2.9)
    rows = np.arange(1, part.horizon + 1)
    colours = {
        "network": (FIRST, "var(--first)"),
        "naive": (MUTED, "var(--muted)"),
        "seasonal naive": (SECOND, "var(--second)"),
    }
    for name, errors in found.items():
        mark: Any = {"marker": "o", "markersize": 4} if len(rows) <= 24 else {}
        axes.plot(rows, errors, color=colours[name][0], linewidth=1.7, **mark)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("rows ahead", color=MUTED)
    means = {name: float(errors.mean()) for name, errors in found.items()}
    alt = "mean absolute error by horizon: " + "; ".join(
        f"{name} {number(mean)} on average" for name, mean in means.items()
    )
    seasonal = "; the last season going on" if "seasonal naive" in found else ""
    origins = f"{len(part.y):,} origins" if len(part.y) != 1 else "origin"
    words = (
        f"The mean absolute error of each row ahead, from the same {origins} of {named}: the "
        f"network; the last row going on (naive){seasonal}."
    )
    legend = key(*[(colours[name][1], name) for name in found])
    cells = [[escape(name), number(mean)] for name, mean in means.items()]
    chart = figure(plot(svg(drawing, "chart-by-horizon"), alt), "Error by horizon", words, legend)
    return chart + table(["forecast", "mean absolute error"], cells, "plain")


def _coverage(run: Run, part: Windows, widths: Array, parts: Split) -> str:
    """How much of the truth the intervals held, where it was not measured on them."""
    if parts.test is None:
        return ""
    errors = np.abs(residuals(run, part))
    known = np.isfinite(errors)
    held = [percent(float((errors <= w)[known].mean()), 0) for w in widths]
    said = "; ".join(
        f"the {percent(share, 0)} interval held {text}"
        for share, text in zip(SHARES, held, strict=True)
    )
    return f"<p>Of the truth in the test part {said}.</p>"
