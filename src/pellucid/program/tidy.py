"""Makes a trace worth reading: sizes become symbols, nothing is written twice or for nobody."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from pellucid.errors import GradientError
from pellucid.program.name import Line, Name
from pellucid.program.trace import ONE

__all__ = ["Sized", "aligned", "shorten"]


class Sized(int):
    """A whole number that depends on the batch size: it counts as the number, and prints as n."""

    text: str

    def __new__(cls, value: int, times: int, plus: int) -> Sized:
        self = super().__new__(cls, value)
        product = "n" if times == 1 else f"{times} * n"
        self.text = product if not plus else f"{product} {'+' if plus > 0 else '-'} {abs(plus)}"
        return self

    def __repr__(self) -> str:
        return self.text


# -- two traces at two batch sizes: which whole numbers are expressions of n? --


def aligned(lines: list[Line], others: list[Line], n: int, m: int) -> None:
    """Replace in ``lines`` (traced at batch size n) what differs from ``others`` (at size m).

    Raises GradientError where the two traces are not the same program.
    """
    if len(lines) != len(others):
        raise _differs(f"{len(lines)} lines at batch size {n}, {len(others)} at {m}")
    place = {id(line): i for i, line in enumerate(lines)}
    other_place = {id(line): i for i, line in enumerate(others)}
    sizes = _Sizes(n, m, place, other_place)
    for line, other in zip(lines, others, strict=True):
        if (line.kind, line.call) != (other.kind, other.call):
            raise _differs(f"{line.call} at batch size {n}, {other.call} at {m}")
        line.inputs = sizes.merged(line.inputs, other.inputs)
        line.options = sizes.merged(line.options, other.options)
        line.shape = sizes.merged(np.shape(line.value), np.shape(other.value))


class _Sizes:
    """Merges two values that differ in sizes alone."""

    def __init__(self, n: int, m: int, place: dict[int, int], other_place: dict[int, int]) -> None:
        self.n, self.m, self.place, self.other_place = n, m, place, other_place

    def merged(self, a: Any, b: Any) -> Any:
        """``a``, with a Sized in the place of each whole number that differs in ``b``."""
        if isinstance(a, Name):
            if self.place[id(a.line)] != self.other_place.get(id(b.line)):
                raise _differs("other inputs at another batch size")
            return a
        if isinstance(a, bool) or type(a) is not type(b):
            return a
        if isinstance(a, int):
            return a if a == b else self.sized(a, b)
        if isinstance(a, tuple | list):
            if len(a) != len(b):
                raise _differs("other shapes at another batch size")
            return type(a)(self.merged(x, y) for x, y in zip(a, b, strict=True))
        if isinstance(a, dict):
            return {key: self.merged(a[key], b[key]) for key in a}
        if isinstance(a, slice):
            return slice(*(self.merged(x, y) for x, y in zip(_ends(a), _ends(b), strict=True)))
        if isinstance(a, np.ndarray) and not np.array_equal(a, b):
            raise _differs("a constant array that depends on the batch size")
        if isinstance(a, float | np.generic) and a != b:
            raise _differs("a constant that depends on the batch size")
        return a

    def sized(self, a: int, b: int) -> Sized:
        """The whole number times * n + plus that is ``a`` at n and ``b`` at m."""
        times, rest = divmod(a - b, self.n - self.m)
        if rest:
            raise _differs(f"{a} at batch size {self.n} and {b} at {self.m}")
        return Sized(a, times, a - times * self.n)


def _ends(s: slice) -> tuple[Any, Any, Any]:
    return s.start, s.stop, s.step


def _differs(what: str) -> GradientError:
    return GradientError(
        "trace of the step",
        got=what,
        needs="one program for every batch size",
        try_="options in place of tests on x.shape[0]",
    )


# -- shorter, with the same bits --


def shorten(lines: list[Line], results: Iterable[Name]) -> tuple[list[Line], dict[int, Line]]:
    """The lines that somebody reads, each thing computed once; and what took a line's place.

    Only exact changes: a product with 1 is left out, equal lines become one.
    """
    instead: dict[int, Line] = {}
    known: dict[Any, Line] = {}
    kept: list[Line] = []
    for line in lines:
        line.inputs = _renamed(line.inputs, instead)
        line.options = _renamed(line.options, instead)
        other = _without_one(line)
        if other is None:
            other = known.setdefault(_key(line), line)
        if other is line:
            kept.append(line)
        else:
            instead[id(line)] = other
            other.local = other.local or line.local
    wanted = {id(instead.get(id(name.line), name.line)) for name in results}
    needed: list[Line] = []
    for line in reversed(kept):
        if id(line) in wanted:
            needed.append(line)
            wanted.update(id(name.line) for name in line.names())
    return needed[::-1], instead


def _renamed(value: Any, instead: dict[int, Line]) -> Any:
    if isinstance(value, Name):
        line = instead.get(id(value.line))
        return value if line is None else Name(value.script, line)
    if isinstance(value, tuple | list):
        return type(value)(_renamed(part, instead) for part in value)
    if isinstance(value, dict):
        return {key: _renamed(part, instead) for key, part in value.items()}
    return value


def _without_one(line: Line) -> Line | None:
    """The other factor, where a line multiplies by exactly 1 and changes nothing else."""
    if line.call != "*" or len(line.inputs) != 2:
        return None
    for one, other in (line.inputs, line.inputs[::-1]):
        if isinstance(other, Name) and _is_one(one):
            same = np.shape(other.line.value) == np.shape(line.value)
            if same and other.dtype == np.asarray(line.value).dtype:
                return other.line
    return None


def _is_one(value: Any) -> bool:
    if isinstance(value, Name):
        return value.line.call == ONE
    return isinstance(value, int | float | np.generic) and bool(value == 1)


def _key(line: Line) -> Any:
    """Two lines with the same key compute the same."""
    if line.kind in ("source", "option", "draw"):
        return id(line)
    return line.kind, line.call, _frozen(line.inputs), _frozen(line.options)


def _frozen(value: Any) -> Any:
    if isinstance(value, Name):
        return "name", id(value.line)
    if isinstance(value, tuple | list):
        return tuple(_frozen(part) for part in value)
    if isinstance(value, dict):
        return tuple((key, _frozen(part)) for key, part in value.items())
    if isinstance(value, np.ndarray):
        return "array", value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, slice):
        return "slice", _frozen(_ends(value))
    return type(value).__name__, repr(value)
