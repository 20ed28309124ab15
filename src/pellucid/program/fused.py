"""The fused form: runs of element-wise and row-wise lines as compiled loops, the rest in NumPy."""

from __future__ import annotations

import inspect
import logging
import math
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from pellucid.errors import OptionError
from pellucid.ops.recurrent import gru, gru_back, lstm, lstm_back
from pellucid.program import fused_math
from pellucid.program.assemble import File
from pellucid.program.fused_loop import Argument, LoopText, write_loop
from pellucid.program.fused_runs import Loop, find_loops, reduced
from pellucid.program.helpers import source_of
from pellucid.program.load import load
from pellucid.program.memory import Memory
from pellucid.program.name import GIVEN, Line, Name
from pellucid.program.plan import is_number, order
from pellucid.program.running import Running
from pellucid.program.spell import constant
from pellucid.program.step import Step
from pellucid.program.tidy import Sized

__all__ = ["fused_source", "load_fused"]

_log = logging.getLogger("pellucid")
_FROM_PELLUCID = ("all_finite", "product_nn", "product_nt", "product_tn", "shares")
LARGEST = 50_000_000  # multiply-adds of a product from which a BLAS is quicker
_ROWS = (0, 1)  # the memory order of a matrix row after row
LONG = 50_000  # numbers of a row from which two threads are quicker than one
_TOOLS = {  # what a loop may call, and how it is compiled
    "exp32": '@njit(error_model="numpy")',
    "row_sum": '@njit(error_model="numpy", fastmath={"reassoc"})',
    "row_max": '@njit(error_model="numpy")',
    "row_min": '@njit(error_model="numpy")',
}


def fused_source(step: Step, memory: Memory, threads: int = 1) -> str:
    """The source of ``make(n, ...)``, as in the running form, with loops in place of many lines.

    Within rounding of eager: exp is another one, and sums add up in another order. The number of
    threads changes no bit: they share out the numbers of a result, never the terms of one sum.
    """
    return _FusedFile(step, memory, threads).text()


def load_fused(source: str, name: str) -> ModuleType:
    """Import a fused program; compiled code is kept beside its source, for the next time.

    Raises OptionError where Numba cannot be imported, or cannot compile the loops.
    """
    try:
        import numba  # noqa: F401
    except Exception as error:  # a Numba of the wrong version fails in ways of its own
        raise _refuse(f"no Numba that can be imported ({_first_line(error)})") from error
    try:
        return load(source, name, _announce)
    except Exception as error:
        raise _refuse(f"loops that Numba cannot compile ({_first_line(error)})") from error


def _refuse(got: str) -> OptionError:
    return OptionError(
        "program, the fused form",
        got=got,
        needs="a Numba that fits this Python and this NumPy, to compile the loops",
        try_="pip install 'pellucid[fast]'",
    )


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _announce(path: Path) -> None:
    """Say once what takes the time."""
    if not any((path.parent / "__pycache__").glob(f"{path.stem}.*.nbi")):
        _log.info("compiling the loops of %s: once, for some seconds", path.name)


@dataclass
class _Part:
    """One result of a loop; the last one brings the call."""

    loop: Loop
    outputs: list[Line]
    last: bool


