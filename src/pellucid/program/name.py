"""A name: an array that writes down what is done to it, while its rule thinks it is computing."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.errors import GradientError

__all__ = ["GIVEN", "Line", "Name", "Script", "has_names", "is_several", "memory_order", "value_of"]

GIVEN = ("source", "option", "constant")  # kinds of lines that nothing computes


@dataclass(eq=False)
class Line:
    """One operation of NumPy: what is called, on what, and the name that its result gets.

    ``kind`` says how it is spelled: an "operator" (a + b), a "ufunc" or "function" (np.exp(a)), a
    "method" (a.sum(axis=0)), an "index" (a[...]), an "attribute" (a.T), a "helper" (its source goes
    to the top of the program), a "draw" from a "generator", a "constant" array, or a "source": a
    name that is given from outside. What gives several results is a line whose value holds them
    all, with a line of kind "part" behind it for each (a, b = f(x)).
    """

    kind: str
    call: str
    inputs: tuple[Any, ...]
    options: dict[str, Any]
    value: Any  # what the example gave, for shape, dtype and memory order
    function: Callable[..., Any] | None = None
    label: str = ""  # the name that a reader sees
    shape: tuple[int, ...] = ()  # with sizes as symbols
    local: str = ""  # the name that the rule's own author gave it
    layer: str = ""
    stage: str = ""
    rule: str = ""
    suffix: str = ""  # of the layer whose value this is: "1", "_hidden"

    def names(self) -> list[Name]:
        """The names among the inputs and options, in order."""
        return [n for part in (*self.inputs, *self.options.values()) for n in _names_in(part)]


@dataclass
class Script:
    """The lines written so far, and where the pen is: layer, stage and rule."""

    lines: list[Line] = field(default_factory=list)
    layer: str = ""
    stage: str = "forward"
    rule: str = ""

    def source(self, label: str, value: Any) -> Name:
        """A name that is given from outside: an input, a parameter, a number."""
        return self.write(Line("source", label, (), {}, value, label=label))

    def option(self, label: str, value: float) -> Name:
        """A number that the optimizer is set to: given at each step, but never turned on or off."""
        return self.write(Line("option", label, (), {}, value, label=label))

    def write(self, line: Line) -> Name:
        """Add a line and return the name of its result."""
        line.layer, line.stage, line.rule = self.layer, self.stage, self.rule
        self.lines.append(line)
        return Name(self, line)

    def write_several(self, line: Line) -> tuple[Any, ...]:
        """Add a line that gives several results, and one for each; return their names.

        A result that is None stays None.
        """
        values = line.value
        line.value = np.empty(len(values), object)
        for k, value in enumerate(values):
            line.value[k] = value
        whole = self.write(line)
        return tuple(
            None if value is None else self.write(Line("part", "part", (whole, k), {}, value))
            for k, value in enumerate(values)
        )


def is_several(line: Line) -> bool:
    """Whether the line gives several results, each of which is a line of its own."""
    return isinstance(line.value, np.ndarray) and line.value.dtype == object


def value_of(x: Any) -> Any:
    """The example's value in place of every name in ``x``."""
    if isinstance(x, Name):
        return x.line.value
    if isinstance(x, tuple | list):
        return type(x)(value_of(part) for part in x)
    if isinstance(x, slice):
        return slice(value_of(x.start), value_of(x.stop), value_of(x.step))
    return x


def has_names(x: Any) -> bool:
    """Whether there is a name in ``x``, however deep."""
    return bool(_names_in(x))


def _names_in(x: Any) -> list[Name]:
    if isinstance(x, Name):
        return [x]
    if isinstance(x, tuple | list):
        return [n for part in x for n in _names_in(part)]
    return []


