"""Writes one loop of the fused form: a function over rows and columns, a line for each line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.program.fused_runs import Loop, reduced
from pellucid.program.fused_scalar import Operand, scalar
from pellucid.program.name import Line, Name
from pellucid.program.spell import constant
from pellucid.program.tidy import Sized

__all__ = ["Argument", "LoopText", "write_loop"]

_DOUBLE = np.dtype(np.float64)
_ROW = ("row", "rows")


@dataclass
class Argument:
    """One argument of a loop's function: what is given, and its role ("full", "col", "row" ...)."""

    name: str
    role: str
    what: Any  # a Line, a size or an array
    dtype: np.dtype[Any]

    @property
    def type(self) -> str:
        """The compiler's name for the argument's type."""
        if self.role == "number":
            return "float64"
        kind = "boolean" if self.dtype == bool else self.dtype.name
        return f"{kind}[:, ::1]" if self.role == "full" else f"{kind}[::1]"


@dataclass
class LoopText:
    """A loop as source: the arguments, and the lines below ``def``."""

    arguments: list[Argument]
    body: list[str]
    flat: bool  # whether rows do not matter, so that everything is one long row
    alone: bool  # whether every number of that row goes its own way, so that threads can share it


def write_loop(loop: Loop, outputs: list[Line], memory: Callable[[Line], int]) -> LoopText:
    """Write the function that computes ``outputs``.

    ``memory``: equal numbers for lines that live in the same memory; these share an argument.
    """
    return _Writer(loop, outputs, memory).write()


@dataclass
class _Phase:
    """One pass over the columns of a row, and what is done once a row before it."""

    before: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    stores: list[str] = field(default_factory=list)
    texts: dict[Any, str] = field(default_factory=dict)