class _FusedFile(File):
    """The running form's file, its lines gathered into loops."""

    def __init__(self, step: Step, memory: Memory, threads: int) -> None:
        super().__init__(step, memory)
        self.threads = threads
        self.loops: dict[str, str] = {}  # the text of a loop below its name: its name
        self.runner = partial(_FusedRunning, self)

    def head(self) -> list[str]:
        twins = [x.__name__ for x in self.helpers if inspect.unwrap(x) in _have_twins()]
        self.helpers = [x for x in self.helpers if x.__name__ not in twins]
        return [*self.top(twins), *(f"{t} = twin({t!r}, {self.threads})" for t in twins)]

    def top(self, twins: list[str]) -> list[str]:
        """What is imported, the tools and the loops."""
        imports, rest = super().head()[:3], super().head()[3:]
        parallel = any("prange(" in text for text in self.loops)
        lines = [*imports, f"from numba import njit{', prange' * parallel}", ""]
        called = "\n".join([*self.setup, *self.body])
        used = [tool for tool in _FROM_PELLUCID if f"{tool}(" in called]
        if used:
            lines += [f"from pellucid.program.fused_product import {', '.join(used)}"]
        if twins:
            lines += ["from pellucid.program.fused_twins import twin"]
        lines += rest[1:] if used or twins else rest[2:]
        for tool, decorator in _TOOLS.items():
            if any(f"{tool}(" in text for text in self.loops):
                function = getattr(fused_math, tool)
                lines += [decorator, *_without_hints(function), "", ""]
        for text, name in self.loops.items():
            named = text.replace("def loop(", f"def {name}(").replace("stretch(", f"{name}_part(")
            lines += [*named.split("\n"), "", ""]
        return lines

    def test(self, loss: Line, others: list[str]) -> None:
        name = self.known(loss)
        parts = ["all_finite(dW)", *(f"np.isfinite({g}).all()" for g in others)]
        self.body += [
            f"if not (math.isfinite({name}) and {' and '.join(parts)}):",
            "    return None, None",
        ]

    def formed(self, lines: list[Line], kept: list[Line]) -> list[Line]:
        made: list[Line] = []
        readers: dict[int, list[Line]] = {}
        for line in lines:
            for name in line.names():
                readers.setdefault(id(name.line), []).append(line)
        wanted = {id(line) for line in kept}
        for unit in find_loops(lines, kept):
            if isinstance(unit, Line):
                made.append(self.renamed(unit))
                continue
            mine = {id(line) for line in unit.lines}
            outputs = [
                line
                for line in unit.lines
                if id(line) in wanted or any(id(r) not in mine for r in readers.get(id(line), []))
            ]
            made += self.results(unit, sorted(outputs, key=lambda x: unit.role(x) != "full"))
        return made

    def renamed(self, line: Line) -> Line:
        """The line, about what took the place of its inputs."""
        if line.kind in GIVEN:
            return line
        options = {key: self.swap(value) for key, value in line.options.items()}
        new = replace(line, inputs=self.swap(line.inputs), options=options)
        self.instead[id(line)] = new
        return new

    def swap(self, value: Any) -> Any:
        if isinstance(value, Name):
            return Name(value.script, self.now(value.line))
        if isinstance(value, tuple | list):
            return type(value)(self.swap(part) for part in value)
        return value

    def results(self, loop: Loop, outputs: list[Line]) -> list[Line]:
        """A line for each result of a loop, so that the plan can give it a buffer.

        Where every place depends on the same place alone, the inputs die with the first result:
        the others may take their memory. Otherwise they live until the last.
        """
        mine = {id(line) for line in loop.lines}
        given = {id(n.line): n for x in loop.lines for n in x.names() if id(n.line) not in mine}
        inputs = tuple(self.swap(name) for name in given.values())
        alone = _in_place(loop, [name.line for name in inputs])
        made = []
        for k, line in enumerate(outputs):
            part = _Part(loop, outputs, k == len(outputs) - 1)
            names = inputs if not alone or k == 0 else ()
            new = replace(line, kind="loop", inputs=names, options={"part": part}, function=None)
            new.call = "elementwise" if alone else "rows"
            self.instead[id(line)] = new
            made.append(new)
        return made

    def share_of(self, loop: Loop) -> int:
        """How many threads a loop gets: long rows of a known length are shared out."""
        known = all(size.isdigit() for size in loop.frame.shape)
        long = known and math.prod(map(int, loop.frame.shape)) >= LONG
        return self.threads if long else 1

    def function(self, text: LoopText, rules: str, threads: int) -> str:
        """The name of the loop's function; equal loops have one."""
        types = ", ".join(a.type for a in text.arguments)
        names = ", ".join(a.name for a in text.arguments)
        options = 'cache=True, nogil=True, error_model="numpy"'
        lines = [f'@njit("void({types})", {options})', f"def loop({names}):"]
        if threads > 1:
            lines = [
                f'@njit("void(uint64, uint64, {types})", nogil=True, error_model="numpy")',
                f"def stretch(first, last, {names}):",
                *(f"    {line.replace('range(cols)', 'range(first, last)')}" for line in text.body),
                "",
                "",
                f'@njit("void({types})", {options}, parallel=True)',
                f"def loop({names}):",
                f"    cols = {_array(text)}.size",
                f"    for k in prange({threads}):",
                f"        first, last = k * cols // {threads}, (k + 1) * cols // {threads}",
                f"        stretch(first, last, {names})",
            ]
        else:
            lines += [f"    {line}" for line in text.body]
        whole = "\n".join(lines)
        if whole not in self.loops:
            taken, name, k = set(self.loops.values()), rules, 1
            while name in taken:
                name, k = f"{rules}_{k + 1}", k + 1
            self.loops[whole] = name
        return self.loops[whole]


