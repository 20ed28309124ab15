"""Decides where each value of a step lives: in which buffer, in whose place, or as a view."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.program.name import GIVEN, Line

__all__ = ["Plan", "plan"]

# operators by the ufunc that does the same with out=
UFUNCS = {
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "divide",
    "**": "power",
    "@": "matmul",
    ">": "greater",
    ">=": "greater_equal",
    "<": "less",
    "<=": "less_equal",
    "==": "equal",
    "!=": "not_equal",
    "&": "logical_and",
    "|": "logical_or",
    "neg": "negative",
}
VIEWS = ("T", "reshape", "transpose", "swapaxes", "getitem", "expand_dims", "broadcast_to")
REDUCTIONS = {"sum": "add", "max": "maximum", "min": "minimum", "mean": "add"}


@dataclass
class Plan:
    """For each line, by its id: the line whose memory it looks at, and the buffer it fills."""

    root: dict[int, Line] = field(default_factory=dict)  # of a view: whose memory it is
    buffer: dict[int, Line] = field(default_factory=dict)  # the first line that owned the memory
    owners: list[Line] = field(default_factory=list)  # the lines that bring new memory
    fresh: set[int] = field(default_factory=set)  # lines that allocate as they run


def plan(lines: list[Line], homes: dict[int, Line], kept: Iterable[Line] = ()) -> Plan:
    """Assign buffers by liveness. ``homes``: lines that shall fill the memory of another line;
    ``kept``: values that are read after the last line.

    A buffer is used again when nobody reads the value, or any view of it, any more; only for the
    same shape, dtype and memory order, so that every result keeps the order that eager's has.
    """
    return _Planner(lines, homes, kept).run()


class _Planner:
    def __init__(self, lines: list[Line], homes: dict[int, Line], kept: Iterable[Line]) -> None:
        self.kept = list(kept)
        self.lines, self.homes, self.result = lines, homes, Plan()
        self.last: dict[int, int] = {}  # by root: the last line that reads the memory
        self.free: dict[Any, list[Line]] = {}
        self.place_of = {id(line): i for i, line in enumerate(lines)}

    def run(self) -> Plan:
        self.find_roots()
        self.pull_homes()
        for i, line in enumerate(self.lines):
            if line.kind not in GIVEN and not is_view(line) and not is_number(line):
                self.place(i, line)
            self.release(i, line)
        return self.result

    def find_roots(self) -> None:
        """Follow views to the memory they look at, and note when each memory is read last."""
        root = self.result.root
        for i, line in enumerate(self.lines):
            if is_view(line):
                base = line.names()[0].line
                root[id(line)] = root.get(id(base), base)
            for name in line.names():
                owner = root.get(id(name.line), name.line)
                self.last[id(owner)] = i
        for line in self.kept:
            self.last[id(root.get(id(line), line))] = len(self.lines)

    def pull_homes(self) -> None:
        """What dies in an in-place step towards a home may live in that home all along."""
        for i in reversed(range(len(self.lines))):
            line = self.lines[i]
            home = self.homes.get(id(line))
            if home is None or not is_elementwise(line):
                continue
            for name in line.names():
                x = name.line
                dies = self.last.get(id(x)) == i and x.kind not in GIVEN and not is_view(x)
                # the old value of the home must not be read once x stands in its place
                over = self.last.get(id(home), -1) <= self.place_of[id(x)]
                if dies and over and like(x, line) and id(x) not in self.homes:
                    self.homes[id(x)] = home
                    break

    def place(self, i: int, line: Line) -> None:
        """Give the line a buffer: its home, a dying input's, a free one, or a new one."""
        buffer = self.result.buffer
        home = self.homes.get(id(line))
        if home is not None and has_out(line) and self.last.get(id(home), -1) <= i:
            buffer[id(line)] = home
            return
        if not has_out(line) or order(line) is None:
            self.result.fresh.add(id(line))
            return
        key = _key(line)
        owner = self.dying_input(i, line)
        if owner is None and self.free.get(key):
            owner = self.free[key].pop()
        if owner is None:
            owner = line
            self.result.owners.append(line)
        buffer[id(line)] = owner

    def dying_input(self, i: int, line: Line) -> Line | None:
        """The buffer of an input that nobody reads later, if the line may overwrite it."""
        if not is_elementwise(line):
            return None
        roots = [self.result.root.get(id(n.line), n.line) for n in line.names()]
        for name in line.names():
            x = name.line
            alone = sum(r is x for r in roots) == sum(n.line is x for n in line.names())
            dies = self.last.get(id(x)) == i and id(x) in self.result.buffer
            if dies and alone and like(x, line) and id(x) not in self.homes:
                return self.result.buffer[id(x)]
        return None

    def release(self, i: int, line: Line) -> None:
        """Buffers whose value was read for the last time, and not taken over, are free."""
        taken = self.result.buffer.get(id(line))
        for owner in {id(r): r for r in self.read_by(line)}.values():
            buffer = self.result.buffer.get(id(owner))
            if buffer is None or id(owner) in self.homes or buffer is taken:
                continue
            if self.last.get(id(owner)) == i:
                self.free.setdefault(_key(buffer), []).append(buffer)

    def read_by(self, line: Line) -> list[Line]:
        return [self.result.root.get(id(n.line), n.line) for n in line.names()]


def is_number(line: Line) -> bool:
    """Whether the value is a single number rather than an array."""
    return np.ndim(line.value) == 0


def is_view(line: Line) -> bool:
    """Whether the line only looks at memory that another line owns."""
    if line.call not in VIEWS or not isinstance(line.value, np.ndarray):
        return False
    base = line.names()[0].line.value
    return isinstance(base, np.ndarray) and np.may_share_memory(line.value, base)


def is_elementwise(line: Line) -> bool:
    """Whether each number of the result depends on the numbers at the same place alone."""
    if line.kind == "operator":
        return line.call != "@"
    if line.kind == "loop":
        return line.call == "elementwise"
    return line.kind == "ufunc" and line.call != "matmul"


def has_out(line: Line) -> bool:
    """Whether NumPy can write the result into a buffer."""
    if line.kind in ("operator", "ufunc", "draw", "loop"):
        return True
    if line.kind == "method":
        return line.call in ("sum", "max", "min", "mean", "astype")
    return line.kind == "function" and line.call in ("where", "clip")


def like(a: Line, b: Line) -> bool:
    """Same shape, dtype and memory order."""
    return _key(a) == _key(b) and order(a) is not None


def order(line: Line) -> str | None:
    """The memory order of the example's value, "C" or "F"; None for any other."""
    value = line.value
    if not isinstance(value, np.ndarray):
        return None
    if value.flags.c_contiguous:
        return "C"
    return "F" if value.flags.f_contiguous else None


def _key(line: Line) -> Any:
    shape = tuple(getattr(n, "text", n) for n in line.shape)
    return shape, np.asarray(line.value).dtype.str, order(line)
