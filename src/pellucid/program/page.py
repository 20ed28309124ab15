"""A page of statements: under headings, with the shape of each value at the end of its line."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from pellucid.program.name import Line
from pellucid.program.spell import constant

__all__ = ["WIDTH", "Page", "in_brackets", "shape_text"]

WIDTH = 100


class Page:
    """Statements and what stands between them, in order."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str]] = []  # texts, and the shapes behind them
        self.heading = ""

    def head(self, text: str) -> None:
        """Begin a new paragraph under ``text``, unless it stands there already."""
        if text != self.heading:
            self.rows += [("", "")] if self.rows else []
            self.rows.append((f"# {text}", ""))
            self.heading = text

    def add(self, text: str, results: Sequence[Line] = ()) -> None:
        """A statement that gives ``results``."""
        self.rows.append((text, ", ".join(map(shape_text, results))))

    def texts(self) -> list[str]:
        """The lines: shapes in one column where the statements before them are short."""
        width = max((len(text) for text, shape in self.rows if shape), default=0)
        column = min(width + 2, 60)
        return [line for text, shape in self.rows for line in _with_shape(text, shape, column)]


def shape_text(line: Line) -> str:
    """The shape of a value, as a comment says it."""
    return constant(tuple(line.shape)) if line.shape else "a number"


def in_brackets(start: str, parts: Sequence[str], end: str = "") -> list[str]:
    """``start`` a, b, c ``end``; in rows between brackets where that is too long for a line."""
    one = f"{start}{', '.join(parts)}{',' if len(parts) == 1 else ''}{end}"
    if len(one) + 4 <= WIDTH:
        return [one]
    rows = textwrap.wrap(f"{', '.join(parts)},", 92, break_long_words=False, break_on_hyphens=False)
    return [f"{start}(", *(f"    {row}" for row in rows), f"){end}"]


def _with_shape(text: str, shape: str, column: int) -> list[str]:
    if not shape:
        return [text]
    wide = 4 + len(text) + len("  # ") + len(shape) > WIDTH
    *before, text = _broken(text) if wide else [text]
    fits = len(text) + 2 <= column and 4 + column + len("# ") + len(shape) <= WIDTH
    return [*before, f"{text.ljust(column) if fits else text + '  '}# {shape}"]


def _broken(text: str) -> list[str]:
    """The statement in several lines."""
    name, _, formula = text.partition(" = ")
    parts = textwrap.wrap(formula, WIDTH - 8, break_long_words=False, break_on_hyphens=False)
    return [f"{name} = (", *(f"    {part}" for part in parts), ")"]
