"""The helpers that a program calls: their sources, in the order in which they need each other."""

from __future__ import annotations

import ast
import builtins
import dis
import functools
import inspect
import math
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from pellucid.errors import GradientError
from pellucid.program.without_out import gives_memory_to, without_out

__all__ = ["imports", "joined", "needed", "source_of", "sources"]

Function = Callable[..., Any]
MODULES = {"np": np, "math": math}  # what a program imports


def needed(helpers: Iterable[Function]) -> list[Function]:
    """The helpers and those that they call, each once, behind those that it needs.

    Raises GradientError for a helper that needs more than a program has, and for two of one name.
    """
    found: dict[Function, None] = {}

    def visit(function: Function) -> None:
        if function not in found:
            for other in called(function):
                if other is not function:  # which may call itself
                    visit(other)
            found[function] = None

    for helper in helpers:
        visit(inspect.unwrap(helper))
    names: dict[str, Function] = {}
    for function in found:
        if names.setdefault(function.__name__, function) is not function:
            raise _refuse(function, "another helper of the same name in the same program")
    return list(found)


def sources(helpers: Iterable[Function], reading: bool = False) -> list[str]:
    """What goes to the top of a program, one text each.

    ``reading``: for the reading form, in which only helpers give each other memory.
    """
    functions = needed(helpers)
    texts = [source_of(function) for function in functions]
    if not reading:
        return texts
    shorter = [without_out(text) for text in texts]
    given = set().union(*map(gives_memory_to, shorter))
    pairs = zip(functions, texts, shorter, strict=True)
    return [whole if f.__name__ in given else short for f, whole, short in pairs]


def imports(texts: Iterable[str]) -> list[str]:
    """The lines that import what the helpers use."""
    uses = any(re.search(r"\bmath\.", text) for text in texts)
    return ["import math", "", "import numpy as np"] if uses else ["import numpy as np"]


def joined(imports: Iterable[str], more: Iterable[str]) -> list[str]:
    """Lines of imports in their order: the standard library's, those from it, NumPy."""
    own = {line for line in (*imports, *more) if line and "numpy" not in line}
    first = sorted(own, key=lambda line: (line.startswith("from"), line))
    return [*first, *([""] if first else []), "import numpy as np"]


@functools.cache
def called(function: Function) -> tuple[Function, ...]:
    """The functions that a helper calls by name, in the order in which it names them."""
    found: dict[Function, None] = {}
    for name, value in _outside(function):
        if MODULES.get(name) is value or getattr(builtins, name, None) is value:
            continue
        inner = inspect.unwrap(value) if callable(value) else None
        if not isinstance(inner, FunctionType):
            raise _refuse(function, f"the name {name!r}, which is not there in a program")
        found[inner] = None
    return tuple(found)


def _outside(function: Function) -> Iterator[tuple[str, Any]]:
    """The names from outside that a function uses, with what they stand for."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    closure = {name: cell.cell_contents for name, cell in cells}
    yield from closure.items()
    for name in dict.fromkeys(_global_names(function.__code__)):
        if name in function.__globals__:
            yield name, function.__globals__[name]


def _global_names(code: CodeType) -> Iterator[str]:
    for instruction in dis.get_instructions(code):
        if instruction.opname == "LOAD_GLOBAL":
            yield instruction.argval
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield from _global_names(part)


@functools.cache
def source_of(helper: Function) -> str:
    """A helper's own source, without its decorator and the types of its arguments."""
    function = inspect.unwrap(helper)
    try:
        text = textwrap.dedent(inspect.getsource(function))
    except OSError as error:
        raise _refuse(function, "no source: it was not read from a file") from error
    return _without_types(text[text.index("def ") :].rstrip())


def _without_types(text: str) -> str:
    """The source without annotations, which may name what a program does not have."""
    top = ast.parse(text).body[0]
    assert isinstance(top, ast.FunctionDef)
    lines = text.split("\n")
    every = (*top.args.posonlyargs, *top.args.args, *top.args.kwonlyargs)
    spans = [
        (a.lineno, a.col_offset + len(a.arg), a.annotation)
        for a in (*every, top.args.vararg, top.args.kwarg)
        if a is not None and a.annotation is not None
    ]
    if top.returns is not None:
        row, column = top.returns.lineno, top.returns.col_offset
        spans.append((row, lines[row - 1].rindex("->", 0, column) - 1, top.returns))
    for row, start, note in sorted(spans, key=lambda span: span[:2], reverse=True):
        end = note.end_col_offset
        if note.end_lineno == row:
            lines[row - 1] = lines[row - 1][:start] + lines[row - 1][end:]
    return "\n".join(lines)


def _refuse(function: Function, got: str) -> GradientError:
    return GradientError(
        f"helper {function.__name__}",
        got=got,
        needs="a function of arrays that uses np, math and other helpers alone",
        try_="its constants inside the function",
    )
