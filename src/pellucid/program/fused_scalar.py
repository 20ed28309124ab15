"""Spells one line of a step for a single number, in the dtype that NumPy would compute it in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.program.name import Line, Name

__all__ = ["has_scalar", "scalar"]

Operand = tuple[str, np.dtype[Any]]  # the text and its dtype
Read = Callable[[Any], Operand]

_ARITHMETIC = ("+", "-", "*", "/")
_COMPARE = (">", ">=", "<", "<=", "==", "!=")
_LOGIC = {"&": "and", "|": "or", "logical_and": "and", "logical_or": "or"}
_PLAIN = ("absolute", "sqrt", "square", "maximum", "minimum", "negative", "sign", "reciprocal")
_SLOW = ("exp", "log", "log1p", "expm1", "tanh")  # NumPy computes eight or sixteen at a time
_POWERS = {2: "{0} * {0}", 3: "{0} * {0} * {0}", 0.5: "np.sqrt({0})", 1: "{0}"}


def has_scalar(line: Line, short: bool) -> bool:
    """Whether the line can be spelled; ``short``: rows so short that slow functions may stay."""
    number = np.asarray(line.value).dtype
    call = line.call
    if call == "**":
        power = line.inputs[1]
        return not isinstance(power, Name) and power in _POWERS
    if call == "exp" and number == np.float32:
        return True
    if call in _SLOW:
        return short
    if call == "clip":
        bounds = [*line.inputs[1:], *line.options.values()]
        return len(bounds) == 2 and all(b is not None for b in bounds)
    known = call in (*_ARITHMETIC, *_COMPARE, *_LOGIC, *_PLAIN, "neg", "where", "astype")
    return known and (number.kind != "b" or call in (*_COMPARE, *_LOGIC, "where", "astype"))


def scalar(line: Line, read: Read) -> str:
    """The formula for one number; ``read`` gives the text and the dtype of an input."""
    result = np.asarray(line.value).dtype
    if line.call in _COMPARE:
        return _compare(line, read)
    if line.call in _LOGIC:
        a, b = (read(x)[0] for x in line.inputs)
        return f"{a} {_LOGIC[line.call]} {b}"
    if line.call == "where":
        chosen, a, b = line.inputs
        return f"{_cast(read(a), result)} if {read(chosen)[0]} else {_cast(read(b), result)}"
    if line.call == "astype":
        return _cast(read(line.inputs[0]), result)
    bounds = list(line.options.values()) if line.call == "clip" else []
    args = [_cast(read(x), result) for x in (*line.inputs, *bounds)]
    if line.call in _ARITHMETIC:
        return f"{args[0]} {line.call} {args[1]}"
    return _function(line, args, result)


def _function(line: Line, args: list[str], result: np.dtype[Any]) -> str:
    x, *rest = args
    if line.call == "**":
        return _POWERS[line.inputs[1]].format(x)
    if line.call in ("maximum", "minimum"):  # as NumPy's: what is not a number stays so
        sign = ">=" if line.call == "maximum" else "<="
        return f"{x} if {x} {sign} {rest[0]} or {x} != {x} else {rest[0]}"
    if line.call == "clip":
        return f"{rest[0]} if {x} < {rest[0]} else ({rest[1]} if {x} > {rest[1]} else {x})"
    if line.call == "sign":
        one = _typed("1", result)
        return f"{one} if {x} > 0 else (-{one} if {x} < 0 else {x} * {_typed('0', result)})"
    if line.call == "exp" and result == np.float32:
        return f"exp32({x})"
    return {
        "neg": f"-{x}",
        "negative": f"-{x}",
        "absolute": f"abs({x})",
        "square": f"{x} * {x}",
        "reciprocal": f"{_typed('1', result)} / {x}",
    }.get(line.call, f"np.{line.call}({x})")


def _compare(line: Line, read: Read) -> str:
    values = [x.line.value if isinstance(x, Name) else x for x in line.inputs]
    common = np.result_type(*values)
    a, b = (_cast(read(x), common) for x in line.inputs)
    return f"{a} {line.call} {b}"


def _cast(operand: Operand, wanted: np.dtype[Any]) -> str:
    text, dtype = operand
    return text if dtype == wanted else _typed(text, wanted)


def _typed(text: str, dtype: np.dtype[Any]) -> str:
    return f"np.{'bool_' if dtype.kind == 'b' else dtype.name}({text})"
