"""Spells a line as Python: operators with the brackets they need, NumPy by its usual names."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from pellucid.errors import GradientError
from pellucid.program.name import GIVEN, Line, Name, has_names
from pellucid.program.tidy import Sized, SizedArray, is_range, shape_of

__all__ = ["constant", "expression"]

# how tightly things bind in Python, loosest first
_COMPARE, _OR, _XOR, _AND, _SUM, _PRODUCT, _MINUS, _POWER, _ATOM = range(9)
_BINDS = {
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), _COMPARE),
    "|": _OR,
    "^": _XOR,
    "&": _AND,
    **dict.fromkeys(("+", "-"), _SUM),
    **dict.fromkeys(("*", "/", "//", "%", "@"), _PRODUCT),
    "**": _POWER,
}
_SIGNS = {"neg": "-", "~": "~"}
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
        "generator": _generator,
        "constant": _constant,
        "part": _one_of_several,
    }[line.kind]
    return spell(line, known)


def _part(x: Any, known: Known) -> tuple[str, int]:
    if isinstance(x, Name):
        name = known(x.line)
        return (name, _ATOM) if name is not None else _spell(x.line, known)
    if isinstance(x, tuple | list) and has_names(x):
        inner = ", ".join(_part(part, known)[0] for part in x)
        comma = "," if isinstance(x, tuple) and len(x) == 1 else ""
        return (f"({inner}{comma})" if isinstance(x, tuple) else f"[{inner}]"), _ATOM
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
    if line.call in _SIGNS:
        return f"{_SIGNS[line.call]}{_bracketed(line.inputs[0], known, _MINUS)}", _MINUS
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
    if line.call == "expand_dims" and isinstance([*line.inputs, *line.options.values()][-1], int):
        return _expand_dims(line, known)
    name, inputs = _NUMPY.get(line.call, line.call), list(line.inputs)
    if line.call in ("concatenate", "stack") and isinstance(inputs[0], tuple):
        inputs[0] = list(inputs[0])
    given = _arguments(inputs, known)
    return f"np.{name}({given}{_options(line, known, bool(inputs))})", _ATOM


def _expand_dims(line: Line, known: Known) -> tuple[str, int]:
    """a[:, np.newaxis] says it shorter than np.expand_dims(a, 1)."""
    a, axis = (*line.inputs, *line.options.values())
    places = [":"] * a.ndim
    places.insert(axis if axis >= 0 else a.ndim + 1 + axis, "np.newaxis")
    return f"{_bracketed(a, known, _ATOM)}[{', '.join(places)}]", _ATOM


def _helper(line: Line, known: Known) -> tuple[str, int]:
    given = _arguments(line.inputs, known)
    return f"{line.call}({given}{_options(line, known, bool(line.inputs))})", _ATOM


def _one_of_several(line: Line, known: Known) -> tuple[str, int]:
    whole, place = line.inputs
    return f"{_part(whole, known)[0]}[{place}]", _ATOM


def _constant(line: Line, known: Known) -> tuple[str, int]:
    return constant(line.value), _ATOM


def _method(line: Line, known: Known) -> tuple[str, int]:
    a, *rest = line.inputs
    if line.call in ("reshape", "transpose") and rest[0]:
        rest = rest[0]  # x.reshape(2, 3), as people write it
    who = _bracketed(a, known, _ATOM)
    if isinstance(a, Name) and _is_pythons(a.line):  # Python's own numbers have no methods
        who = f"{constant(a.dtype)}({_part(a, known)[0]})"
    return f"{who}.{line.call}({_arguments(rest, known)}{_options(line, known, bool(rest))})", _ATOM


def _is_pythons(line: Line) -> bool:
    """Whether only Python's numbers went into the line: the 1 that backward begins with, sizes."""
    if line.kind == "operator":
        return all(not isinstance(x, Name) or _is_pythons(x.line) for x in line.inputs)
    return line.kind in GIVEN and line.call == "1"


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


def _generator(line: Line, known: Known) -> tuple[str, int]:
    return f"rng({line.inputs[0]})", _ATOM


def _draw(line: Line, known: Known) -> tuple[str, int]:
    generator, *rest = line.inputs
    while rest and rest[-1] is None:
        rest.pop()
    who = _part(generator, known)[0]
    return f"{who}.{line.call}({_arguments(rest, known)}{_options(line, known, bool(rest))})", _ATOM


def _arguments(values: Iterable[Any], known: Known) -> str:
    return ", ".join(_part(x, known)[0] for x in values)


