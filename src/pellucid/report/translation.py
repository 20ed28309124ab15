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
CELL, MARGIN, LETTER = 19, 22, 8  # pixels: a square, the letters beside it, a letter of a word
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


def alignment(source: Sequence[str], target: Sequence[str], weights: Array) -> str:
    """The attention map as a picture: the source along the top, the target down the left.

    Both are texts, of which each character has its place, or lists of words. ``weights`` (T, S):
    one row for each place of the target, and one for its end where T is greater; each weight is
    the darkness of a square.

    >>> drawn = alignment("ab", "c", np.array([[0.9, 0.1], [0.0, 1.0]]))
    >>> drawn.count("<rect"), "c" in drawn
    (3, True)
    """
    rows = [*target, *[STOP] * (len(weights) - len(target))]
    left, top = _margin(rows), _margin(source)
    width, height = left + CELL * len(source), top + CELL * len(rows)
    parts = [_above(word, left + CELL * (i + 0.5), top - 7) for i, word in enumerate(source)]
    parts += [_beside(word, left, top + CELL * (t + 0.5) + 5) for t, word in enumerate(rows)]
    for t, s in np.argwhere(weights >= 0.005).tolist():  # what is lighter cannot be seen
        parts.append(
            f'<rect x="{left + CELL * s + 0.5:g}" y="{top + CELL * t + 0.5:g}" '
            f'width="{CELL - 1}" height="{CELL - 1}" rx="2" '
            f'fill="var(--first)" fill-opacity="{float(weights[t, s]):.2f}"/>'
        )
    frame = f"M{left} {top}H{width}V{height}H{left}Z"
    grid = f'<path d="{frame}" fill="none" stroke="var(--grid)"/>'
    svg = (
        f'<svg viewBox="0 0 {width + 1} {height + 1}" style="max-width:{1.25 * width:g}px">'
        f"{grid}{''.join(parts)}</svg>"
    )
    best = ", ".join(
        f"{c} at {source[int(np.argmax(weights[t]))]}" for t, c in enumerate(rows[: len(weights)])
    )
    between = "" if isinstance(source, str) else " "
    return plot(svg, f"Attention map of {between.join(source)}: {best}")


def _margin(words: Sequence[str]) -> int:
    """The pixels that the longest one takes beside the squares."""
    longest = max(map(len, words), default=1)
    return MARGIN if longest == 1 else 14 + LETTER * longest


def _above(word: str, x: float, y: float) -> str:
    """Over a column: a character upright, a word from below to above."""
    if len(word) == 1:
        return _letter(word, x, y)
    turned = f' transform="rotate(-90 {x + 5:g} {y:g})"'
    return _letter(word, x + 5, y, "start", turned)


def _beside(word: str, left: float, y: float) -> str:
    """Before a row: a character in the middle of its margin, a word at the squares."""
    return _letter(word, left / 2, y) if left == MARGIN else _letter(word, left - 7, y, "end")


def _letter(word: str, x: float, y: float, anchor: str = "middle", more: str = "") -> str:
    shown = "␣" if word == " " else word
    return (
        f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-size="13" '
        f'fill="var(--ink)"{more}>{escape(shown)}</text>'
    )
