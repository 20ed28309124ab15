"""The decision boundary, where the inputs are two numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.report.chart import CARD, GRID, INK, canvas, svg
from pellucid.report.findings import Findings
from pellucid.report.markup import escape, figure, key, number, plot, section

__all__ = ["CLASS_COLOURS", "boundary"]

CLASS_COLOURS = (
    (59, 125, 216),
    (224, 126, 48),
    (47, 163, 122),
    (201, 83, 159),
    (138, 111, 209),
    (170, 150, 30),
    (66, 172, 190),
    (214, 84, 84),
    (122, 139, 153),
    (150, 112, 74),
)
_MIDDLE = (233, 225, 205)
GRID_POINTS, POINTS = 160, 500


def boundary(findings: Findings) -> str:
    """The section with the plane of the two inputs, coloured by the answer."""
    if findings.boundary is None or findings.points is None:
        return ""
    x, y = (np.asarray(part) for part in findings.points)
    across, up = _axes_of(x)
    plane = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2).astype(x.dtype)
    values = np.asarray(findings.boundary(plane), dtype=np.float64)
    if not np.isfinite(values).all():
        return ""
    drawing, axes = canvas(6.4, 4.6)
    axes.grid(visible=False)
    if findings.is_classification:
        values = values.reshape(GRID_POINTS, GRID_POINTS, -1)
        legend, words = _classes(axes, findings, values, across, up, x, y)
    else:
        legend, words = _field(axes, values.reshape(GRID_POINTS, GRID_POINTS), across, up, x, y)
    axes.set_xlim(across[0], across[-1])
    axes.set_ylim(up[0], up[-1])
    first, second = (
        [*findings.features, "the first input", "the second"][:2]
        if len(findings.features) >= 2
        else ("the first input", "the second")
    )
    words += f" Across: {escape(first)}; up: {escape(second)}."
    alt = f"the plane of {first} and {second}, coloured by what the network answers there"
    title = "The decision boundary" if findings.is_classification else "What it answers where"
    chart = figure(plot(svg(drawing, "chart-boundary"), alt), "The two inputs", words, legend)
    return section("boundary", title, f'<div class="one">{chart}</div>')


def _axes_of(x: npt.NDArray[Any]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    low, high = x.min(axis=0).astype(float), x.max(axis=0).astype(float)
    margin = np.where(high > low, 0.12 * (high - low), 0.5)
    low, high = low - margin, high + margin
    return np.linspace(low[0], high[0], GRID_POINTS), np.linspace(low[1], high[1], GRID_POINTS)


def _classes(
    axes: Any, findings: Findings, p: npt.NDArray[np.float64], across: Any, up: Any, x: Any, y: Any
) -> tuple[str, str]:
    if p.shape[2] == 1:  # one number is the probability of class 1
        p = np.concatenate([1 - p, p], axis=2)
    palette = np.array([CLASS_COLOURS[c % len(CLASS_COLOURS)] for c in range(p.shape[2])]) / 255
    answer, sure = p.argmax(axis=2), p.max(axis=2)
    chance = 1 / p.shape[2]
    opacity = 0.08 + 0.5 * np.clip((sure - chance) / (1 - chance), 0, 1)
    image = np.concatenate([palette[answer], opacity[..., None]], axis=2)
    _show(axes, image, across, up)
    for c in range(p.shape[2] - (p.shape[2] == 2)):  # two classes share one line
        lead = p[..., c] - np.delete(p, c, axis=2).max(axis=2)
        if lead.min() < 0 < lead.max():
            axes.contour(across, up, lead, levels=[0.0], colors=[INK], linewidths=1.0)
    some = _some(len(x))
    labels = np.asarray(y).ravel().astype(int)[some]
    for c in np.unique(labels):
        dots = x[some][labels == c]
        colour = palette[c % len(palette)]
        axes.plot(*dots.T, "o", color=colour, markersize=5, mec=CARD, mew=0.9)
    entries = [
        (f"rgb{CLASS_COLOURS[c % len(CLASS_COLOURS)]}", findings.class_name(int(c)))
        for c in np.unique(labels)
    ]
    words = (
        "Each dot is an example in the colour of its true class; the ground has the colour of the "
        "network's answer, the stronger the surer, and the line is where the answer changes."
    )
    return key(*entries), words


def _field(axes: Any, values: Any, across: Any, up: Any, x: Any, y: Any) -> tuple[str, str]:
    truth = np.asarray(y, dtype=np.float64).ravel()
    low = float(min(values.min(), truth.min()))
    high = float(max(values.max(), truth.max()))
    _show(axes, _ramp(values, low, high), across, up)
    if values.max() > values.min():
        axes.contour(
            across, up, values, levels=7, colors=[GRID], linewidths=0.8, linestyles="solid"
        )
    some = _some(len(x))
    colours = _ramp(truth[some], low, high)[:, :3]
    axes.scatter(*x[some].T, c=colours, s=26, edgecolors=INK, linewidths=0.6)
    legend = key((f"rgb{CLASS_COLOURS[0]}", number(low)), (f"rgb{CLASS_COLOURS[1]}", number(high)))
    words = (
        "The ground shows the number that the network answers, each dot the true number of an "
        "example; a dot that stands out from its ground is predicted badly."
    )
    return legend, words


def _ramp(values: Any, low: float, high: float) -> npt.NDArray[np.float64]:
    """Blue for low, sand for the middle, orange for high, as RGBA."""
    t = ((values - low) / ((high - low) or 1.0))[..., None]
    low_colour, high_colour = np.array(CLASS_COLOURS[:2]) / 255
    end = np.where(t < 0.5, low_colour, high_colour)
    strength = np.abs(2 * t - 1)
    colour = (1 - strength) * np.array(_MIDDLE) / 255 + strength * end
    return np.concatenate([colour, np.full_like(t, 0.7)], axis=-1)


def _show(axes: Any, image: Any, across: Any, up: Any) -> None:
    extent = (across[0], across[-1], up[0], up[-1])
    axes.imshow(image, origin="lower", extent=extent, aspect="auto", interpolation="nearest")


def _some(count: int) -> npt.NDArray[np.int64]:
    return np.unique(np.linspace(0, count - 1, min(count, POINTS)).round().astype(np.int64))
