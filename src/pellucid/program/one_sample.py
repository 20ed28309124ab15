"""The program for a single sample: matrices times vectors, nothing allocated, few words a call."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from pellucid.program.helpers import imports, sources
from pellucid.program.name import GIVEN, Line, Name, Script
from pellucid.program.plan import Plan, is_elementwise, plan
from pellucid.program.running import Running, into
from pellucid.program.spell import constant

__all__ = ["OneSample", "file_of"]


class Traced(Protocol):
    """A forward pass that was traced for a batch of one."""

    lines: list[Line]

    @property
    def input(self) -> Line:
        """The batch."""

    @property
    def output(self) -> Line:
        """What the network gives."""

    @property
    def weights(self) -> dict[str, Line]:
        """What is read besides the batch."""


class OneSample(Running):
    """Writes a batch of one with ``out=``; values (1, K) are worked on as the vectors they hold.

    ``np.dot(W, x)`` of a vector and ``x @ W.T`` of a matrix with one row end in the same product
    of BLAS and give the same bits; the first is called with less ado.
    """

    def __init__(self, lines: list[Line], plan: Plan, names: dict[int, str]) -> None:
        super().__init__(lines, plan, names, {})
        self.rows: dict[int, str] = {}  # by line: the name of the vector that its value holds

    @classmethod
    def source(cls, traced: Traced) -> str:
        """The file whose ``make(weights...)`` gives ``predict(x)`` for x of shape (1, ...)."""
        numbers = _fixed_numbers(traced.lines)
        names = {id(line): line.label for line in (*traced.weights.values(), *numbers)}
        names[id(traced.input)] = "x"
        self = cls(traced.lines, plan(traced.lines, {}, [traced.output]), names)
        if np.ndim(traced.input.value) == 2:
            self.rows[id(traced.input)] = "row"
        body = self.write({id(traced.input)})
        steps = [text for text, _ in body.steps]
        if "row" in _words(steps):
            steps.insert(0, "row = x[0]")
        result = self.known(traced.output)
        setup = [
            f"{x.label} = np.array({constant(x.value.item())}, np.{x.value.dtype})" for x in numbers
        ]
        setup, steps = _short_names(_read([*setup, *body.setup], [*steps, result]), steps)
        head = f"make({', '.join(x.label for x in traced.weights.values())})"
        return file_of(body.helpers, head, setup, steps, result)

    def fill(self, line: Line) -> None:
        """As vectors where all that takes part is in one row, else as a batch of one."""
        self.allocate(line)
        name, owner = self.names[id(line)], self.plan.buffer[id(line)]
        self.row_of(line, name, owner)
        product = self.product(line)
        if product is not None:
            self.step(product, line)
            return
        flat = id(line) in self.rows and is_elementwise(line) and all(map(self.fits, line.names()))
        target = self.rows[id(line)] if flat else self.target(line)
        for text in into(line, target, self.as_row if flat else self.known):
            self.step(text, line)

    def row_of(self, line: Line, name: str, owner: Line) -> None:
        """Give a name to the vector in a value of shape (1, K); one vector for each buffer.

        NumPy looks long for an overlap of two views, and not at all within one and the same.
        """
        if np.ndim(line.value) == 2 and np.shape(line.value)[0] == 1:
            self.rows[id(line)] = f"{name}_row"
            self.used.add(f"{name}_row")
            whole = id(owner) in self.rows and owner is not line
            row = self.rows[id(owner)] if whole else f"{name}[0]"
            self.body.setup.append(f"{name}_row = {row}")

    def fits(self, name: Name) -> bool:
        """Whether a value can stand beside rows: it is one, or it has no batch axis."""
        return id(name.line) in self.rows or np.ndim(name.line.value) < 2

    def as_row(self, line: Line) -> str:
        """The name of the row where there is one."""
        return self.rows.get(id(line)) or self.known(line)

    def product(self, line: Line) -> str | None:
        """x @ W.T, with x a row, as a matrix times a vector; None for any other line."""
        if line.call != "@" or id(line) not in self.rows:
            return None
        x, turned = (part.line if isinstance(part, Name) else None for part in line.inputs)
        if x is None or turned is None or turned.call != "T" or id(x) not in self.rows:
            return None
        W = turned.names()[0].line
        if W.kind not in GIVEN or np.ndim(W.value) != 2:
            return None
        times = f"{self.known(W)}_times"
        if times not in self.used:
            self.used.add(times)
            self.body.setup.append(f"{times} = {self.known(W)}.dot")
        return f"{times}({self.as_row(x)}, out={self.rows[id(line)]})"


def _fixed_numbers(lines: list[Line]) -> list[Line]:
    """Put names in place of plain numbers beside float arrays; a number is quicker as an array.

    The array has the type that NumPy would choose, so the bits are the same. Returns the sources.
    """
    script = Script()
    made: dict[tuple[float, str], Name] = {}
    for line in lines:
        dtypes = {n.dtype for n in line.names()}
        if not is_elementwise(line) or line.call == "**" or len(dtypes) != 1:
            continue
        dtype = dtypes.pop()
        inputs = []
        for x in line.inputs:
            if type(x) in (int, float) and dtype.kind == "f":
                key = x, dtype.str
                if key not in made:
                    made[key] = script.source(f"number_{len(made) + 1}", np.array(x, dtype))
                x = made[key]
            inputs.append(x)
        line.inputs = tuple(inputs)
    return [name.line for name in made.values()]


def _words(texts: list[str]) -> set[str]:
    return set(re.findall(r"\w+", " ".join(texts)))


def _read(setup: list[str], steps: list[str]) -> list[str]:
    """The lines of the setup that somebody reads."""
    kept: list[str] = []
    read = _words(steps)
    for text in reversed(setup):
        name, value = text.split(" = ", 1)
        if name in read:
            kept.append(text)
            read |= _words([value])
    return kept[::-1]


def _short_names(setup: list[str], steps: list[str]) -> tuple[list[str], list[str]]:
    """``np.add`` becomes ``add``, looked up once."""
    called = sorted({name for text in steps for name in re.findall(r"\bnp\.(\w+)\(", text)})
    free = [name for name in called if name not in _words(setup) and name not in ("abs", "round")]
    for name in free:
        steps = [re.sub(rf"\bnp\.{name}\(", f"{name}(", text) for text in steps]
    return [*(f"{name} = np.{name}" for name in free), *setup], steps


def file_of(
    helpers: list[Callable[..., Any]], make: str, setup: list[str], steps: list[str], result: str
) -> str:
    """A file with the function ``make``, whose result is the function ``predict(x)``."""
    above = sources(helpers)
    lines = [*imports(above), "", ""]
    for text in above:
        lines += [*text.split("\n"), "", ""]
    lines += [f"def {make}:", *(f"    {text}" for text in setup)]
    lines += ["", "    def predict(x):", *(f"        {text}" for text in steps)]
    lines += [f"        return {result}.copy()", "", "    return predict"]
    return "\n".join(lines) + "\n"
