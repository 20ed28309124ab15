"""The running form: the same lines with buffers assigned, nothing allocated inside the step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.program.name import GIVEN, Line, Name
from pellucid.program.plan import REDUCTIONS, UFUNCS, Plan, is_view, order
from pellucid.program.spell import constant, expression

__all__ = ["Body", "Running"]

_FAST_POWERS = {2: "square", 0.5: "sqrt"}  # what ** does itself for these exponents


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
        self.used = {*names.values(), *taken, "n", "t", "lr", "rng", "np", "x", "y", "W", "dW"}
        self.body = Body([], [], [])
        self.unread: list[Line] = []
        self.late: list[tuple[str, Line]] = []

    def write(self, varying: set[int]) -> Body:
        """The body; ``varying``: lines that are other arrays at each call (the batch)."""
        self.varying = set(varying)
        for i, line in enumerate(self.lines):
            self.unread = self.lines[i + 1 :]
            if line.kind in GIVEN:
                self.names.setdefault(id(line), line.label or line.call)
                self.used.add(self.names[id(line)])
                continue
            self.names[id(line)] = self.free(line)
            if line.kind == "helper" and line.function not in self.body.helpers:
                assert line.function is not None
                self.body.helpers.append(line.function)
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
            self.step(f"{self.names[id(line)]} = {expression_of(line, self.known)}", line)

    def bring_home(self, line: Line) -> None:
        """Copy a value into the memory where it belongs, if it was not computed there."""
        home = self.homes.get(id(line))
        if home is not None and self.plan.buffer.get(id(line)) is not home:
            text = f"np.copyto({self.names[id(home)]}, {self.names[id(line)]})"
            waits = any(name.line is home for later in self.unread for name in later.names())
            if waits:  # the old value is still to be read
                self.late.append((text, line))
            else:
                self.step(text, line)

    def known(self, line: Line) -> str:
        return self.names[id(line)]

    def free(self, line: Line) -> str:
        """The line's label, or a new name after its rule."""
        base = line.label or f"{line.local or line.rule.lower() or 'v'}_{line.suffix or ''}".rstrip(
            "_"
        )
        name, k = base, 1
        while name in self.used:
            name, k = f"{base}_{k}", k + 1
        self.used.add(name)
        return name

    def step(self, text: str, line: Line) -> None:
        self.body.steps.append((text, line))

    def view(self, line: Line) -> None:
        """A view of memory that stays is taken once."""
        text = f"{self.names[id(line)]} = {expression_of(line, self.known)}"
        if any(id(n.line) in self.varying for n in line.names()):
            self.varying.add(id(line))
            self.step(text, line)
        else:
            self.body.setup.append(text)

    def fill(self, line: Line) -> None:
        """Name the buffer, and write into it."""
        self.allocate(line)
        for text in into(line, self.names[id(line)], self.known):
            self.step(text, line)

    def allocate(self, line: Line) -> None:
        """The line's name for its buffer, which is new, another's, or a home."""
        name, owner = self.names[id(line)], self.plan.buffer[id(line)]
        if owner is line:
            dtype = constant(np.asarray(line.value).dtype)
            extra = ', order="F"' if order(line) == "F" else ""
            self.body.setup.append(f"{name} = np.empty({constant(line.shape)}, {dtype}{extra})")
        else:
            self.body.setup.append(f"{name} = {self.names[id(owner)]}")


def expression_of(line: Line, known: Callable[[Line], str]) -> str:
    """The line's formula, each input by its name."""
    return expression(line, known)


def into(line: Line, out: str, known: Callable[[Line], str]) -> list[str]:
    """The statements that write the line's value into ``out``."""

    def part(x: Any) -> str:
        return known(x.line) if isinstance(x, Name) else constant(x)

    args = [part(x) for x in line.inputs]
    if line.kind in ("operator", "ufunc"):
        return [_ufunc(line, args, out)]
    if line.kind == "draw":
        return [f"rng({args[0]}).random(out={out}, dtype={constant(line.options['dtype'])})"]
    if line.call == "astype":
        return [f"np.copyto({out}, {args[0]}, casting='unsafe')"]
    if line.call == "clip":
        low, high = (*args[1:], *(part(v) for v in line.options.values()))
        return [f"np.clip({args[0]}, {low}, {high}, out={out})"]
    if line.call == "where":
        return [f"np.copyto({out}, {args[2]})", f"np.copyto({out}, {args[1]}, where={args[0]})"]
    return _reduction(line, args[0], out)


def _ufunc(line: Line, args: list[str], out: str) -> str:
    name = UFUNCS.get(line.call, line.call) if line.kind == "operator" else line.call
    if (
        line.call == "**"
        and line.inputs[1] in _FAST_POWERS
        and not isinstance(line.inputs[1], Name)
    ):
        return f"np.{_FAST_POWERS[line.inputs[1]]}({args[0]}, out={out})"
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