def _options(line: Line, known: Known, comma: bool = True) -> str:
    """The options as text, with a comma before them where arguments stand there."""
    options = dict(line.options)
    if line.kind != "helper" and isinstance(options.get("axis"), tuple):
        options["axis"] = options["axis"] if len(options["axis"]) != 1 else options["axis"][0]
    parts = [f"{name}={_part(value, known)[0]}" for name, value in options.items()]
    return (", " if comma else "") + ", ".join(parts) if parts else ""


def constant(value: Any) -> str:
    """A Python or NumPy constant as source; a size that depends on the batch as n.

    >>> constant(np.float32(0.5)), constant((Sized(32, 1, 0), 10)), constant(np.dtype("float32"))
    ('np.float32(0.5)', '(n, 10)', 'np.float32')
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
    if isinstance(value, np.generic):
        text = constant(value.item())
        return text if value.dtype.kind == "b" else f"np.{value.dtype.name}({text})"
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "np.inf", -math.inf: "-np.inf"}.get(value, "np.nan")
    if isinstance(value, type):
        return f"np.{np.dtype(value).name}" if issubclass(value, np.generic) else value.__name__
    if not isinstance(value, PLAIN):
        raise GradientError(
            "writing a program",
            got=f"an argument of type {type(value).__name__}",
            needs="arrays, numbers, texts, and tuples of them",
        )
    return repr(value)


PLAIN = (int, float, complex, str, slice, type(None), type(...))


def _array(value: np.ndarray[Any, Any]) -> str:
    """A constant array: a range, one number throughout, a triangle; else number by number.

    >>> _array(np.tri(9, dtype=bool)), _array(np.arange(4).reshape(4, 1))
    ('np.tri(9, dtype=bool)', 'np.arange(4).reshape(4, 1)')
    """
    shape, kind = shape_of(value), _of_type(value)
    if is_range(value) and value.ndim:
        text = f"np.arange({constant(_product(shape))}{kind})"
        return text if value.ndim == 1 else f"{text}.reshape{constant(shape)}"
    if value.size > FEW or isinstance(value, SizedArray):
        for text, made in _known_arrays(value, constant(shape), kind):
            if made.dtype == value.dtype and made.tobytes() == value.tobytes():
                return text
    return f"np.array({_numbers(value)}{kind})"


def _numbers(value: np.ndarray[Any, Any]) -> str:
    """The numbers as nested lists, each with as few digits as its dtype needs."""
    if value.ndim:
        return f"[{', '.join(_numbers(part) for part in value)}]"
    full, short = constant(value.item()), str(value)
    same = value.dtype == np.float32 and np.float32(float(short)) == value
    return short if same and "." in short and np.isfinite(value) else full


FEW = 8  # numbers that are written down one by one, whatever they are


def _of_type(value: np.ndarray[Any, Any]) -> str:
    """The dtype as an argument, where it is not the usual one."""
    usual = np.int64 if is_range(value) else np.float64
    return "" if value.dtype == usual else f", dtype={constant(value.dtype)}"


def _product(sizes: tuple[int, ...]) -> int:
    """The product of sizes, one of which may depend on the batch."""
    rest = math.prod(n for n in sizes if not isinstance(n, Sized))
    for n in sizes:
        if isinstance(n, Sized):
            return Sized(n * rest, n.times * rest, n.plus * rest)
    return rest


def _known_arrays(
    value: np.ndarray[Any, Any], shape: str, kind: str
) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """What large arrays often are, as text and as numbers: one number throughout, a triangle."""
    first = value.ravel()[:1].sum()
    yield f"np.zeros({shape}{kind})", np.zeros(value.shape, value.dtype)
    yield f"np.ones({shape}{kind})", np.ones(value.shape, value.dtype)
    yield (
        f"np.full({shape}, {constant(first.item())}{kind})",
        np.full(value.shape, first, value.dtype),
    )
    if value.ndim != 2 or value.shape[0] != value.shape[1] or isinstance(value, SizedArray):
        return
    n = value.shape[0]
    yield f"np.eye({n}{kind})", np.eye(n, dtype=value.dtype)
    yield f"np.tri({n}{kind})", np.tri(n, dtype=value.dtype)
    if value.dtype == bool:
        yield f"~np.tri({n}, dtype=bool)", ~np.tri(n, dtype=bool)
    elif value.dtype.kind == "f":
        full = np.full((n, n), -np.inf, value.dtype)
        yield f"np.triu(np.full(({n}, {n}), -np.inf{kind}), 1)", np.triu(full, 1)
