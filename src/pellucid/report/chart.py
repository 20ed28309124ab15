"""Charts as SVG that lies in the page, takes its colours from it, and is the same bytes twice.

Matplotlib draws with stand-in colours; they become CSS variables here, so that one drawing suits a
light and a dark page. No text from data goes into a drawing: the page around it shows that.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "CARD",
    "FIRST",
    "GRID",
    "INK",
    "MUTED",
    "SECOND",
    "SOFT",
    "canvas",
    "plain_log",
    "svg",
    "theme",
]

INK, MUTED, GRID, CARD = "#000001", "#000002", "#000003", "#000004"
FIRST, SECOND = "#00000a", "#00000b"  # training and validation; weights and gradients
SOFT = {FIRST: "#00000c", SECOND: "#00000d"}  # the same, to fill an area
_VARIABLES = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    GRID: "var(--grid)",
    CARD: "var(--card)",
    FIRST: "var(--first)",
    SECOND: "var(--second)",
    SOFT[FIRST]: "var(--first-soft)",
    SOFT[SECOND]: "var(--second-soft)",
}
_SETTINGS: Any = {
    "svg.fonttype": "none",  # text stays text: small, selectable, in the page's own font
    "svg.hashsalt": "pellucid",
    "svg.image_inline": True,
    "path.simplify": True,
    "font.size": 9.5,
    "axes.unicode_minus": False,
}


@contextlib.contextmanager
def theme() -> Iterator[None]:
    """Inside: matplotlib's own defaults and Pellucid's changes, whatever the user's settings."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        yield


def canvas(
    width: float = 5.0, height: float = 2.9, *, below: float = 0.42, above: float = 0.16
) -> tuple[Figure, Axes]:
    """An empty figure of so many inches with calm axes: no box, a light grid, small ticks.

    ``below`` and ``above`` are the inches left for the ticks and a label.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    inside = (width - 0.62 - 0.24) / width, (height - below - above) / height
    axes = figure.add_axes((0.62 / width, below / height, *inside))
    figure.patch.set_visible(False)
    axes.patch.set_visible(False)
    for name in ("top", "right", "left"):
        axes.spines[name].set_visible(False)
    axes.spines["bottom"].set_color(MUTED)
    axes.tick_params(colors=MUTED, length=0, labelsize=9.5, pad=5)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    return figure, axes


def plain_log(axes: Axes) -> None:
    """A logarithmic y axis with plain numbers at 1, 2 and 5 times the powers of ten."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.set_yscale("log")
    low, high = axes.get_ylim()
    few = high / low > 100
    axes.yaxis.set_major_locator(LogLocator(10, subs=(1.0,) if few else (1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())


def svg(figure: Figure, name: str) -> str:
    """The figure as an SVG element; ``name`` keeps its ids apart from those of other charts."""
    file = io.StringIO()
    none: dict[str, Any] = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(file, format="svg", metadata=none)
    text = file.getvalue()
    text = text[text.index("<svg") :].strip()
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)  # the page has the rule
    text = re.sub(r' xmlns(:\w+)?="[^"]*"| version="[^"]*"', "", text)
    root, rest = text.split(">", 1)
    text = re.sub(r' (width|height)="[^"]*"', "", root) + ">" + rest  # as wide as the page allows
    text = _own_ids(text, name)
    text = re.sub(r' (?:d|transform|x|y|points)="[^"]*"', _shorter, text)
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, variable)
    return re.sub(r"\n\s*", "\n", text)


def _own_ids(text: str, name: str) -> str:
    """Drop the ids that nobody refers to; give the others the chart's name."""
    used = set(re.findall(r"#([\w-]+)", text))
    text = re.sub(r' id="([^"]*)"', lambda m: f' id="{name}-{m[1]}"' if m[1] in used else "", text)
    return re.sub(r'(url\(#|href="#)', rf"\g<1>{name}-", text)


def _shorter(match: re.Match[str]) -> str:
    """Two decimals of a point are more than a screen shows."""
    return re.sub(r"(\.\d\d)\d+", r"\1", match[0])
