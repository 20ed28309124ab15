"""Finds the runs of lines that one loop over the rows of an array can compute."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.program.fused_scalar import has_scalar
from pellucid.program.name import GIVEN, Line, Name
from pellucid.program.plan import is_elementwise, is_number, is_view
from pellucid.program.spell import constant

__all__ = ["Frame", "Loop", "find_loops", "reduced"]

REDUCTIONS = ("sum", "mean", "max", "min")
FLOATS = ("float32", "float64")
MOVING_VIEWS = ("T", "transpose", "swapaxes", "getitem", "broadcast_to")


def sizes(shape: Iterable[Any]) -> tuple[str, ...]:
    """A shape as text: n for a size that depends on the batch."""
    return tuple(constant(size) for size in shape)


@dataclass(frozen=True)
class Frame:
    """The shape that a loop runs over: the last axis inside, all the others are its rows."""

    shape: tuple[str, ...]

    def role(self, shape: tuple[str, ...]) -> str | None:
        """What an array of this shape is to the loop; None if it does not fit.

        "full": one number a place; "col": one a column; "row": one a row, on an axis of length 1;
        "rows": one a row, without that axis; "number": one alone.
        """
        ones = ("1",) * len(self.shape)
        if shape == self.shape:
            return "full"
        if not shape:
            return "number"
        last = self.shape[-1:]
        if shape[-1:] == last and shape[:-1] == ones[: len(shape) - 1]:
            return "col"
        if len(self.shape) < 2:
            return None
        if shape == (*self.shape[:-1], "1"):
            return "row"
        return "rows" if shape == self.shape[:-1] else None


@dataclass
class Loop:
    """Lines that are computed together; ``place``: after how many other units of the step."""

    frame: Frame
    place: int
    lines: list[Line] = field(default_factory=list)

    def role(self, line: Line) -> str | None:
        """What the line's value is to this loop."""
        return self.frame.role(sizes(line.shape))


def find_loops(lines: list[Line], kept: list[Line]) -> list[Line | Loop]:
    """The same step with runs of lines gathered into loops, in an order that can be run.

    ``kept``: lines that are read after the last one.
    """
    return _Finder(lines, kept).run()


class _Finder:
    def __init__(self, lines: list[Line], kept: list[Line]) -> None:
        self.lines = lines
        self.kept = {id(line) for line in kept}
        self.given: list[Line] = []
        self.units: list[Line | Loop] = []
        self.loop_of: dict[int, Loop] = {}
        self.place: dict[int, int] = {}
        self.order = {id(line): k for k, line in enumerate(lines)}
        self.readers: dict[int, list[Line]] = {}
        for line in lines:
            for name in line.names():
                self.readers.setdefault(id(name.line), []).append(line)

    def run(self) -> list[Line | Loop]:
        for line in self.lines:
            self.put(line)
        for unit in reversed(self.units):
            if isinstance(unit, Loop):
                self.sink(unit)
        for unit in self.units:
            if isinstance(unit, Loop):
                unit.lines.sort(key=lambda line: self.order[id(line)])
        return [*self.given, *(part for unit in self.units for part in self.worth(unit))]

    def put(self, line: Line) -> None:
        """Give the line to a loop that can take it, or a place of its own."""
        if line.kind in GIVEN or self.early(line):
            self.place[id(line)] = -1
            self.given.append(line)
            return
        loop = self.loop_for(line)
        if loop is None:
            self.place[id(line)] = len(self.units)
            self.units.append(line)
            return
        loop.lines.append(line)
        self.loop_of[id(line)], self.place[id(line)] = loop, loop.place

    def early(self, line: Line) -> bool:
        """Whether the line can stand first: numbers and views of what is given."""
        cheap = is_view(line) or (is_number(line) and not reduced(line))
        return (
            cheap
            and line.stage != "change"
            and all(self.place[id(n.line)] < 0 for n in line.names())
        )

    def loop_for(self, line: Line) -> Loop | None:
        """The latest loop that makes one of the line's inputs, if the line fits; or a new one."""
        givers = {id(n.line): self.loop_of.get(id(n.line)) for n in line.names()}
        found = sorted((x for x in givers.values() if x is not None), key=lambda loop: -loop.place)
        for loop in found[:1]:
            if self.fits(line, loop):
                return loop
        if is_view(line) or (is_number(line) and not reduced(line)):
            return None
        frame = _frame(line)
        new = Loop(frame, len(self.units)) if frame is not None else None
        if new is None or not self.fits(line, new):
            return None
        same = [u for u in self.units if isinstance(u, Loop) and u.frame == frame]
        if same and self.fits(line, same[-1]):
            return same[-1]
        self.units.append(new)
        return new

    def fits(self, line: Line, loop: Loop) -> bool:
        """Whether the loop can compute the line: its inputs are there, and it has a role."""
        if loop.lines and (loop.lines[0].stage == "change") != (line.stage == "change"):
            return False  # between the two the gradients are tested
        for name in line.names():
            x = name.line
            if self.place[id(x)] > loop.place or not _readable(x):
                return False
            mine = self.loop_of.get(id(x)) is loop
            if mine and loop.role(x) in ("col", "number"):
                return False  # it is complete only when the loop is
        return can_compute(line, loop.frame)

    def sink(self, loop: Loop) -> None:
        """Move lines to the only loop that reads them, where nothing more must be stored for it."""
        for line in sorted(loop.lines, key=lambda x: -self.order[id(x)]):
            readers = self.readers.get(id(line), [])
            others = {id(self.loop_of.get(id(r))): self.loop_of.get(id(r)) for r in readers}
            target = next(iter(others.values()), None)
            if len(others) != 1 or target is None or target is loop or id(line) in self.kept:
                continue
            if loop.role(line) == "full" and all(self.stored(n.line, loop) for n in line.names()):
                self.move(line, loop, target)

    def stored(self, x: Line, loop: Loop) -> bool:
        """Whether the value is in memory when the loop is done."""
        if self.loop_of.get(id(x)) is not loop or id(x) in self.kept:
            return True
        readers = self.readers.get(id(x), [])
        return any(self.loop_of.get(id(r)) is not loop for r in readers)

    def move(self, line: Line, loop: Loop, target: Loop) -> None:
        same = (target.lines[0].stage == "change") == (line.stage == "change")
        if not same or not can_compute(line, target.frame):
            return
        loop.lines.remove(line)
        target.lines.append(line)
        self.loop_of[id(line)], self.place[id(line)] = target, target.place

    def worth(self, unit: Line | Loop) -> list[Line | Loop]:
        """A loop of one line is better left to NumPy."""
        if isinstance(unit, Line) or len(unit.lines) > 1:
            return [unit] if isinstance(unit, Line) or _has_array(unit) else list(unit.lines)
        return list(unit.lines)


