"""How far predicted numbers are off: predicted against true, and the residuals."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.report.chart import FIRST, GRID, INK, MUTED, SECOND, canvas, svg
from pellucid.report.findings import Findings
from pellucid.report.markup import figure, key, number, plot, section, side_by_side

__all__ = ["numbers"]

POINTS = 800  # drawn at most, evenly taken


def numbers(findings: Findings) -> str:
    """The section for a regression."""
    if findings.is_classification or findings.y_true is None:
        return ""
    true = findings.y_true.astype(np.float64)
    pred = findings.y_pred.astype(np.float64)
    charts = side_by_side(
        _curve(findings, true, pred),
        _against(true, pred),
        _residuals(true, pred),
        _histogram(pred - true),
    )
    return section("numbers", "How far it is off", charts)


def _curve(findings: Findings, true: Any, pred: Any) -> str:
    """For a single input: the curve that was learnt, through the points."""
    x = _single_input(findings)
    if x is None:
        return ""
    drawing, axes = canvas()
    some, order = _some(len(x)), np.argsort(x, kind="stable")
    axes.plot(x[some], true[some], "o", color=MUTED, alpha=0.5, markersize=3.2, mew=0)
    axes.plot(x[order], pred[order], color=FIRST, linewidth=1.8)
    alt = f"the learnt curve over inputs from {number(float(x.min()))} to {number(float(x.max()))}"
    legend = key(("var(--muted)", "true"), ("var(--first)", "predicted"))
    words = "The line is what the network answers for each input, the dots are the true values."
    return figure(plot(svg(drawing, "chart-learnt"), alt), "The learnt curve", words, legend)


def _single_input(findings: Findings) -> npt.NDArray[np.float64] | None:
    rows = findings.rows
    if not isinstance(rows, np.ndarray) or len(rows) == 0:
        return None
    if rows.dtype.kind not in "iuf" or rows.size != len(rows):
        return None
    return rows.ravel().astype(np.float64)


def _against(true: Any, pred: Any) -> str:
    drawing, axes = canvas(height=3.4)
    low, high = min(true.min(), pred.min()), max(true.max(), pred.max())
    some = _some(len(true))
    axes.plot([low, high], [low, high], color=INK, linewidth=0.9, linestyle=(0, (2, 3)))
    axes.plot(true[some], pred[some], "o", color=FIRST, alpha=0.45, markersize=3.6, mew=0)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.set_xlabel("true", color=MUTED)
    alt = f"predicted against true values between {number(float(low))} and {number(float(high))}"
    words = (
        "Each dot is one example; on the dashed line the prediction is exact, above it too high."
    )
    return figure(plot(svg(drawing, "chart-against"), alt), "Predicted against true", words)


def _residuals(true: Any, pred: Any) -> str:
    drawing, axes = canvas(height=3.4)
    some = _some(len(true))
    axes.axhline(0, color=INK, linewidth=0.9, linestyle=(0, (2, 3)))
    axes.plot(pred[some], (pred - true)[some], "o", color=SECOND, alpha=0.45, markersize=3.6, mew=0)
    axes.set_xlabel("predicted", color=MUTED)
    alt = f"residuals between {_range(pred - true)}, over the predicted values"
    words = (
        "The error (predicted minus true) over the prediction; a bend or a funnel is something "
        "that the network has not learnt."
    )
    return figure(plot(svg(drawing, "chart-residuals"), alt), "Residuals", words)


def _histogram(error: npt.NDArray[np.float64]) -> str:
    drawing, axes = canvas(height=2.4)
    counts, edges = np.histogram(error, bins=min(40, max(5, len(error) // 8)))
    axes.bar(
        edges[:-1],
        counts,
        np.diff(edges) * 0.92,
        align="edge",
        color=SECOND,
        alpha=0.7,
        linewidth=0,
    )
    axes.axvline(0, color=INK, linewidth=0.9, linestyle=(0, (2, 3)))
    alt = f"how often each residual occurs, between {_range(error)}"
    words = "How often each error occurs; a good fit gives a narrow hill about zero."
    return figure(plot(svg(drawing, "chart-errors"), alt), "How often each error occurs", words)


def _some(count: int) -> npt.NDArray[np.int64]:
    return np.unique(np.linspace(0, count - 1, min(count, POINTS)).round().astype(np.int64))


def _range(values: Any) -> str:
    return f"{number(float(values.min()))} and {number(float(values.max()))}"