_OPERATORS: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "@": operator.matmul,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
}
_AS_OPERATOR = {  # not np.power: of some exponents ** makes another function
    np.add: "+",
    np.subtract: "-",
    np.multiply: "*",
    np.divide: "/",
    np.floor_divide: "//",
    np.remainder: "%",
    np.matmul: "@",
    np.greater: ">",
    np.greater_equal: ">=",
    np.less: "<",
    np.less_equal: "<=",
    np.equal: "==",
    np.not_equal: "!=",
    np.bitwise_and: "&",
    np.bitwise_or: "|",
    np.bitwise_xor: "^",
}
# whose results are as large as the values say
_BY_VALUE = ("nonzero", "flatnonzero", "argwhere", "compress", "extract", "trim_zeros", "bincount")
_IN_PLACE = ("copyto", "put", "put_along_axis", "place", "putmask", "fill_diagonal")
_METHODS = (  # of arrays, that a name answers as they do; sum, mean, max and the like stand below
    *("all", "any", "argmax", "argmin", "argsort", "clip", "cumprod", "cumsum", "diagonal", "prod"),
    *("ravel", "repeat", "round", "searchsorted", "squeeze", "std", "take", "trace"),
)


class Name:
    """Stands for an array in a trace and answers NumPy's own protocols.

    It knows the shape and dtype of the example; asked for a value (``if x > 0``, ``float(x)``) it
    refuses: a rule that branches on values has no one program.
    """

    __slots__ = ("line", "script")
    __array_priority__ = 2000
    __hash__ = object.__hash__

    def __init__(self, script: Script, line: Line) -> None:
        self.script, self.line = script, line

    # -- what a rule may ask --

    @property
    def shape(self) -> tuple[int, ...]:
        """The example's shape."""
        return np.shape(self.line.value)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return int(np.size(self.line.value))

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the numbers."""
        return np.asarray(self.line.value).dtype

    @property
    def T(self) -> Any:
        """The axes in reverse order."""
        return self._line("attribute", "T", (self,), {}, self.line.value.T)

    @property
    def base(self) -> Any:
        """The array whose memory the example's value looks at, if it is not its own."""
        return getattr(self.line.value, "base", None)

    def __repr__(self) -> str:
        return f"<name {self.line.label or self.line.call} {self.shape}>"

    # -- NumPy's protocols --

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs:
            raise self._refuse(f"np.{ufunc.__name__}.{method} with {sorted(kwargs)}")
        symbol = _AS_OPERATOR.get(ufunc)
        if symbol is not None:
            return self._operate(symbol, *inputs)
        if ufunc is np.invert:
            return ~self
        inputs = _as_numbers(ufunc, inputs)
        return self._line("ufunc", ufunc.__name__, inputs, {}, ufunc(*value_of(inputs)), ufunc)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function in (np.shape, np.ndim, np.size):
            return function(self.line.value)
        name = _spelled(function)
        short = function.__name__
        if name is None or short in ("einsum", "einsum_path") or short in _IN_PLACE:
            raise self._refuse(f"np.{short}")
        by_value = short in _BY_VALUE or short.startswith("unique")
        if by_value or (short == "where" and len(args) == 1):
            raise self._refuse(f"np.{short}: how large its result is depends on the values")
        options = {name: value_of(v) for name, v in kwargs.items()}
        value = function(*value_of(args), **options)
        return self._line("function", name, args, kwargs, value, function)

    def __pellucid_helper__(
        self, function: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]
    ) -> Any:
        value = function(*value_of(args), **{k: value_of(v) for k, v in options.items()})
        name = function.__name__
        found = value if isinstance(value, tuple | list) else (value,)
        if not all(x is None or isinstance(x, np.ndarray | np.generic) for x in found):
            raise self._refuse(f"{name}() gives something that is not an array")
        return self._line("helper", name, args, options, value, function)

    # -- methods of arrays --

    def _method(self, name: str, *args: Any, **options: Any) -> Any:
        given = {key: value_of(value) for key, value in options.items()}
        value = getattr(self.line.value, name)(*value_of(args), **given)
        return self._line("method", name, (self, *args), options, value)

    def sum(self, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
        """The sum over the axes."""
        return self._method("sum", **_reduction(axis, keepdims, dtype))

    def mean(self, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
        """The mean over the axes."""
        return self._method("mean", **_reduction(axis, keepdims, dtype))

    def max(self, axis: Any = None, keepdims: bool = False, **start: Any) -> Any:
        """The greatest value over the axes."""
        return self._method("max", **_reduction(axis, keepdims), **start)

    def min(self, axis: Any = None, keepdims: bool = False, **start: Any) -> Any:
        """The smallest value over the axes."""
        return self._method("min", **_reduction(axis, keepdims), **start)

    def var(self, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
        """The variance over the axes."""
        extra = {"ddof": ddof} if ddof else {}
        return self._method("var", **_reduction(axis, keepdims), **extra)

    def reshape(self, *shape: Any) -> Any:
        """The same numbers in another shape."""
        shape = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], tuple | list) else shape
        return self if shape == self.shape else self._method("reshape", shape)

    def transpose(self, *axes: Any) -> Any:
        """The axes in another order."""
        axes = tuple(axes[0]) if len(axes) == 1 and isinstance(axes[0], tuple | list) else axes
        return self._method("transpose", axes) if axes else self.T

    def swapaxes(self, a: int, b: int) -> Any:
        """Two axes exchanged."""
        return self._method("swapaxes", a, b)

    def astype(self, dtype: Any) -> Any:
        """The same values in another dtype."""
        dtype = np.dtype(dtype)
        value = self.line.value  # of an array with gaps, even the same dtype is another array
        dense = not isinstance(value, np.ndarray) or memory_order(value) is not None
        return self if dtype == self.dtype and dense else self._method("astype", dtype)

    def copy(self, order: str = "C") -> Any:
        """The numbers in C order: the name itself where they are; nothing is changed in place."""
        value = self.line.value
        flat = not isinstance(value, np.ndarray) or value.flags.c_contiguous
        return self if flat else self._method("copy")

    def flatten(self) -> Any:
        """All numbers in a row."""
        return self.reshape(-1)

    def __getitem__(self, index: Any) -> Any:
        parts = index if isinstance(index, tuple) else (index,)
        if any(isinstance(part, Name) and part.dtype == bool for part in parts):
            raise self._refuse("x[mask]: how large the result is depends on the values")
        value = self.line.value[value_of(index)]
        return self._line("index", "getitem", (self, index), {}, value)

    # -- operators --

    def _operate(self, symbol: str, *inputs: Any) -> Any:
        inputs = _as_numbers(_OPERATORS[symbol], inputs)
        value = _OPERATORS[symbol](*value_of(inputs))
        return self._line("operator", symbol, inputs, {}, value, _OPERATORS[symbol])

    def __neg__(self) -> Any:
        return self._line("operator", "neg", (self,), {}, -self.line.value, operator.neg)

    def __invert__(self) -> Any:
        return self._line("operator", "~", (self,), {}, ~self.line.value, operator.invert)

    def __pos__(self) -> Name:
        return self

    def __abs__(self) -> Any:
        return self._line("ufunc", "absolute", (self,), {}, np.abs(self.line.value), np.absolute)

    # -- refusals --

    def __bool__(self) -> bool:
        if self.line.kind == "option":  # a rule may branch on options: they are constants
            return bool(self.line.value)
        raise self._refuse("a branch on a value (if, and, or, while)")

    def __float__(self) -> float:
        raise self._refuse("float() of a value")

    def __int__(self) -> int:
        raise self._refuse("int() of a value")

    def __index__(self) -> int:
        raise self._refuse("a value as an index")

    def __len__(self) -> int:
        raise self._refuse("len(): take x.shape[0]")

    def __iter__(self) -> Any:
        raise self._refuse("a loop over the values")

    def __setitem__(self, index: Any, value: Any) -> None:
        raise self._refuse("x[...] = ...: a rule changes nothing in place")

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise self._refuse("np.asarray or a function that is not NumPy's")

    def item(self) -> Any:
        """Refused: a program has no values yet."""
        raise self._refuse("item()")

    def tolist(self) -> Any:
        """Refused: a program has no values yet."""
        raise self._refuse("tolist()")

    def _line(
        self,
        kind: str,
        call: str,
        inputs: Sequence[Any],
        options: dict[str, Any],
        value: Any,
        function: Any = None,
    ) -> Any:
        line = Line(kind, call, tuple(inputs), options, value, function)
        several = isinstance(value, tuple | list)
        return self.script.write_several(line) if several else self.script.write(line)

    def _refuse(self, what: str) -> GradientError:
        where = self.script.layer or "the network"
        return GradientError(
            f"trace of {where}" + (f", {self.script.rule}" if self.script.rule else ""),
            got=what,
            needs="a straight line of NumPy: what is computed may depend on shapes, not on values",
            try_="np.where(condition, a, b) in place of if",
        )


def memory_order(value: Any) -> tuple[int, ...] | None:
    """The axes of an array from the slowest to the fastest in memory; None where it has gaps.

    An axis of length 1 has no order of its own: C and F are said wherever they are possible.
    """
    if not isinstance(value, np.ndarray):
        return None
    axes = tuple(range(value.ndim))
    if value.flags.c_contiguous:
        return axes
    if value.flags.f_contiguous:
        return axes[::-1]
    found = tuple(sorted(axes, key=lambda a: (-value.strides[a], a)))
    return found if value.transpose(found).flags.c_contiguous else None


def _reduction(axis: Any, keepdims: bool, dtype: Any = None) -> dict[str, Any]:
    options: dict[str, Any] = {} if axis is None else {"axis": axis}
    options |= {} if dtype is None else {"dtype": np.dtype(dtype)}
    return {**options, "keepdims": True} if keepdims else options


def _as_numbers(function: Callable[..., Any], inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """NumPy's numbers as Python's, where the result keeps its dtype."""
    plain = tuple(x.item() if _is_scalar(x) else x for x in inputs)
    if all(a is b for a, b in zip(plain, inputs, strict=True)):
        return inputs
    before, after = (np.result_type(function(*value_of(x))) for x in (inputs, plain))
    return plain if before == after else inputs


def _is_scalar(x: Any) -> bool:
    return isinstance(x, np.generic) or (isinstance(x, np.ndarray) and x.ndim == 0)


def _spelled(function: Callable[..., Any]) -> str | None:
    """Where NumPy keeps the function: "pad", "linalg.norm"; None where it is not NumPy's."""
    name = function.__name__
    if getattr(np, name, None) is function:
        return name
    return f"linalg.{name}" if getattr(np.linalg, name, None) is function else None


def _binary(symbol: str, swapped: bool) -> Callable[[Name, Any], Any]:
    if swapped:
        return lambda self, other: self._operate(symbol, other, self)
    return lambda self, other: self._operate(symbol, self, other)


def _as_method(name: str) -> Callable[..., Any]:
    return lambda self, *args, **options: self._method(name, *args, **options)


for _name in _METHODS:
    setattr(Name, _name, _as_method(_name))
for _symbol, _method in {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "truediv",
    "//": "floordiv",
    "%": "mod",
    "**": "pow",
    "@": "matmul",
    "&": "and",
    "|": "or",
    "^": "xor",
}.items():
    setattr(Name, f"__{_method}__", _binary(_symbol, swapped=False))
    setattr(Name, f"__r{_method}__", _binary(_symbol, swapped=True))
for _symbol, _method in {
    ">": "gt",
    ">=": "ge",
    "<": "lt",
    "<=": "le",
    "==": "eq",
    "!=": "ne",
}.items():
    setattr(Name, f"__{_method}__", _binary(_symbol, swapped=False))