def can_compute(line: Line, frame: Frame) -> bool:
    """Whether a loop over ``frame`` can compute the line."""
    roles = [frame.role(sizes(n.line.shape)) for n in line.names()]
    role = frame.role(sizes(line.shape))
    if role is None or None in roles or not _plain(line):
        return False
    if reduced(line):
        return _reduction_role(line, frame) == role
    if line.call == "expand_dims" and line.kind == "function":
        return roles == ["rows"] and role == "row"
    if not (is_elementwise(line) or line.call in ("where", "clip", "astype")):
        return False
    arrays = {r for r in roles if r != "number"}
    constants = [np.ndim(x) for x in line.inputs if isinstance(x, np.ndarray)]
    if role == "full":
        fits = not arrays & {"rows"} and all(_constant_fits(x, frame) for x in line.inputs)
    else:
        fits = role in ("row", "rows") and arrays == {role} and not any(constants)
    return fits and has_scalar(line, _short(frame))


def _reduction_role(line: Line, frame: Frame) -> str | None:
    """What a sum, mean, max or min over ``frame`` gives: a row's number, a column's, or one."""
    x = line.names()[0].line
    role = frame.role(sizes(x.shape))
    axis = line.options.get("axis")
    ndim = len(x.shape)
    given = range(ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = {a % ndim for a in given}
    keep = bool(line.options.get("keepdims"))
    adds = line.call in ("sum", "mean")
    if axes == set(range(ndim)) and not keep and adds and role in ("full", "row", "rows"):
        return "number"
    if role != "full" or ndim < 2:
        return None
    if axes == {ndim - 1}:
        return "row" if keep else "rows"
    return "col" if axes == set(range(ndim - 1)) and adds else None


def reduced(line: Line) -> bool:
    return line.kind == "method" and line.call in REDUCTIONS


def _frame(line: Line) -> Frame | None:
    """The shape of a loop that begins with this line."""
    shape = line.names()[0].line.shape if reduced(line) else line.shape
    return Frame(sizes(shape)) if shape else None


def _plain(line: Line) -> bool:
    """Whether the value is one that a loop may make: floating point or bool, in C order."""
    value = np.asarray(line.value)
    return (value.dtype == bool or value.dtype.name in FLOATS) and value.flags.c_contiguous


def _readable(line: Line) -> bool:
    """Whether a loop may read the value: numbers in C order, not a view that skips or turns."""
    value = np.asarray(line.value)
    turned = line.kind != "function" and line.call in MOVING_VIEWS
    return value.dtype.kind in "fbiu" and value.flags.c_contiguous and not turned


def _constant_fits(x: Any, frame: Frame) -> bool:
    if isinstance(x, Name) or not isinstance(x, np.ndarray) or not x.ndim:
        return True
    return frame.role(sizes(x.shape)) == "col"


def _short(frame: Frame) -> bool:
    """Whether the rows are so short that a call of NumPy costs more than plain arithmetic."""
    return len(frame.shape) > 1 and frame.shape[-1].isdigit() and int(frame.shape[-1]) <= 16


def _has_array(loop: Loop) -> bool:
    """Whether some full array tells the loop how many rows and columns there are."""
    seen = [n.line for line in loop.lines for n in line.names()]
    mine = {id(line) for line in loop.lines}
    return any(loop.role(x) == "full" and id(x) not in mine for x in seen)
