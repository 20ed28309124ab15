"""The explanation for a terminal of a hundred columns."""

from __future__ import annotations

import textwrap

import numpy as np

from pellucid.explain.entry import digits
from pellucid.explain.parts import Block, Move, Row, Told
from pellucid.explain.shown import shown
from pellucid.program.spell import constant

__all__ = ["as_text", "block_title", "move_cells"]

WIDTH = 100
STAGES = {"forward": "FORWARD", "loss": "LOSS", "backward": "BACKWARD", "change": "CHANGE"}


def as_text(told: Told) -> str:
    """Every line in symbols, then with its numbers, then its shape."""
    out = [told.title, "=" * len(told.title), ""]
    for name, text in told.facts:
        out += _filled(f"{name:<10}", text)
    for row in told.given:
        out += ["", *_row(row, told)]
    stage = ""
    for block in told.blocks:
        if block.stage != stage:
            stage = block.stage
            out += ["", "", f"{STAGES[stage]} ".ljust(WIDTH, "-")]
        out += ["", block_title(block)]
        for row in block.rows:
            out += ["", *_row(row, told)]
    out += _update(told)
    if told.checks:
        out += ["", "", "CHECK ".ljust(WIDTH, "-"), ""]
        for check in told.checks:
            out += _filled("  ", str(check))
    return "\n".join(line.rstrip() for line in out)


def block_title(block: Block) -> str:
    """The heading of a block."""
    return block.title or "the gradients, changed before the update"


def _filled(start: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _row(row: Row, told: Told) -> list[str]:
    symbols = f"  {row.name} = {row.formula}" if row.formula else f"  {row.name}"
    shape = constant(tuple(row.shape)) if row.shape else "a number"
    first = [f"{symbols}{shape:>{max(WIDTH - len(symbols), len(shape) + 2)}}"]
    if len(symbols) + len(shape) + 2 > WIDTH:
        rows = textwrap.wrap(symbols.strip(), WIDTH - 6, subsequent_indent="    ")
        rows[-1] = rows[-1] + f"{shape:>{max(WIDTH - len(rows[-1]) - 2, len(shape) + 2)}}"
        first = [f"  {text}" for text in rows]
    out = [*first, *([f"    {row.chain}"] if row.chain else [])]
    numbers = shown(row, told)
    out += _grid(numbers.grid)
    width = max((len(name) for name, _, _ in numbers.single), default=0)
    for name, number, worked in numbers.single:
        if numbers.grid and not worked:
            continue
        start = f"      {name:<{width}} = "
        out += _filled(start, f"{worked} = {number}" if worked else number)
    return [*out, *_filled("      ", f"({numbers.left_out})" if numbers.left_out else "")]


def _grid(grid: list[list[str]]) -> list[str]:
    if not grid:
        return []
    width = max(len(cell) for row in grid for cell in row)
    each = max(1, (WIDTH - 6) // (width + 2))
    rows = []
    for row in grid:
        parts = [row[i : i + each] for i in range(0, len(row), each)]
        rows += ["      " + "  ".join(cell.rjust(width) for cell in part) for part in parts]
    return rows


def _update(told: Told) -> list[str]:
    if not told.moves:
        return []
    out = ["", "", "UPDATE ".ljust(WIDTH, "-"), "", *(f"  {line}" for line in told.rule), ""]
    heads = ("", "size of gradient", "largest", "at", "weight before", "after")
    rows = [heads, *(move_cells(move) for move in told.moves)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(heads))]
    for row in rows:
        cells = zip(row, widths, strict=True)
        out.append(
            "  " + "  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(cells))
        )
    return out


def move_cells(move: Move) -> tuple[str, ...]:
    """An array's move: its gradient's length, the largest entry, and what becomes of it."""
    gradient = move.gradient.astype(np.float64)
    place = np.unravel_index(int(np.abs(gradient).argmax()), gradient.shape)
    at = ", ".join(str(int(i)) for i in place)
    return (
        move.name,
        digits(np.sqrt((gradient**2).sum())),
        digits(gradient[place]),
        f"[{at}]",
        digits(move.before[place]),
        digits(move.after[place]),
    )
