"""One number of a line, with the numbers that it was computed from."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.program.name import GIVEN, Line, Name

__all__ = ["digits", "worked_out"]

TERMS = 3  # of a sum that are shown, the largest ones
INFIX = {"+": 1, "-": 1, "*": 2, "/": 2, "**": 3, ">": 0, ">=": 0, "<": 0, "<=": 0, "==": 0}

Index = tuple[int, ...]


def digits(value: Any) -> str:
    """A number in at most five significant digits.

    >>> digits(0.123456), digits(3), digits(-1e-7)
    ('0.12346', '3', '-1e-07')
    """
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, int | np.integer):
        return str(int(value))
    return f"{float(value):.5g}"


def worked_out(line: Line, index: Index) -> str:
    """The formula of ``line`` at one place, with numbers for names; sums by their largest terms.

    Shows how the number comes about; the digits are rounded, the numbers behind them are not.
    """
    return _Spelling(line).text(line, index)[0]


class _Spelling:
    def __init__(self, top: Line) -> None:
        self.top = top

    def text(self, line: Line, index: Index) -> tuple[str, int]:
        """The text and how tightly it binds: 3 for a number by itself."""
        named = line is not self.top and (line.label or line.kind in GIVEN)
        if named or line.kind in GIVEN:
            return self.number(np.asarray(line.value)[index])
        if line.kind == "operator" and line.call == "@":
            return self.product(line, index)
        if line.kind == "operator" and line.call in INFIX:
            return self.infix(line, index)
        if line.call == "neg":
            return f"-{self.part(line.inputs[0], index, np.shape(line.value), 3)}", 2
        if line.kind == "ufunc" or line.call in ("where", "clip"):
            shape = np.shape(line.value)
            parts = ", ".join(self.part(x, index, shape, 0) for x in line.inputs)
            return f"{line.call}({parts})", 4
        if line.call == "T":
            return self.part_at(line.inputs[0], index[::-1])
        if line.call in ("sum", "mean", "max", "min"):
            return self.reduction(line, index)
        if line.call == "astype":
            return self.part_at(line.inputs[0], index)
        return self.number(np.asarray(line.value)[index])

    def number(self, value: Any) -> tuple[str, int]:
        text = digits(value)
        return text, 1 if text.startswith("-") else 4

    def part_at(self, x: Any, index: Index) -> tuple[str, int]:
        if isinstance(x, Name):
            return self.text(x.line, index)
        return self.number(np.asarray(x)[index] if np.ndim(x) else x)

    def part(self, x: Any, index: Index, shape: tuple[int, ...], least: int) -> str:
        """An input of an element-wise line, broadcast to ``shape``."""
        own = x.shape if isinstance(x, Name) else np.shape(x)
        short = index[len(shape) - len(own) :]
        place = tuple(0 if n == 1 else i for i, n in zip(short, own, strict=True))
        text, binds = self.part_at(x, place)
        return text if binds >= least else f"({text})"

    def infix(self, line: Line, index: Index) -> tuple[str, int]:
        binds, shape = INFIX[line.call], np.shape(line.value)
        a = self.part(line.inputs[0], index, shape, 4 if line.call == "**" else binds)
        b = self.part(line.inputs[1], index, shape, binds + 1)
        return f"{a} {line.call} {b}", binds

    def product(self, line: Line, index: Index) -> tuple[str, int]:
        """A sum of products, by its largest terms."""
        a, b = (np.asarray(x.line.value if isinstance(x, Name) else x) for x in line.inputs)
        if a.ndim != 2 or b.ndim != 2:
            return self.number(np.asarray(line.value)[index])
        row, column = a[index[0]], b[:, index[1]]
        sizes = np.abs(row.astype(np.float64) * column)
        shown = np.sort(np.argsort(-sizes, kind="stable")[: _shown(len(sizes))])
        terms = [f"{_bracketed(digits(row[k]))}·{_bracketed(digits(column[k]))}" for k in shown]
        left = len(sizes) - len(shown)
        texts = [*terms, *([f"… {left:,} more"] if left else [])]
        return " + ".join(texts), 1 if len(texts) > 1 else 2

    def reduction(self, line: Line, index: Index) -> tuple[str, int]:
        """What is summed, averaged or compared: its largest values."""
        x = line.names()[0].line
        axis, value = line.options.get("axis"), np.asarray(x.value)
        given = tuple(range(value.ndim)) if axis is None else np.atleast_1d(axis).tolist()
        axes = [int(a) % value.ndim for a in given]
        kept = list(index) if line.options.get("keepdims") else _with_gaps(index, axes)
        lane = value[tuple(slice(None) if a in axes else kept[a] for a in range(value.ndim))]
        flat = lane.ravel()
        if flat.size == 1:
            return self.number(flat[0])
        keys = flat.astype(np.float64) * {"min": -1}.get(line.call, 1)
        order = np.argsort(-(keys if line.call in ("max", "min") else np.abs(keys)), kind="stable")
        shown = np.sort(order[: _shown(flat.size)])
        left = flat.size - len(shown)
        texts = [digits(flat[k]) for k in shown] + ([f"… {left:,} more"] if left else [])
        return f"{line.call}({', '.join(texts)})", 4


def _shown(count: int) -> int:
    return count if count <= TERMS + 2 else TERMS


def _bracketed(text: str) -> str:
    return f"({text})" if text.startswith("-") else text


def _with_gaps(index: Index, axes: list[int]) -> list[int]:
    """An index of a reduced array as one of the array before; the axes that went get 0."""
    rest = list(index)
    return [0 if a in axes else rest.pop(0) for a in range(len(index) + len(axes))]
