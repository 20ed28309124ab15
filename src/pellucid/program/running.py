"""The running form: the same lines with buffers assigned, nothing allocated inside the step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.program.helpers import needed
from pellucid.program.label import WORDS
from pellucid.program.name import GIVEN, Line, Name, is_several
from pellucid.program.plan import REDUCTIONS, UFUNCS, Plan, is_number, is_view, order
from pellucid.program.spell import constant, expression

__all__ = ["Body", "Running"]

# what ** does itself for these exponents
_FAST_POWERS = {2: "square", 0.5: "sqrt", -1: "reciprocal", 1: "positive"}


@dataclass
class Body:
    """Python source of a running form: what is set up once, and what runs each step."""

    setup: list[str]
    steps: list[tuple[str, Line]]
    helpers: list[Callable[..., Any]]


class Running:
    """Writes lines with ``out=``; ``names`` are the names that are given from outside."""

    def __init__(
        self,
        lines: list[Line],
        plan: Plan,
        names: dict[int, str],
        homes: dict[int, Line],
        taken: Iterable[str] = (),
    ) -> None:
        self.lines, self.plan, self.names, self.homes = lines, plan, dict(names), homes
        self.used = {*names.values(), *taken, *WORDS}
        helpers = [x.function for x in lines if x.kind == "helper" and x.function]
        self.body = Body([], [], list(dict.fromkeys(helpers)))
        self.used.update(function.__name__ for function in needed(helpers))
        self.late: list[tuple[str, Line]] = []
        self.count: dict[str, int] = {}
        self.read: dict[int, int] = {}  # by line: how often it is read, and where last
        self.last: dict[int, int] = {}
        for i, line in enumerate(lines):
            for name in line.names():
                self.read[id(name.line)] = self.read.get(id(name.line), 0) + 1
                self.last[id(name.line)] = i

    def write(self, varying: set[int]) -> Body:
        """The body; ``varying``: lines that are other arrays at each call (the batch)."""
        self.varying = set(varying)
        for i, line in enumerate(self.lines):
            self.place = i
            if line.kind == "constant":
                self.names[id(line)] = self.free(line)
                self.body.setup.append(f"{self.names[id(line)]} = {constant(line.value)}")
            elif line.kind in GIVEN:
                self.names.setdefault(id(line), line.label or line.call)
                self.used.add(self.names[id(line)])
            elif line.kind == "generator" and self.read.get(id(line)) == 1:
                self.names[id(line)] = expression(line, self.known)
            elif is_several(line):
                self.several(line, self.plan.parts.get(id(line), []))
            else:
                if line.kind != "part":  # which were written by their whole
                    self.names[id(line)] = self.free(line)
                    self.emit(line)
                self.bring_home(line)
        for text, line in self.late:
            self.step(text, line)
        return self.body

    def emit(self, line: Line) -> None:
        """Write one line: a view, a buffer filled, or a value that is new at each step."""
        if is_view(line):
            self.view(line)
        elif id(line) in self.plan.buffer:
            self.fill(line)
        else:
            self.varying.add(id(line))
            self.step(f"{self.names[id(line)]} = {expression(line, self.known)}", line)

    def several(self, line: Line, parts: list[Line]) -> None:
        """Write what gives several results: into their buffers, or as new values."""
        for part in parts:
            unread = id(part) in self.plan.unread and id(part) not in self.plan.buffer
            self.names[id(part)] = "_" if unread else self.free(part)
        filled = all(id(part) in self.plan.buffer for part in parts)
        targets = ["None" if filled else "_"] * len(line.value)
        for part in parts:
            name = self.names[id(part)]
            if filled and is_number(part):
                self.names[id(part)] = targets[part.inputs[1]] = self.free_name(f"{name}_box")
                self.allocate(part)
                self.names[id(part)] = name
            else:
                targets[part.inputs[1]] = name
                if filled:
                    self.allocate(part)
            if not filled or is_number(part):
                self.varying.add(id(part))
        text = expression(line, self.known)
        if filled:
            self.step(with_out(text, f"({', '.join(targets)})"), line)
        else:
            self.step(f"{', '.join(targets)}{',' * (len(targets) == 1)} = {text}", line)
        for part in parts if filled else ():
            if is_number(part):
                box = targets[part.inputs[1]]
                self.step(f"{self.names[id(part)]} = {box}[()]", part)

    def bring_home(self, line: Line) -> None:
        """Copy a value into the memory where it belongs, if it was not computed there."""
        home = self.homes.get(id(line))
        if home is not None and self.plan.buffer.get(id(line)) is not home:
            text = f"np.copyto({self.names[id(home)]}, {self.names[id(line)]})"
            if self.last.get(id(home), -1) > self.place:  # the old value is still to be read
                self.late.append((text, line))
            else:
                self.step(text, line)

    def known(self, line: Line) -> str:
        return self.names[id(line)]

    def free(self, line: Line) -> str:
        """The line's label, or a new name after its rule."""
        own = line.local or line.rule.lower() or ("constant" if line.kind == "constant" else "v")
        return self.free_name(line.label or f"{own}_{line.suffix or ''}".rstrip("_"))

    def free_name(self, base: str) -> str:
        """``base``, with a number behind it where the name is in use."""
        name, k = base, self.count.get(base, 1)
        while name in self.used:
            name, k = f"{base}_{k}", k + 1
        self.count[base] = k
        self.used.add(name)
        return name

    def step(self, text: str, line: Line) -> None:
        self.body.steps.append((text, line))

    def view(self, line: Line) -> None:
        """A view of memory that stays is taken once."""
        text = f"{self.names[id(line)]} = {expression(line, self.known)}"
        if any(id(n.line) in self.varying for n in line.names()):
            self.varying.add(id(line))
            self.step(text, line)
        else:
            self.body.setup.append(text)

    def fill(self, line: Line) -> None:
        """Name the buffer, and write into it."""
        self.allocate(line)
        for text in into(line, self.target(line), self.known):
            self.step(text, line)

    def target(self, line: Line) -> str:
        """The name of what is written into: the buffer, for a reshaped copy in the old shape."""
        name = self.names[id(line)]
        if line.call != "reshape":
            return name
        before = self.free_name(f"{name}_before")
        shape = constant(line.names()[0].line.shape)
        self.body.setup.append(f"{before} = {name}.reshape({shape})")
        return before

    def allocate(self, line: Line) -> None:
        """The line's name for its buffer, which is new, another's, or a home."""
        name, owner = self.names[id(line)], self.plan.buffer[id(line)]
        new = empty(line) if owner is line else self.names[id(owner)]
        self.body.setup.append(f"{name} = {new}")


