"""How the commands speak: a few calm lines on a terminal, the same lines plain elsewhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pellucid.record import plain

__all__ = ["ERR", "OUT", "facts", "line", "percent", "print_json", "table"]

OUT = Console(highlight=False)
ERR = Console(highlight=False, stderr=True)
LABEL = 10  # columns of the labels on the left

Rows = Sequence[Sequence[str]]


def line(console: Console, text: str = "", style: str = "") -> None:
    """One line, never wrapped or cut where it is not shown on a terminal."""
    console.print(Text(text, style=style), soft_wrap=True)


def facts(console: Console, pairs: Sequence[tuple[str, str]]) -> None:
    """Labels on the left, what there is to say on the right."""
    if not console.is_terminal:
        for label, text in pairs:
            line(console, f"{label:<{LABEL}}{text}")
        return
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", width=LABEL - 2)
    grid.add_column(overflow="fold")
    for label, text in pairs:
        grid.add_row(Text(label), Text(text))
    console.print(grid)


def table(console: Console, heads: Sequence[str], rows: Rows, right: Sequence[int] = ()) -> None:
    """Columns under their heads, if any; those whose place is in ``right`` are flush right.

    On a terminal the last column is wrapped within itself.
    """
    grid = Table(box=None, pad_edge=False, show_header=any(heads), header_style="dim")
    for i, head in enumerate(heads):
        last = i == len(heads) - 1
        justify: Literal["left", "right"] = "right" if i in right else "left"
        grid.add_column(Text(head), justify=justify, no_wrap=not last, overflow="fold")
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    if console.is_terminal:
        console.print(grid)
        return
    wide = Console(width=10_000, highlight=False, color_system=None)
    with wide.capture() as capture:
        wide.print(grid)
    for text in capture.get().splitlines():
        line(console, text.rstrip())


def percent(share: float, places: int = 2) -> str:
    """A share as people read it.

    >>> percent(0.9778)
    '97.78 %'
    """
    return f"{100 * share:.{places}f} %"


def print_json(content: Any) -> None:
    """One JSON object on standard output."""
    print(json.dumps(plain(content), indent=2, ensure_ascii=False))
