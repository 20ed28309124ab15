"""How weights and gradients were spread, epoch by epoch, layer by layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.record import Event, Record, number
from pellucid.report.chart import FIRST, SECOND, SOFT, canvas, svg
from pellucid.report.findings import Findings
from pellucid.report.markup import escape, figure, fold, plot, section, side_by_side

__all__ = ["histograms", "rebinned"]

RIDGES, BINS, LAYERS = 9, 56, 10
Floats = npt.NDArray[np.float64]


def histograms(findings: Findings) -> str:
    """The section with the histograms; those of the biases are folded away."""
    names = _names(findings.record)
    layers = [name for name in names if not name.endswith("bias")]
    others = [name for name in names if name.endswith("bias")]
    shown = _pairs(findings.record, layers[:LAYERS])
    folded = fold("The biases", _pairs(findings.record, others[:LAYERS]))
    left_out = max(0, len(layers) - LAYERS)
    note = f"<p>{left_out} more layers are in <code>record.jsonl</code>.</p>" if left_out else ""
    words = (
        "<p>Each ridge is one epoch (its number at the left), the last in front, and shows which "
        "values are common. Weights spread slowly; gradients narrow as the loss falls. Gradients "
        "that are a spike at zero while the loss is still high belong to a layer that does not "
        "learn.</p>"
    )
    return (
        section("histograms", "Weights and gradients", words, shown, folded, note) if names else ""
    )


def rebinned(events: list[Event]) -> tuple[Floats, Floats]:
    """All histograms on common edges, (E, BINS) shares of each epoch, and those edges.

    The edges hold all but the outermost half percent of all the values.
    """
    sums = [_running_sum(event) for event in events]
    low = min(np.interp(0.0025, share, edges) for edges, share in sums)
    high = max(np.interp(0.9975, share, edges) for edges, share in sums)
    if high <= low:
        low, high = low - 0.5, high + 0.5
    common = np.linspace(low, high, BINS + 1)
    shares = [np.diff(np.interp(common, edges, share, 0.0, 1.0)) for edges, share in sums]
    return np.array(shares), common


def _names(record: Record) -> list[str]:
    """The parameters that have a histogram, in the network's order."""
    return list(record.histograms("weight") | record.histograms("gradient"))


def _pairs(record: Record, names: list[str]) -> str:
    kinds = {kind: record.histograms(kind) for kind in ("weight", "gradient")}
    charts = []
    for i, name in enumerate(names):
        for kind, colour in (("weight", FIRST), ("gradient", SECOND)):
            events = [e for e in kinds[kind].get(name, []) if _is_finite(e)]
            if events:
                charts.append(_ridges(events, name, kind, colour, f"{kind}-{i}-{_short(name)}"))
    return side_by_side(*charts)


def _ridges(events: list[Event], name: str, kind: str, colour: str, where: str) -> str:
    events = [events[i] for i in _evenly(len(events), RIDGES)]
    shares, edges = rebinned(events)
    middle = (edges[:-1] + edges[1:]) / 2
    drawing, axes = canvas(5.0, 0.65 + 0.17 * len(events), below=0.3)
    lift = 1.7  # a ridge may rise over the next one behind it
    for row, share in enumerate(shares):
        base = float(len(events) - 1 - row)
        line = base + lift * share / (share.max() or 1.0)
        across = np.concatenate([middle[:1], middle, middle[-1:]])
        up = np.concatenate([[base], line, [base]])
        axes.fill(across, up, fc=SOFT[colour], ec=colour, linewidth=0.9, zorder=row)
    _epoch_labels(axes, events)
    title = f"<code>{escape(name).replace('.', '.<wbr>')}</code> {kind}s"
    return figure(
        plot(svg(drawing, where), f"{kind}s of {name}: {_in_words(events)}"),
        title,
        _in_words(events).capitalize() + ".",
    )


def _epoch_labels(axes: Any, events: list[Event]) -> None:
    shown = {0, len(events) // 2, len(events) - 1}
    axes.set_yticks(
        [len(events) - 1 - i for i in sorted(shown)],
        [str(events[i]["epoch"]) for i in sorted(shown)],
    )
    axes.set_ylim(-0.15, len(events) + 0.9)
    axes.grid(visible=False)
    axes.locator_params(axis="x", nbins=6)


def _in_words(events: list[Event]) -> str:
    first, last = events[0], events[-1]
    spread = f"standard deviation {number(first['std']):.2g} in epoch {first['epoch']}"
    if first is last:
        return spread
    return f"{spread}, {number(last['std']):.2g} in epoch {last['epoch']}"


def _running_sum(event: Event) -> tuple[Floats, Floats]:
    counts = np.array([number(c) for c in event["counts"]])
    share = np.concatenate([[0.0], np.cumsum(counts)]) / (counts.sum() or 1.0)
    return np.array([number(e) for e in event["edges"]]), share


def _is_finite(event: Event) -> bool:
    edges = np.array([number(e) for e in event.get("edges", [])])
    return (
        len(edges) > 1
        and len(edges) == len(event["counts"]) + 1
        and bool(np.isfinite(edges).all() and np.isfinite(number(event["std"])))
    )


def _evenly(count: int, most: int) -> list[int]:
    """At most so many places of 0 ... count - 1, the first and the last among them."""
    return [int(i) for i in np.unique(np.linspace(0, count - 1, min(count, most)).round())]


def _short(name: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in name)