def _have_twins() -> set[Any]:
    """The helpers that have a compiled twin."""
    return {inspect.unwrap(helper) for helper in (lstm, lstm_back, gru, gru_back)}


def _array(text: LoopText) -> str:
    """The name of an array that has every number of the loop."""
    return next(a.name for a in text.arguments if a.role == "full")


def _in_place(loop: Loop, inputs: list[Line]) -> bool:
    """Whether results may be written over inputs."""
    if any(reduced(x) and loop.role(x) in ("row", "rows") for x in loop.lines):
        return False
    return all(loop.role(x) in ("full", "number") or x.kind in GIVEN for x in inputs)


def _without_hints(function: Any) -> list[str]:
    """The source of a function, without the types and the docstring."""
    text = source_of(function).replace(": Any", "").replace(" -> Any", "")
    head, rest = text.split("\n", 1)
    doc = inspect.getdoc(function)
    if doc:
        rest = rest.split('"""', 2)[2].lstrip("\n")
    return [f"{head.replace('def ', 'def ')}", *rest.split("\n")]


class _FusedRunning(Running):
    """Writes the lines with ``out=``, and the calls of the loops."""

    def __init__(self, file: _FusedFile, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.file = file
        self.reshaped: dict[str, str] = {}

    def emit(self, line: Line) -> None:
        part = line.options.get("part")
        if line.kind != "loop" or not isinstance(part, _Part):
            super().emit(line)
            return
        if is_number(line):
            self.varying.add(id(line))
            dtype = constant(np.asarray(line.value).dtype)
            self.body.setup.append(f"{self.box(line)} = np.empty(1, {dtype})")
        else:
            self.allocate(line)
        if part.last:
            self.call(part, line)

    def fill(self, line: Line) -> None:
        """A product of two matrices by a compiled function; all else as in the running form."""
        found = _product(line)
        if found is None:
            super().fill(line)
            return
        self.allocate(line)
        tool, left, right, terms = found
        share = self.set_up(f"shares({_times(*line.shape, terms)}, {self.file.threads})", "threads")
        given = ", ".join(self.in_rows(x) for x in (left, right))
        self.step(f"{tool}({given}, {self.names[id(line)]}, {share})", line)

    def in_rows(self, line: Line) -> str:
        """The name of a matrix; of the batch, which may come in strides, a name for it in rows."""
        name = self.known(line)
        if id(line) not in self.varying:
            return name
        text = f"np.ascontiguousarray({name})"
        if text not in self.reshaped:
            self.reshaped[text] = self.free(replace(line, label=f"{name}_rows"))
            self.step(f"{self.reshaped[text]} = {text}", line)
        return self.reshaped[text]

    def set_up(self, text: str, label: str) -> str:
        """The name of a value that is found once."""
        if text not in self.reshaped:
            self.reshaped[text] = self.free(Line("source", label, (), {}, None, label=label))
            self.body.setup.append(f"{self.reshaped[text]} = {text}")
        return self.reshaped[text]

    def bring_home(self, line: Line) -> None:
        part = line.options.get("part")
        if not isinstance(part, _Part):
            super().bring_home(line)
        elif part.last:
            for output in part.outputs:
                super().bring_home(self.file.now(output))

    def box(self, line: Line) -> str:
        return f"{self.names[id(line)]}_box"

    def call(self, part: _Part, line: Line) -> None:
        text = write_loop(part.loop, part.outputs, self.memory)
        rules = dict.fromkeys(x.rule.lower() or "gradients" for x in part.loop.lines)
        share = self.file.share_of(part.loop) if text.alone else 1
        name = self.file.function(text, "_".join(["loop", *rules]), share)
        self.used.add(name)
        arguments = ", ".join(self.given(a, text.flat) for a in text.arguments)
        self.step(f"{name}({arguments})", line)
        for output in map(self.file.now, part.outputs):
            if is_number(output):
                self.step(f"{self.names[id(output)]} = {self.box(output)}[0]", output)

    def memory(self, line: Line) -> int:
        """A number for the memory where a value lives."""
        line = self.file.now(line)
        return id(self.plan.buffer.get(id(line), line))

    def given(self, argument: Argument, flat: bool) -> str:
        """The text of an argument: the value in the shape that the loop takes."""
        if not isinstance(argument.what, Line):
            return self.constant(argument)
        line = self.file.now(argument.what)
        if argument.role == "number":
            return self.known(line)
        if argument.role == "box":
            return self.box(line)
        name, ndim = self.known(line), len(line.shape)
        if argument.role == "full":
            shape = "(1, -1)" if flat else f"(-1, {constant(line.shape[-1])})"
            same = ndim == 2 and not flat
        else:
            shape, same = "-1", ndim == 1
        changes = id(line) in self.varying
        if same and not changes:
            return name
        return self.shaped(name, name if same else f"{name}.reshape({shape})", line, changes)

    def shaped(self, name: str, text: str, line: Line, changes: bool) -> str:
        """A view, taken once where the memory stays; a loop takes no array that is read-only."""
        if text not in self.reshaped:
            view = self.free(replace(line, label=f"{name}_rows"))
            self.reshaped[text] = view
            if changes:
                self.step(f"{view} = {text}", line)
                self.step(f"{view} = {view} if {view}.flags.writeable else {view}.copy()", line)
            else:
                self.body.setup.append(f"{view} = {text}")
        return self.reshaped[text]

    def constant(self, argument: Argument) -> str:
        """A size or an array that does not change, set up once."""
        text = constant(argument.what)
        if argument.role == "number":
            return self.set_up(f"float({text})", "size")
        return self.set_up(f"{text}.reshape(-1)", "constant")


def _product(line: Line) -> tuple[str, Line, Line, Any] | None:
    """The compiled function for a product of two matrices, its operands, the terms of a sum.

    None for what it is not made for: other layouts, and large ones, where a BLAS is quicker.
    """
    if line.call not in ("@", "matmul") or np.ndim(line.value) != 2 or order(line) != _ROWS:
        return None
    names = line.names()
    if len(names) != 2 or line.value.dtype.name not in ("float32", "float64"):
        return None
    (left, turned), (right, other) = (_turned(name.line) for name in names)
    if any(x.value.dtype != line.value.dtype or order(x) != _ROWS for x in (left, right)):
        return None
    terms = names[0].line.shape[1]
    if math.prod(line.value.shape) * int(terms) > LARGEST or (turned and other):
        return None
    tool = "product_tn" if turned else "product_nt" if other else "product_nn"
    return tool, left, right, terms


def _times(*sizes: Any) -> str:
    """The product of sizes as text, those that depend on the batch first."""
    known = math.prod(size for size in sizes if not isinstance(size, Sized))
    return " * ".join([*(constant(s) for s in sizes if isinstance(s, Sized)), str(known)])


def _turned(line: Line) -> tuple[Line, bool]:
    """The matrix whose transpose a line is, and whether it is one."""
    if line.call == "T" and np.ndim(line.value) == 2:
        return line.names()[0].line, True
    return line, False