class _Writer:
    def __init__(self, loop: Loop, outputs: list[Line], memory: Callable[[Line], int]) -> None:
        self.loop, self.outputs, self.memory = loop, outputs, memory
        self.members = {id(line): line for line in loop.lines}
        self.arguments: dict[Any, Argument] = {}
        self.rows: dict[int, str] = {}  # by line: the variable that holds this row's number
        self.scratch: dict[int, str] = {}
        self.start: list[str] = []
        self.end: list[str] = []
        self.count = 0
        self.readers: dict[int, list[Line]] = {}
        for line in loop.lines:
            for name in line.names():
                self.readers.setdefault(id(name.line), []).append(line)
        self.set_phases()

    # -- when: a number of a row is there only after a pass over its columns --

    def set_phases(self) -> None:
        """The pass in which each line is computed: as late as its readers allow."""
        self.phase: dict[int, int] = {}
        for line in self.loop.lines:
            given = [self.phase[id(n.line)] for n in line.names() if id(n.line) in self.members]
            after = reduced(line) and self.role(line) in _ROW and given
            self.phase[id(line)] = max(given, default=0) + bool(after)
        last = max(self.phase.values())
        for line in reversed(self.loop.lines):
            if self.role(line) == "full" and self.readers.get(id(line)):
                latest = min(self.latest(reader) for reader in self.readers[id(line)])
                self.phase[id(line)] = max(self.phase[id(line)], latest)
        self.phases = [_Phase() for _ in range(last + 1)]

    def latest(self, reader: Line) -> int:
        """The last pass in which what ``reader`` takes may be computed; 0: as soon as possible."""
        if not reduced(reader):
            return self.phase[id(reader)]
        if self.role(reader) in _ROW:
            return self.phase[id(reader)] - 1
        return 0

    def role(self, line: Line) -> str:
        role = self.loop.role(line)
        assert role is not None
        return role

    # -- the text --

    def write(self) -> LoopText:
        self.choose_scratch()
        for line in self.loop.lines:
            self.add(line)
        for line in self.outputs:
            self.store(line)
        body = [*self.shape(), *self.start, "for i in range(rows):"]
        for phase in self.phases:
            body += [f"    {text}" for text in phase.before]
            inner = [*phase.loads, *phase.lines, *phase.stores]
            body += ["    for j in range(cols):"] if inner else []
            body += [f"        {text}" for text in inner]
        body += [f"    {text}" for text in self.last_of_row]
        alone = self.flat and len(self.phases) == 1 and not self.start and not self.end
        return LoopText(list(self.arguments.values()), [*body, *self.end], self.flat, alone)

    @property
    def flat(self) -> bool:
        roles = {self.loop.role(x) for x in self.loop.lines}
        roles |= {a.role for a in self.arguments.values()} - {"number"}
        return roles == {"full"} or len(self.loop.frame.shape) == 1

    def shape(self) -> list[str]:
        full = next(a for a in self.arguments.values() if a.role == "full")
        made = [
            f"{name} = np.empty(cols, {constant(np.asarray(self.members[k].value).dtype)})"
            for k, name in self.scratch.items()
        ]
        return [f"rows, cols = {full.name}.shape", *made]

    def choose_scratch(self) -> None:
        """Values that a later pass reads, or a sum over the row, are kept for one row."""
        self.last_of_row: list[str] = []
        for line in self.loop.lines:
            if self.role(line) != "full":
                continue
            for reader in self.readers.get(id(line), []):
                whole = reduced(reader) and self.role(reader) != "col"
                if whole or (not reduced(reader) and self.phase[id(reader)] > self.phase[id(line)]):
                    self.scratch.setdefault(id(line), f"t{len(self.scratch)}")

    def add(self, line: Line) -> None:
        """Write one line, once a number, once a row, or as a sum."""
        role, phase = self.role(line), self.phases[self.phase[id(line)]]
        if reduced(line):
            self.reduction(line, role)
        elif role in _ROW:
            name = self.rows[id(line)] = self.fresh()
            phase.before.append(f"{name} = {self.row_formula(line)}")
        else:
            text = scalar(line, lambda x: self.read(x, phase))
            name = phase.texts[id(line)] = self.fresh()
            phase.lines.append(f"{name} = {text}")
            if id(line) in self.scratch:
                phase.stores.append(f"{self.scratch[id(line)]}[j] = {name}")

    def row_formula(self, line: Line) -> str:
        if line.call == "expand_dims":
            return self.read(line.names()[0], None)[0]
        return scalar(line, lambda x: self.read(x, None))

    def reduction(self, line: Line, role: str) -> None:
        x = line.names()[0].line
        dtype = constant(np.asarray(line.value).dtype)
        if role == "col":
            self.column(line, x, dtype)
        elif role in _ROW:
            name = self.rows[id(line)] = self.fresh()
            mean = f" / {dtype}(cols)" if line.call == "mean" else ""
            which = "sum" if line.call == "mean" else line.call
            text = f"{name} = row_{which}({self.whole_row(x)}){mean}"
            self.phases[self.phase[id(line)]].before.append(text)
        else:
            self.total(line, x, dtype)

    def column(self, line: Line, x: Line, dtype: str) -> None:
        """A sum down the columns: row after row, as NumPy adds."""
        phase = self.phases[self.phase.get(id(x), 0)]
        text, _ = self.read(Name(line.names()[0].script, x), phase)
        out = self.argument(line, "col").name
        self.start.append(f"{out}[:] = {dtype}(0)")
        phase.stores.append(f"{out}[j] += {text}")
        if line.call == "mean":
            self.end.append(f"{out}[:] /= {dtype}(rows)")

    def total(self, line: Line, x: Line, dtype: str) -> None:
        """A sum over everything, added up in float64."""
        name, out = self.fresh(), self.argument(line, "box").name
        self.start.append(f"{name} = 0.0")
        by_row = self.role(x) in _ROW
        part = self.read(line.names()[0], None)[0] if by_row else f"row_sum({self.whole_row(x)})"
        self.last_of_row.append(f"{name} += {part}")
        count = "rows" if by_row else "(rows * cols)"
        mean = f" / {count}" if line.call == "mean" else ""
        self.end.append(f"{out}[0] = {dtype}({name}{mean})")

    def whole_row(self, x: Line) -> str:
        if id(x) in self.members:
            return self.scratch[id(x)]
        return f"{self.argument(x, 'full').name}[i]"

    # -- where numbers come from and go to --

    def read(self, x: Any, phase: _Phase | None) -> Operand:
        """The text of an input, and its dtype; ``phase``: the pass, or None outside of all."""
        if isinstance(x, Sized):
            return self.argument(x, "number").name, _DOUBLE
        if isinstance(x, np.ndarray) and x.ndim:
            return self.constant_array(x, phase), x.dtype
        if not isinstance(x, Name):
            return constant(x), np.dtype("V")  # no dtype of its own: always cast
        line = x.line
        role, dtype = self.role(line), np.asarray(line.value).dtype
        if role == "number":
            return self.argument(line, role).name, _DOUBLE
        if role in _ROW:
            return self.row_number(line, role), dtype
        assert phase is not None
        if id(line) not in phase.texts:
            inside = id(line) in self.members
            source = self.scratch[id(line)] if inside else self.argument(line, role).name
            place = "[i, j]" if role == "full" and not inside else "[j]"
            self.load(id(line), f"{source}{place}", phase)
        return phase.texts[id(line)], dtype

    def row_number(self, line: Line, role: str) -> str:
        if id(line) not in self.rows:
            self.rows[id(line)] = self.fresh()
            source = self.argument(line, "row").name
            self.phases[0].before.insert(0, f"{self.rows[id(line)]} = {source}[i]")
        return self.rows[id(line)]

    def constant_array(self, x: np.ndarray[Any, Any], phase: _Phase | None) -> str:
        assert phase is not None
        if x.dtype == np.int64 and np.array_equal(x.ravel(), np.arange(x.size)):
            return "j"
        if id(x) not in phase.texts:
            self.load(id(x), f"{self.argument(x, 'col').name}[j]", phase)
        return phase.texts[id(x)]

    def load(self, key: int, text: str, phase: _Phase) -> None:
        name = phase.texts[key] = self.fresh()
        phase.loads.append(f"{name} = {text}")

    def store(self, line: Line) -> None:
        role = self.role(line)
        if reduced(line) and role not in _ROW:
            return
        if role in _ROW:
            self.last_of_row.append(f"{self.argument(line, 'row').name}[i] = {self.rows[id(line)]}")
            return
        phase = self.phases[self.phase[id(line)]]
        phase.stores.append(f"{self.argument(line, role).name}[i, j] = {phase.texts[id(line)]}")

    def argument(self, what: Any, role: str) -> Argument:
        """The argument for a line, a size or an array; one for all that share memory."""
        key: Any = ("constant", constant(what)) if not isinstance(what, Line) else None
        key = key or (self.memory(what), role)
        if key not in self.arguments:
            value = np.asarray(what.value if isinstance(what, Line) else what)
            letter = "s" if role == "number" else "a"
            name = f"{letter}{len(self.arguments)}"
            self.arguments[key] = Argument(name, role, what, value.dtype)
        return self.arguments[key]

    def fresh(self) -> str:
        self.count += 1
        return f"v{self.count}"
