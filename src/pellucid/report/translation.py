"""What a network translated, right and wrong, and where it looked while it wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.report.markup import escape, figure, percent, plot, section, table

__all__ = ["Shown", "alignment", "alignments", "translations"]

Array = npt.NDArray[Any]
CELL, MARGIN = 19, 22  # pixels of a square, and of the letters beside it
STOP = "⏎"  # the end mark, where a text ends


@dataclass(frozen=True)
class Shown:
    """A source, what the network wrote, what is right, and how probable the network found it."""

    source: str
    written: str
    right: str
    probability: float


def translations(
    wrong: Sequence[Shown], right: Sequence[Shown], figures: tuple[int, int], part: str
) -> str:
    """The section with examples; ``figures``: how many were wholly right, of how many."""
    words = (
        f"<p>{figures[0]:,} of {figures[1]:,} sources of the {part} part were translated without a "
        f"single wrong character ({percent(figures[0] / max(figures[1], 1), 2)}). The probability "
        "is the one that the network itself gives to all that it wrote.</p>"
    )
    parts = [words]
    if wrong:
        parts.append("<h3>Wrong ones, the most certain first</h3>\n" + _table(wrong))
    if right:
        parts.append("<h3>Right ones, the least certain first</h3>\n" + _table(right))
    return section("translations", "What it translated", *parts)


def _table(shown: Sequence[Shown]) -> str:
    rows = [
        (
            escape(s.source),
            _marked(s.written, s.right),
            escape(s.right),
            percent(s.probability, 1),
        )
        for s in shown
    ]
    return table(("source", "written", "right", "probability"), rows, "pairs")


def _marked(written: str, right: str) -> str:
    """What was written; the characters that are not the right ones stand out."""
    found = []
    for a, b in zip_longest(written, right):
        if a is not None:
            found.append(escape(a) if a == b else f'<b style="color:var(--second)">{escape(a)}</b>')
    return "".join(found)


def alignments(examples: Sequence[tuple[str, str, Array]], words: str) -> str:
    """The section with attention maps: (source, target, weights (T, S)) of each example."""
    maps = [
        figure(
            alignment(source, target, weights),
            f"{escape(source)} → {escape(target)}",
            "Each row is a character that was written; the darker a square, the more the network "
            "looked at the character above it.",
        )
        for source, target, weights in examples
    ]
    return section("attention", "Where it looked", f"<p>{words}</p>", *maps) if maps else ""


def alignment(source: str, target: str, weights: Array) -> str:
    """The attention map as a picture: the source along the top, the target down the left.

    ``weights`` (T, S): one row for each character of the target, and one for its end where T is
    greater; each weight is the darkness of a square.

    >>> drawn = alignment("ab", "c", np.array([[0.9, 0.1], [0.0, 1.0]]))
    >>> drawn.count("<rect"), "c" in drawn
    (3, True)
    """
    rows = [*target, *[STOP] * (len(weights) - len(target))]
    width, height = MARGIN + CELL * len(source), MARGIN + CELL * len(rows)
    parts = [_letter(c, MARGIN + CELL * (i + 0.5), MARGIN - 7) for i, c in enumerate(source)]
    parts += [_letter(c, MARGIN / 2, MARGIN + CELL * (t + 0.5) + 5) for t, c in enumerate(rows)]
    for t, s in np.argwhere(weights >= 0.005).tolist():  # what is lighter cannot be seen
        parts.append(
            f'<rect x="{MARGIN + CELL * s + 0.5}" y="{MARGIN + CELL * t + 0.5}" '
            f'width="{CELL - 1}" height="{CELL - 1}" rx="2" '
            f'fill="var(--first)" fill-opacity="{float(weights[t, s]):.2f}"/>'
        )
    frame = f"M{MARGIN} {MARGIN}H{width}V{height}H{MARGIN}Z"
    grid = f'<path d="{frame}" fill="none" stroke="var(--grid)"/>'
    svg = (
        f'<svg viewBox="0 0 {width + 1} {height + 1}" style="max-width:{1.25 * width:g}px">'
        f"{grid}{''.join(parts)}</svg>"
    )
    best = ", ".join(
        f"{c} at {source[int(np.argmax(weights[t]))]}" for t, c in enumerate(rows[: len(weights)])
    )
    return plot(svg, f"Attention map of {source}: {best}")


def _letter(character: str, x: float, y: float) -> str:
    shown = "␣" if character == " " else character
    return (
        f'<text x="{x:g}" y="{y:g}" text-anchor="middle" font-size="13" '
        f'fill="var(--ink)">{escape(shown)}</text>'
    )
