"""Decides where each value of a step lives: in which buffer, in whose place, or as a view."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.program.name import GIVEN, Line, is_several, memory_order

__all__ = ["Plan", "plan"]

# operators by the ufunc that does the same with out=
UFUNCS = {
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "divide",
    "//": "floor_divide",
    "%": "remainder",
    "**": "power",
    "@": "matmul",
    ">": "greater",
    ">=": "greater_equal",
    "<": "less",
    "<=": "less_equal",
    "==": "equal",
    "!=": "not_equal",
    "&": "bitwise_and",
    "|": "bitwise_or",
    "^": "bitwise_xor",
    "neg": "negative",
    "~": "invert",
}
MAY_BE_VIEW = ("attribute", "index", "method", "function", "helper", "part")
REDUCTIONS = {"sum": "add", "max": "maximum", "min": "minimum", "mean": "add"}
WITH_OUT = ("where", "clip", "concatenate", "stack", "cumsum")  # functions that take out=


@dataclass
class Plan:
    """For each line, by its id: the line whose memory it looks at, and the buffer it fills."""

    root: dict[int, Line] = field(default_factory=dict)  # of a view: whose memory it is
    buffer: dict[int, Line] = field(default_factory=dict)  # the first line that owned the memory
    owners: list[Line] = field(default_factory=list)  # the lines that bring new memory
    fresh: set[int] = field(default_factory=set)  # lines that allocate as they run
    parts: dict[int, list[Line]] = field(default_factory=dict)  # of a line: its several results
    unread: set[int] = field(default_factory=set)  # those results that nobody reads


def plan(lines: list[Line], homes: dict[int, Line], kept: Iterable[Line] = ()) -> Plan:
    """Assign buffers by liveness. ``homes``: lines that shall fill the memory of another line;
    ``kept``: values that are read after the last line.

    A buffer is used again when nobody reads the value, or any view of it, any more; only for the
    same shape, dtype and memory order, so that every result keeps the order that eager's has.
    What gives several results fills all their buffers at once.
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
            results = self.result.parts.get(id(line), [line])
            if line.kind not in GIVEN and line.kind != "part":
                for part in results if self.can_fill(line, results) else ():
                    self.place(i, part)
            self.release(i, line)
        return self.result

    def find_roots(self) -> None:
        """Follow views to the memory they look at, and note when each memory is read last."""
        root = self.result.root
        for i, line in enumerate(self.lines):
            if line.kind == "part":
                self.result.parts.setdefault(id(line.names()[0].line), []).append(line)
            base = looks_at(line)
            if base is not None:
                root[id(line)] = root.get(id(base), base)
            for name in line.names():
                owner = root.get(id(name.line), name.line)
                self.last[id(owner)] = i
        for line in self.kept:
            self.last[id(root.get(id(line), line))] = len(self.lines)
        parts = [part for several in self.result.parts.values() for part in several]
        read = {id(name.line) for line in self.lines for name in line.names()}
        read |= {id(line) for line in self.kept}
        self.result.unread = {id(part) for part in parts if id(part) not in read}

    def can_fill(self, line: Line, results: list[Line]) -> bool:
        """Whether the line writes into buffers, all of its results; else it allocates."""
        new = [x for x in results if not is_view(x) and (is_several(line) or not is_number(x))]
        fills = has_out(line) and all(order(x) is not None for x in results)
        if not fills or (is_several(line) and len(new) < len(results)):
            self.result.fresh.update(id(x) for x in new)
            return False
        return bool(new)

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
                fits = like(x, line) and order(x) == order(home)
                if dies and over and fits and id(x) not in self.homes:
                    self.homes[id(x)] = home
                    break

    def place(self, i: int, line: Line) -> None:
        """Give the line a buffer: its home, a dying input's, a free one, or a new one."""
        buffer = self.result.buffer
        home = self.homes.get(id(line))
        # sums and products may come out otherwise in memory of another order
        fits = home is not None and (is_elementwise(line) or order(line) == order(home))
        if home is not None and fits and self.last.get(id(home), -1) <= i:
            buffer[id(line)] = home
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
        results = self.result.parts.get(id(line), [line])
        taken = [self.result.buffer.get(id(part)) for part in results]
        unread = [x for x in results if is_several(line) and id(x) in self.result.unread]
        for owner in {id(r): r for r in (*self.read_by(line), *unread)}.values():
            buffer = self.result.buffer.get(id(owner))
            if buffer is None or id(owner) in self.homes:
                continue
            over = self.last.get(id(owner)) == i and not any(buffer is b for b in taken)
            if over or id(owner) in self.result.unread:
                self.free.setdefault(_key(buffer), []).append(buffer)

    def read_by(self, line: Line) -> list[Line]:
        return [self.result.root.get(id(n.line), n.line) for n in line.names()]


def is_number(line: Line) -> bool:
    """Whether the value is a single number rather than an array."""
    return np.ndim(line.value) == 0


def is_view(line: Line) -> bool:
    """Whether the line only looks at memory that another line owns."""
    return looks_at(line) is not None


def looks_at(line: Line) -> Line | None:
    """The input whose memory the line only looks at, if there is one."""
    value = line.value
    if line.kind not in MAY_BE_VIEW or not isinstance(value, np.ndarray) or is_several(line):
        return None
    names = line.names()
    for name in names[0].line.names() if line.kind == "part" else names:
        base = name.line.value
        if isinstance(base, np.ndarray) and np.may_share_memory(value, base):
            return name.line
    return None


def is_elementwise(line: Line) -> bool:
    """Whether each number of the result depends on the numbers at the same place alone."""
    if line.kind == "operator":
        return line.call != "@"
    if line.kind == "loop":
        return line.call == "elementwise"
    return line.kind == "ufunc" and getattr(line.function, "signature", None) is None


def has_out(line: Line) -> bool:
    """Whether the result can be written into a buffer."""
    if line.kind in ("operator", "ufunc", "loop"):
        return True
    if line.kind == "draw":
        return line.call in ("random", "standard_normal")
    if line.kind == "helper":
        return line.function is not None and takes_out(line.function)
    if line.kind == "method":
        half = np.asarray(line.value).dtype == np.float16  # whose sums are made in float32
        plain = set(line.options) <= {"axis", "keepdims"} and not half
        return plain and line.call in ("sum", "max", "min", "mean", "astype", "copy", "reshape")
    if line.kind != "function" or line.call not in WITH_OUT:
        return False
    chosen = line.inputs[0] if line.call == "where" else None  # only truths can be where=
    return chosen is None or np.dtype(getattr(chosen, "dtype", None)) == np.dtype(bool)


@functools.cache
def takes_out(function: Callable[..., Any]) -> bool:
    """Whether a helper takes the memory for its results."""
    return "out" in inspect.signature(function).parameters


def like(a: Line, b: Line) -> bool:
    """Same shape, dtype and memory order."""
    return _key(a) == _key(b) and order(a) is not None


def order(line: Line) -> tuple[int, ...] | None:
    """The memory order of the example's value: its axes from slow to fast; None with gaps."""
    return memory_order(line.value) if not is_number(line) else ()


def _key(line: Line) -> Any:
    shape = tuple(getattr(n, "text", n) for n in line.shape)
    return shape, np.asarray(line.value).dtype.str, order(line)
