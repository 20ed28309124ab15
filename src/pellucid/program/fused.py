"""The fused form: runs of element-wise and row-wise lines as compiled loops, the rest in NumPy."""

from __future__ import annotations

import inspect
import logging
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from pellucid.errors import OptionError
from pellucid.program import fused_math
from pellucid.program.assemble import File
from pellucid.program.fused_loop import Argument, LoopText, write_loop
from pellucid.program.fused_runs import Loop, find_loops, reduced
from pellucid.program.halves import halved
from pellucid.program.helpers import source_of
from pellucid.program.load import load
from pellucid.program.memory import Memory
from pellucid.program.name import GIVEN, Line, Name
from pellucid.program.plan import is_number
from pellucid.program.running import Running
from pellucid.program.spell import constant
from pellucid.program.step import Step

__all__ = ["fused_source", "load_fused"]

_log = logging.getLogger("pellucid")
_TOOLS = {  # what a loop may call, and how it is compiled
    "exp32": '@njit(error_model="numpy")',
    "row_sum": '@njit(error_model="numpy", fastmath={"reassoc"})',
    "row_max": '@njit(error_model="numpy")',
    "row_min": '@njit(error_model="numpy")',
}


def fused_source(step: Step, memory: Memory, halves: bool = False) -> str:
    """The source of ``make(n, ...)``, as in the running form, with loops in place of many lines.

    Within rounding of eager: exp is another one, and the sums over rows add in another order.
    ``halves``: the batch is cut in two, each half on a thread of its own.
    """
    return _FusedFile(step, memory, halves).text()


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

    def __init__(self, step: Step, memory: Memory, halves: bool) -> None:
        super().__init__(step, memory)
        self.halves = halves
        self.loops: dict[str, str] = {}  # the text of a loop below its name: its name
        self.runner = partial(_FusedRunning, self)

    def made(self, given: str, options: str) -> list[str]:
        if not self.halves:
            return super().made(given, options)
        a, b = self.ends
        network = self.setup[:a], [*self.body[:b], self.result]
        update = self.setup[a:], self.body[b:-1]
        dtype = str(self.memory.arrays["W"].dtype)
        return halved(network, update, given, options, dtype)

    def head(self) -> list[str]:
        imports, rest = super().head()[:3], super().head()[3:]
        imports = [
            imports[0],
            *(["import threading", "from typing import Any"] if self.halves else []),
            *imports[1:],
        ]
        lines = [*imports, "from numba import njit", *rest]
        for tool, decorator in _TOOLS.items():
            if any(f"{tool}(" in text for text in self.loops):
                function = getattr(fused_math, tool)
                lines += [decorator, *_without_hints(function), "", ""]
        for text, name in self.loops.items():
            lines += [*text.replace("def loop(", f"def {name}(").split("\n"), "", ""]
        return lines

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

    def function(self, text: LoopText, rules: str) -> str:
        """The name of the loop's function; equal loops have one."""
        types = ", ".join(a.type for a in text.arguments)
        names = ", ".join(a.name for a in text.arguments)
        whole = "\n".join(
            [
                f'@njit("void({types})", cache=True, nogil=True, error_model="numpy")',
                f"def loop({names}):",
                *(f"    {line}" for line in text.body),
            ]
        )
        if whole not in self.loops:
            taken, name, k = set(self.loops.values()), rules, 1
            while name in taken:
                name, k = f"{rules}_{k + 1}", k + 1
            self.loops[whole] = name
        return self.loops[whole]


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
        name = self.file.function(text, "_".join(["loop", *rules]))
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
        text = f"float({text})" if argument.role == "number" else f"{text}.reshape(-1)"
        if text not in self.reshaped:
            label = "size" if argument.role == "number" else "constant"
            line = Line("source", label, (), {}, None, label=label)
            self.reshaped[text] = self.free(line)
            self.body.setup.append(f"{self.reshaped[text]} = {text}")
        return self.reshaped[text]