def empty(line: Line) -> str:
    """A new array for the value of a line, in the memory order that eager's value has."""
    axes, dtype = order(line), constant(np.asarray(line.value).dtype)
    if axes is None or axes == tuple(range(len(axes))):
        return f"np.empty({constant(line.shape)}, {dtype})"
    if axes == tuple(range(len(axes)))[::-1]:
        return f'np.empty({constant(line.shape)}, {dtype}, order="F")'
    stored = constant(tuple(line.shape[a] for a in axes))
    return f"np.empty({stored}, {dtype}).transpose{tuple(axes.index(a) for a in range(len(axes)))}"


def with_out(call: str, out: str) -> str:
    """The text of a call, with ``out=`` as its last argument."""
    return f"{call[:-1]}{'' if call[-2] == '(' else ', '}out={out})"


def into(line: Line, out: str, known: Callable[[Line], str]) -> list[str]:
    """The statements that write the line's value into ``out``."""

    def part(x: Any) -> str:
        return known(x.line) if isinstance(x, Name) else constant(x)

    if line.kind in ("operator", "ufunc"):
        return [_ufunc(line, [part(x) for x in line.inputs], out)]
    if line.call in ("copy", "reshape"):
        return [f"np.copyto({out}, {part(line.inputs[0])})"]
    if line.call == "astype":
        return [f"np.copyto({out}, {part(line.inputs[0])}, casting='unsafe')"]
    if line.call == "where":
        chosen, a, b = map(part, line.inputs)
        return [f"np.copyto({out}, {b})", f"np.copyto({out}, {a}, where={chosen})"]
    if line.kind == "draw":
        dtype = constant(line.options["dtype"])
        return [f"{part(line.inputs[0])}.{line.call}(out={out}, dtype={dtype})"]
    if line.kind in ("helper", "function"):
        return [with_out(expression(line, known), out)]
    return _reduction(line, part(line.inputs[0]), out)


def _ufunc(line: Line, args: list[str], out: str) -> str:
    name = UFUNCS.get(line.call, line.call) if line.kind == "operator" else line.call
    if line.call == "**" and isinstance(line.inputs[1], int | float):
        fast = _FAST_POWERS.get(line.inputs[1])
        if fast is not None:
            return f"np.{fast}({args[0]}, out={out})"
    return f"np.{name}({', '.join(args)}, out={out})"


def _reduction(line: Line, x: str, out: str) -> list[str]:
    axis = line.options.get("axis")
    keep = ", keepdims=True" if line.options.get("keepdims") else ""
    name = REDUCTIONS[line.call]
    text = [f"np.{name}.reduce({x}, axis={constant(axis)}{keep}, out={out})"]
    if line.call == "mean":
        shape = line.inputs[0].line.shape
        axes = axis if isinstance(axis, tuple) else range(len(shape)) if axis is None else (axis,)
        count = " * ".join(constant(shape[a]) for a in axes)
        text.append(f"np.divide({out}, {count}, out={out})")
    return text
