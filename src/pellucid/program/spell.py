"""Spells a line as Python: operators with the brackets they need, NumPy by its usual names."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from pellucid.program.name import Line, Name
from pellucid.program.tidy import Sized

__all__ = ["constant", "expression"]

# how tightly things bind in Python, loosest first
_COMPARE, _OR, _AND, _SUM, _PRODUCT, _MINUS, _POWER, _ATOM = range(8)
_BINDS = {
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), _COMPARE),
    "|": _OR,
    "&": _AND,
    **dict.fromkeys(("+", "-"), _SUM),
    **dict.fromkeys(("*", "/", "@"), _PRODUCT),
    "**": _POWER,
}
_NUMPY = {"absolute": "abs"}  # where the usual name is not the ufunc's own

Known = Callable[[Line], "str | None"]  # the name of a line that has one, else None


def expression(line: Line, known: Known) -> str:
    """The line's own formula; the lines it needs stand by name where they have one."""
    return _spell(line, known)[0]


def _spell(line: Line, known: Known) -> tuple[str, int]:
    """The text and how tightly it binds."""
    spell = {
        "operator": _operator,
        "ufunc": _call,
        "function": _call,
        "helper": _helper,
        "method": _method,
        "index": _index,
        "attribute": _attribute,
        "draw": _draw,
    }[line.kind]
    return spell(line, known)


def _part(x: Any, known: Known) -> tuple[str, int]:
    if isinstance(x, Name):
        name = known(x.line)
        return (name, _ATOM) if name is not None else _spell(x.line, known)
    text = constant(x)
    return text, _MINUS if text.startswith("-") else _product_of(text)


def _product_of(text: str) -> int:
    """A size such as 2 * n is a product, everything else an atom."""
    if any(f" {sign} " in text for sign in "+-") and "(" not in text and "[" not in text:
        return _SUM
    return _PRODUCT if " * " in text and "(" not in text and "[" not in text else _ATOM


def _bracketed(x: Any, known: Known, least: int) -> str:
    text, binds = _part(x, known)
    return text if binds >= least else f"({text})"


def _operator(line: Line, known: Known) -> tuple[str, int]:
    if line.call == "neg":
        return f"-{_bracketed(line.inputs[0], known, _MINUS)}", _MINUS
    a, b = line.inputs
    binds = _BINDS[line.call]
    if line.call == "**":
        base, power = _bracketed(a, known, _ATOM), _bracketed(b, known, _MINUS)
        tight = all(c.isalnum() or c in "_." for c in base + power)
        return f"{base}{'**' if tight else ' ** '}{power}", _POWER
    left = _bracketed(a, known, binds + (binds == _COMPARE))
    right = _bracketed(b, known, binds + 1)
    return f"{left} {line.call} {right}", binds


def _call(line: Line, known: Known) -> tuple[str, int]:
    if line.call == "expand_dims":
        return _expand_dims(line, known)
    name = _NUMPY.get(line.call, line.call)
    if line.call in ("concatenate", "stack"):
        parts = line.inputs[0] if isinstance(line.inputs[0], tuple | list) else (line.inputs[0],)
        joined = ", ".join(_part(x, known)[0] for x in parts)
        return f"np.{name}([{joined}]{_options(line, known)})", _ATOM
    return f"np.{name}({_arguments(line.inputs, known)}{_options(line, known)})", _ATOM


def _expand_dims(line: Line, known: Known) -> tuple[str, int]:
    """a[:, np.newaxis] says it shorter than np.expand_dims(a, 1)."""
    a, axis = (*line.inputs, *line.options.values())
    places = [":"] * a.ndim
    places.insert(axis if axis >= 0 else a.ndim + 1 + axis, "np.newaxis")
    return f"{_bracketed(a, known, _ATOM)}[{', '.join(places)}]", _ATOM


def _helper(line: Line, known: Known) -> tuple[str, int]:
    return f"{line.call}({_arguments(line.inputs, known)}{_options(line, known)})", _ATOM


def _method(line: Line, known: Known) -> tuple[str, int]:
    a, *rest = line.inputs
    who = _bracketed(a, known, _ATOM)
    return f"{who}.{line.call}({_arguments(rest, known)}{_options(line, known, bool(rest))})", _ATOM


def _index(line: Line, known: Known) -> tuple[str, int]:
    a, index = line.inputs
    return f"{_bracketed(a, known, _ATOM)}[{_place(index, known)}]", _ATOM


def _place(index: Any, known: Known) -> str:
    if isinstance(index, tuple):
        return ", ".join(_place(i, known) for i in index) if index else "()"
    if isinstance(index, slice):
        ends = ["" if e is None else constant(e) for e in (index.start, index.stop)]
        return ":".join(ends) + ("" if index.step is None else f":{constant(index.step)}")
    if index is None:
        return "np.newaxis"
    return "..." if index is Ellipsis else _part(index, known)[0]


def _attribute(line: Line, known: Known) -> tuple[str, int]:
    return f"{_bracketed(line.inputs[0], known, _ATOM)}.{line.call}", _ATOM


def _draw(line: Line, known: Known) -> tuple[str, int]:
    site, shape = line.inputs
    return f"rng({site}).{line.call}({constant(shape)}{_options(line, known)})", _ATOM


def _arguments(values: Iterable[Any], known: Known) -> str:
    return ", ".join(_part(x, known)[0] for x in values)


def _options(line: Line, known: Known, comma: bool = True) -> str:
    first = "" if line.kind == "method" and not comma else ", "
    options = dict(line.options)
    if isinstance(options.get("axis"), tuple) and len(options["axis"]) == 1:
        options["axis"] = options["axis"][0]
    parts = [f"{name}={_part(value, known)[0]}" for name, value in options.items()]
    return first + ", ".join(parts) if parts else ""


def constant(value: Any) -> str:
    """A Python or NumPy constant as source; a size that depends on the batch as n.

    >>> constant(np.float32(0.5)), constant((Sized(32, 1, 0), 10)), constant(np.dtype("float32"))
    ('0.5', '(n, 10)', 'np.float32')
    """
    if isinstance(value, Sized):
        return value.text
    if isinstance(value, np.dtype):
        return f"np.{value.name}" if value.name != "bool" else "bool"
    if isinstance(value, tuple):
        inner = ", ".join(constant(part) for part in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, list):
        return f"[{', '.join(constant(part) for part in value)}]"
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return constant(value.item())
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "np.inf", -math.inf: "-np.inf"}.get(value, "np.nan")
    return repr(value)


def _array(value: np.ndarray) -> str:
    """A constant array: a range where it is one."""
    flat = value.ravel()
    if value.dtype.kind in "iu" and np.array_equal(flat, np.arange(flat.size)):
        shape = "" if value.ndim == 1 else f".reshape({constant(value.shape)})"
        return f"np.arange({flat.size}){shape}"
    dtype = "" if value.dtype == np.float64 else f", dtype={constant(value.dtype)}"
    return f"np.array({value.tolist()}{dtype})"
