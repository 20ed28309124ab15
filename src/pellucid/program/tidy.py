"""Makes a trace worth reading: sizes become symbols, nothing is written twice or for nobody."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from pellucid.errors import GradientError
from pellucid.program.name import GIVEN, Line, Name, Script, memory_order
from pellucid.program.trace import ONE

__all__ = [
    "Sized",
    "SizedArray",
    "aligned",
    "frozen",
    "is_range",
    "lift_constants",
    "shape_of",
    "shorten",
]

Array = np.ndarray[Any, Any]
SMALL = 32  # numbers of a constant array that may stand in the line itself


class Sized(int):
    """A whole number that depends on the batch size: it counts as the number, and prints as n."""

    text: str
    times: int
    plus: int

    def __new__(cls, value: int, times: int, plus: int) -> Sized:
        self = super().__new__(cls, value)
        self.times, self.plus = times, plus
        product = "n" if times == 1 else f"{times} * n"
        self.text = product if not plus else f"{product} {'+' if plus > 0 else '-'} {abs(plus)}"
        return self

    def __repr__(self) -> str:
        return self.text


class SizedArray(np.ndarray[Any, Any]):
    """A constant array whose shape, ``sizes``, depends on the batch size."""

    sizes: tuple[int, ...]


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
        if isinstance(a, np.integer) and isinstance(b, np.integer) and a != b:
            return self.sized(int(a), int(b))
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
        if isinstance(a, np.ndarray):
            return self.array(a, b)
        if isinstance(a, float | np.generic) and a != b:
            raise _differs("a constant that depends on the batch size")
        return a

    def array(self, a: Array, b: Array) -> Array:
        """The constant array itself; one as long as the batch may be a range, or one number."""
        if a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes():
            return a
        ranges = is_range(a) and is_range(b)
        filled = a.size and b.size and (a == a.flat[0]).all() and (b == a.flat[0]).all()
        if a.dtype != b.dtype or not (ranges or filled):
            raise _differs("a constant array that depends on the batch size")
        made: SizedArray = a.view(SizedArray)
        made.sizes = self.merged(a.shape, b.shape)
        return made

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


# -- constant arrays --


def lift_constants(script: Script) -> None:
    """Give each large constant array of the lines a line of its own, at the start."""
    made: dict[Any, Name] = {}
    script.stage, script.layer, script.rule = "given", "", ""
    start = len(script.lines)

    def lifted(value: Any) -> Any:
        if isinstance(value, tuple | list):
            return type(value)(lifted(part) for part in value)
        if not isinstance(value, np.ndarray) or not _is_lifted(value):
            return value
        key = frozen(value)
        if key not in made:
            made[key] = script.write(Line("constant", "constant", (), {}, value))
            made[key].line.shape = shape_of(value)
        return made[key]

    for line in script.lines[:start]:
        line.inputs = lifted(line.inputs)
        line.options = {name: lifted(value) for name, value in line.options.items()}
    script.lines[:] = [*script.lines[start:], *script.lines[:start]]


def _is_lifted(array: Array) -> bool:
    if isinstance(array, SizedArray):
        return True
    return array.size > SMALL and not is_range(array)


def shape_of(array: Array) -> tuple[int, ...]:
    """The shape, with sizes that depend on the batch size as such."""
    return array.sizes if isinstance(array, SizedArray) else array.shape


def is_range(array: Array) -> bool:
    """Whether the numbers are 0, 1, 2 and so on."""
    return array.dtype.kind in "iu" and np.array_equal(array.ravel(), np.arange(array.size))


# -- shorter, with the same bits --


def shorten(lines: list[Line], results: Iterable[Name]) -> tuple[list[Line], dict[int, Line]]:
    """The lines that somebody reads, each thing computed once; and what took a line's place.

    Only exact changes: a product with 1 is left out, equal lines become one.
    """
    instead: dict[int, Line] = {}
    known: dict[Any, Line] = {}
    kept: list[Line] = []
    numbers: dict[int, float] = {}  # by line: a value that is a plain number
    for line in lines:
        line.inputs = _renamed(line.inputs, instead)
        line.options = _renamed(line.options, instead)
        _put_numbers(line, numbers)
        other = _without_one(line)
        if other is None:
            other = known.setdefault(_key(line), line)
        if other is line:
            kept.append(line)
        else:
            instead[id(line)] = other
            other.local = other.local or line.local
    wanted = {id(instead.get(id(name.line), name.line)) for name in results}
    for line in reversed(kept):
        if id(line) in wanted:
            wanted.update(id(name.line) for name in line.names())
    return [line for line in kept if id(line) in wanted or _comes_along(line, wanted)], instead


def _comes_along(line: Line, wanted: set[int]) -> bool:
    """Whether nobody reads the line, but others need its place beside it: results, draws."""
    if line.kind not in ("part", "draw"):
        return False
    return id(line.names()[0].line) in wanted


def _put_numbers(line: Line, numbers: dict[int, float]) -> None:
    """Write 2 * x for 1 * 2 * x: products of the loss's own gradient, which is 1, with numbers."""
    if line.call == ONE:
        numbers[id(line)] = 1
    if line.kind != "operator" or len(line.inputs) != 2:
        return
    known = [numbers.get(id(x.line)) if isinstance(x, Name) else None for x in line.inputs]
    dtype = np.asarray(line.value).dtype
    for k, number in enumerate(known):
        other = line.inputs[1 - k]
        if number is None:
            continue
        if isinstance(other, Name) and known[1 - k] is None and other.dtype == dtype:
            line.inputs = (number, other) if k == 0 else (other, number)
        elif line.call == "*" and isinstance(other, int | float):
            product = number * other
            if product == dtype.type(product):  # no digit is lost
                numbers[id(line)] = product


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
            same = same and other.dtype == np.asarray(line.value).dtype
            # the product of an array with gaps has none, and its sums may differ in the last bit
            dense = not same or np.ndim(line.value) == 0 or memory_order(other.line.value)
            if same and dense is not None:
                return other.line
    return None


def _is_one(value: Any) -> bool:
    if isinstance(value, Name):
        return value.line.call == ONE
    return isinstance(value, int | float | np.generic) and bool(value == 1)


def _key(line: Line) -> Any:
    """Two lines with the same key compute the same."""
    if line.kind in (*GIVEN, "generator", "draw"):
        return id(line)
    helper = id(line.function) if line.kind == "helper" else 0
    return line.kind, line.call, helper, frozen(line.inputs), frozen(line.options)


def frozen(value: Any) -> Any:
    """The value as something that can be compared and looked up."""
    if isinstance(value, Name):
        return "name", id(value.line)
    if isinstance(value, tuple | list):
        return tuple(frozen(part) for part in value)
    if isinstance(value, dict):
        return tuple((key, frozen(part)) for key, part in value.items())
    if isinstance(value, np.ndarray):
        return "array", value.dtype.str, repr(shape_of(value)), value.tobytes()
    if isinstance(value, slice):
        return "slice", frozen(_ends(value))
    return type(value).__name__, repr(value)
