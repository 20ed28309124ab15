"""How the training went: loss, accuracy or error, learning rate and time, epoch by epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pellucid.record import Record
from pellucid.report.chart import FIRST, INK, MUTED, SECOND, canvas, plain_log, svg
from pellucid.report.findings import Findings
from pellucid.report.markup import (
    figure,
    key,
    number,
    percent,
    plot,
    seconds,
    section,
    side_by_side,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["curves"]

Series = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]
_LINES = [
    ("train", "training", FIRST, "var(--first)"),
    ("validation", "validation", SECOND, "var(--second)"),
]


def curves(findings: Findings) -> str:
    """The section with the charts over the epochs."""
    record, own = findings.record, _OWN.get(findings.task, {})
    charts = side_by_side(
        _learning(record, "loss", "Loss", own.get("loss", _LOSS)),
        _learning(record, "accuracy", "Accuracy", _ACCURACY),
        _learning(record, "rmse", "Error (RMSE)", own.get("rmse", _RMSE)),
        _learning_rate(record),
        _times(record),
    )
    return section("curves", "How it learnt", charts)


# What a chart shows, and what the second line adds to it.
_LOSS = (
    "The loss is what training makes small",
    "; where the validation line turns upwards while the training line still falls, the network "
    "has begun to learn the examples by heart",
)
_ACCURACY = (
    "The share of right answers",
    "; where training lies above validation, the gap is what the network knows of its own examples "
    "only (dropout and augmentation make training harder and can turn the two lines round)",
)
_OTHERS = (
    "; the training line is measured on the examples that the network learns from, the validation "
    "line on others"
)
_RMSE = ("How far the predictions are off, in the target's own units", _OTHERS)
_PIXELS = ("How far a pixel is off, where black is 0 and white is 1", _OTHERS)
_PLAYERS = (
    "The losses of both players together: what the one wins the other loses, so it need not fall",
    "",
)
# Where a task's chart means something else.
_OWN = {
    "pictures": {"rmse": _PIXELS},
    "variational": {"rmse": _PIXELS},
    "adversarial": {"loss": _PLAYERS},
}


def _learning(record: Record, name: str, title: str, words: tuple[str, str]) -> str:
    """Training and validation in one chart, with the best epoch marked."""
    lines = []
    for prefix, part, colour, css in _LINES:
        epochs, values = _finite(record.series(f"{prefix}_{name}"))
        if len(epochs):
            lines.append((part, colour, css, epochs, values))
    if not lines:
        return ""
    drawing, axes = canvas(above=0.3)
    for _, colour, _, epochs, values in lines:
        _line(axes, epochs, values, colour)
    _epoch_axis(axes, record)
    _scale(axes, name, np.concatenate([values for *_, values in lines]))
    _mark_best(axes, record.best_epoch)
    legend = key(*[(css, part) for part, _, css, _, _ in lines])
    alt = f"{title} over the epochs: " + "; ".join(
        _in_words(part, epochs, values, name) for part, _, _, epochs, values in lines
    )
    explanation = words[0] + (words[1] if len(lines) == 2 else "") + "."
    return figure(plot(svg(drawing, f"chart-{name}"), alt), title, explanation, legend)


def _learning_rate(record: Record) -> str:
    from matplotlib.ticker import FuncFormatter

    epochs, values = _finite(record.series("lr"))
    if not len(epochs):
        return ""
    drawing, axes = canvas(height=1.9)
    _line(axes, epochs, values, MUTED)
    _epoch_axis(axes, record)
    axes.set_ylim(0, values.max() * 1.08 or 1)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    alt = _in_words("learning rate", epochs, values, "lr")
    words = (
        "The learning rate scales the steps that the weights take, here at the end of each epoch."
    )
    return figure(plot(svg(drawing, "chart-lr"), alt), "Learning rate", words)


def _times(record: Record) -> str:
    from matplotlib.ticker import FuncFormatter

    epochs, values = _finite(record.series("seconds"))
    if not len(epochs):
        return ""
    drawing, axes = canvas(height=1.9)
    axes.bar(epochs, values, color=MUTED, alpha=0.55, width=0.7)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    _epoch_axis(axes, record)
    _, speed = _finite(record.series("samples_per_second"))
    rate = f" ({number(round(float(np.median(speed))))} examples a second)" if len(speed) else ""
    alt = f"seconds per epoch, {number(float(values.min()))} to {number(float(values.max()))}"
    words = (
        f"The seconds that each epoch took, typically {seconds(float(np.median(values)))}{rate}; "
        "a tall bar means that the machine was busy with something else."
    )
    return figure(plot(svg(drawing, "chart-time"), alt), "Time per epoch", words)


def _line(axes: Axes, epochs: Any, values: Any, colour: str) -> None:
    dots: dict[str, Any] = {"marker": "o", "markersize": 3.4} if len(epochs) <= 20 else {}
    axes.plot(epochs, values, color=colour, linewidth=1.8, solid_capstyle="round", **dots)


def _epoch_axis(axes: Axes, record: Record) -> None:
    from matplotlib.ticker import FixedLocator, MaxNLocator

    last = max((int(e["epoch"]) for e in record.epochs()), default=1)
    axes.set_xlim(0.4, last + 0.6)
    few = last < 8
    axes.xaxis.set_major_locator(
        FixedLocator(range(1, last + 1))
        if few
        else MaxNLocator(8, integer=True, steps=[1, 2, 5, 10])
    )
    axes.set_xlabel("epoch", color=MUTED, labelpad=3)


def _scale(axes: Axes, name: str, values: npt.NDArray[np.float64]) -> None:
    """A loss that falls a long way is drawn on a logarithmic axis; accuracies in percent."""
    from matplotlib.ticker import FuncFormatter

    if name == "accuracy":
        axes.set_ylim(top=min(1.0, axes.get_ylim()[1]))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:.4g} %"))
    elif values.min() > 0 and values.max() > 10 * values.min():
        plain_log(axes)
    else:
        axes.set_ylim(bottom=0 if values.min() >= 0 else None)


def _mark_best(axes: Axes, best: int | None) -> None:
    if best is None:
        return
    axes.axvline(best, color=INK, linewidth=0.9, linestyle=(0, (2, 3)))
    left, right = axes.get_xlim()
    near_the_start = best < left + 0.15 * (right - left)
    near_the_end = best > left + 0.85 * (right - left)
    axes.annotate(
        f"best: epoch {best}",
        (best, 1),
        xycoords=("data", "axes fraction"),
        xytext=(0, 4),
        textcoords="offset points",
        ha="right" if near_the_end else "left" if near_the_start else "center",
        va="bottom",
        color=INK,
        fontsize=9,
    )


def _finite(series: Series) -> Series:
    epochs, values = series
    good = np.isfinite(values)
    return epochs[good], values[good]


def _in_words(what: str, epochs: Any, values: Any, name: str) -> str:
    def said(value: float) -> str:
        return percent(value) if name == "accuracy" else number(float(value))

    first, last = said(values[0]), said(values[-1])
    return f"{what} from {first} in epoch {epochs[0]} to {last} in epoch {epochs[-1]}"
