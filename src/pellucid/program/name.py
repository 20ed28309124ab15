"""A name: an array that writes down what is done to it, while its rule thinks it is computing."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.errors import GradientError

__all__ = ["GIVEN", "Line", "Name", "Script", "value_of"]

GIVEN = ("source", "option")  # kinds of lines that are given from outside


@dataclass(eq=False)
class Line:
    """One operation of NumPy: what is called, on what, and the name that its result gets.

    ``kind`` says how it is spelled: an "operator" (a + b), a "ufunc" or "function" (np.exp(a)), a
    "method" (a.sum(axis=0)), an "index" (a[...]), an "attribute" (a.T), a "helper" (its source goes
    to the top of the program), or a "source": a name that is given from outside.
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


def value_of(x: Any) -> Any:
    """The example's value in place of every name in ``x``."""
    if isinstance(x, Name):
        return x.line.value
    if isinstance(x, tuple | list):
        return type(x)(value_of(part) for part in x)
    if isinstance(x, slice):
        return slice(value_of(x.start), value_of(x.stop), value_of(x.step))
    return x


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
}
_AS_OPERATOR = {
    np.add: "+",
    np.subtract: "-",
    np.multiply: "*",
    np.divide: "/",
    np.power: "**",
    np.matmul: "@",
    np.greater: ">",
    np.greater_equal: ">=",
    np.less: "<",
    np.less_equal: "<=",
    np.equal: "==",
    np.not_equal: "!=",
}


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
    def T(self) -> Name:
        """The axes in reverse order."""
        return self._line("attribute", "T", (self,), {}, self.line.value.T)

    def __repr__(self) -> str:
        return f"<name {self.line.label or self.line.call} {self.shape}>"

    # -- NumPy's protocols --

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs:
            raise self._refuse(f"np.{ufunc.__name__}.{method} with {sorted(kwargs)}")
        symbol = _AS_OPERATOR.get(ufunc)
        if symbol is not None:
            return self._operate(symbol, *inputs)
        value = ufunc(*value_of(inputs))
        return self._line("ufunc", ufunc.__name__, inputs, {}, value, ufunc)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function in (np.shape, np.ndim, np.size):
            return function(self.line.value)
        options = {name: value_of(v) for name, v in kwargs.items()}
        value = function(*value_of(args), **options)
        return self._line("function", function.__name__, args, kwargs, value, function)

    def __pellucid_helper__(
        self, function: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]
    ) -> Name:
        value = function(*value_of(args), **{k: value_of(v) for k, v in options.items()})
        return self._line("helper", function.__name__, args, options, value, function)

    # -- methods of arrays --

    def _method(self, name: str, *args: Any, **options: Any) -> Name:
        value = getattr(self.line.value, name)(*value_of(args), **options)
        return self._line("method", name, (self, *args), options, value)

    def sum(self, axis: Any = None, keepdims: bool = False) -> Name:
        """The sum over the axes."""
        return self._method("sum", **_reduction(axis, keepdims))

    def mean(self, axis: Any = None, keepdims: bool = False) -> Name:
        """The mean over the axes."""
        return self._method("mean", **_reduction(axis, keepdims))

    def max(self, axis: Any = None, keepdims: bool = False) -> Name:
        """The greatest value over the axes."""
        return self._method("max", **_reduction(axis, keepdims))

    def min(self, axis: Any = None, keepdims: bool = False) -> Name:
        """The smallest value over the axes."""
        return self._method("min", **_reduction(axis, keepdims))

    def var(self, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Name:
        """The variance over the axes."""
        extra = {"ddof": ddof} if ddof else {}
        return self._method("var", **_reduction(axis, keepdims), **extra)

    def reshape(self, *shape: Any) -> Name:
        """The same numbers in another shape."""
        shape = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], tuple | list) else shape
        return self if shape == self.shape else self._method("reshape", shape)

    def transpose(self, *axes: Any) -> Name:
        """The axes in another order."""
        axes = tuple(axes[0]) if len(axes) == 1 and isinstance(axes[0], tuple | list) else axes
        return self._method("transpose", axes)

    def swapaxes(self, a: int, b: int) -> Name:
        """Two axes exchanged."""
        return self._method("swapaxes", a, b)

    def astype(self, dtype: Any) -> Name:
        """The same values in another dtype."""
        dtype = np.dtype(dtype)
        return self if dtype == self.dtype else self._method("astype", dtype)

    def copy(self, order: str = "C") -> Name:
        """The name itself: nothing in a program is changed behind another name's back."""
        return self

    def __getitem__(self, index: Any) -> Name:
        value = self.line.value[value_of(index)]
        return self._line("index", "getitem", (self, index), {}, value)

    # -- operators --

    def _operate(self, symbol: str, *inputs: Any) -> Name:
        value = _OPERATORS[symbol](*value_of(inputs))
        return self._line("operator", symbol, inputs, {}, value, _OPERATORS[symbol])

    def __neg__(self) -> Name:
        return self._line("operator", "neg", (self,), {}, -self.line.value, operator.neg)

    def __pos__(self) -> Name:
        return self

    def __abs__(self) -> Name:
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
    ) -> Name:
        return self.script.write(Line(kind, call, tuple(inputs), options, value, function))

    def _refuse(self, what: str) -> GradientError:
        where = self.script.layer or "the network"
        return GradientError(
            f"trace of {where}" + (f", {self.script.rule}" if self.script.rule else ""),
            got=what,
            needs="a straight line of NumPy: what is computed may depend on shapes, not on values",
            try_="np.where(condition, a, b) in place of if",
        )


def _reduction(axis: Any, keepdims: bool) -> dict[str, Any]:
    options: dict[str, Any] = {} if axis is None else {"axis": axis}
    return {**options, "keepdims": True} if keepdims else options


def _binary(symbol: str, swapped: bool) -> Callable[[Name, Any], Name]:
    if swapped:
        return lambda self, other: self._operate(symbol, other, self)
    return lambda self, other: self._operate(symbol, self, other)


for _symbol, _method in {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "truediv",
    "**": "pow",
    "@": "matmul",
    "&": "and",
    "|": "or",
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
