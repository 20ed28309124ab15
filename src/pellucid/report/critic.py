"""How a generator and its critic got on: what the critic took for real, epoch by epoch."""

from __future__ import annotations

from pellucid.record import Record
from pellucid.report.chart import FIRST, MUTED, SECOND, canvas, svg, theme
from pellucid.report.markup import figure, key, percent, plot

__all__ = ["critic_chart"]

_LINES = (
    ("train_recognised", "real pictures", FIRST, "var(--first)"),
    ("train_deceived", "made pictures", SECOND, "var(--second)"),
)


def critic_chart(record: Record) -> str:
    """The shares of real and of made pictures that the critic called real."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    told = []
    with theme():
        drawing, axes = canvas(9.6, 2.9)
        for name, words, colour, _ in _LINES:
            epochs, shares = record.series(name)
            if not len(epochs):
                return ""
            axes.plot(epochs, shares, color=colour, linewidth=1.8, marker="o", markersize=3.4)
            told.append(f"{words} {percent(float(shares[-1]))} at the end")
        axes.set_ylim(0, 1.03)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:.4g} %"))
        axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        axes.set_xlabel("epoch", color=MUTED, labelpad=3)
        picture = svg(drawing, "chart-critic")
    legend = key(*[(css, words) for _, words, _, css in _LINES])
    alt = "Share called real by the critic: " + "; ".join(told)
    words = (
        "The share that the critic called real. Where the second line lies at 0 the critic has won "
        "and the generator learns little; near half, neither has."
    )
    return figure(plot(picture, alt), "Called real by the critic", words, legend)
