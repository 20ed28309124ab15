"""The figures as a picture: a panel for each row, a bar for each peer, its quarters as a line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.results import SGEMM, Entry, Result

__all__ = ["plot"]

COLOURS = {"ours": "#1b6ca8", "peer": "#b9b9b9", "floor": "#d9c48f"}


def plot(results: Sequence[Result], path: Path) -> None:
    """Write an SVG. Raises ModuleNotFoundError without matplotlib."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    shown = [result for result in results if result.entries]
    plt.rcParams["svg.fonttype"] = "none"  # letters as letters: small, and they can be searched
    plt.rcParams["svg.hashsalt"] = "pellucid"
    rows = -(-len(shown) // 2)
    figure, axes = plt.subplots(rows, 2, figsize=(12, 2.6 * rows), squeeze=False)
    for axis, result in zip(axes.flat, shown, strict=False):
        _panel(axis, result)
    for axis in list(axes.flat)[len(shown) :]:
        axis.remove()
    figure.tight_layout()
    figure.savefig(path, format="svg", metadata={"Date": None})
    plt.close(figure)


def _panel(axis: Any, result: Result) -> None:
    entries = _shown(result)
    places = range(len(entries))
    medians = [e.median for e in entries]
    around = [
        [max(0.0, e.median - e.spread.low) for e in entries],
        [max(0.0, e.spread.high - e.median) for e in entries],
    ]
    colours = [COLOURS[e.role] for e in entries]
    axis.barh(places, medians, color=colours, xerr=around, error_kw={"lw": 1, "ecolor": "#444"})
    axis.set_yticks(places, [_label(e) for e in entries], fontsize=7)
    for place, value in zip(places, medians, strict=True):
        axis.annotate(f" {value:.3g}", (value, place), va="center", fontsize=7)
    for floor in sorted(result.floor().values())[:1]:
        axis.axvline(floor, color="#a07d1c", lw=1, ls="--")
    axis.set_title(f"{result.title}, {result.unit}", fontsize=8, loc="left")
    axis.tick_params(axis="x", labelsize=7)
    axis.margins(x=0.12)
    axis.spines[["top", "right"]].set_visible(False)


def _shown(result: Result) -> list[Entry]:
    """The best entry of each, the quickest on top."""
    entries = [e for e in result.best() if not (result.kind == "step" and e.peer == SGEMM)]
    return sorted(entries, key=lambda e: -e.median)


def _label(entry: Entry) -> str:
    threads = f", {entry.threads} thread{'s' * (entry.threads > 1)}" if entry.threads else ""
    return entry.peer + threads
