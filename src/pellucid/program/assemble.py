"""Puts the running form together: a file whose make(n, ...) gives the step for batches of n."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.program.helpers import sources
from pellucid.program.memory import Memory
from pellucid.program.name import GIVEN, Line, Name
from pellucid.program.plan import Plan, plan
from pellucid.program.running import Running
from pellucid.program.spell import constant
from pellucid.program.step import Step
from pellucid.program.update import Update

__all__ = ["File", "running_source"]


def running_source(step: Step, memory: Memory) -> str:
    """The source of ``make(n, ...)``, which gives the step for batches of n."""
    return File(step, memory).text()


class File:
    """Setup, forward, backward, the test for bad numbers, the changes, the update."""

    runner: Callable[..., Running] = Running  # what writes the lines

    def __init__(self, step: Step, memory: Memory) -> None:
        self.step, self.memory = step, memory
        self.helpers: list[Any] = []
        self.setup: list[str] = []
        self.body: list[str] = []
        self.instead: dict[int, Line] = {}  # what took a line's place in this form

    def formed(self, lines: list[Line], kept: list[Line]) -> list[Line]:
        """The lines as this form runs them; ``kept``: those that are read after the last."""
        return lines

    def now(self, line: Line) -> Line:
        """The line itself, or what took its place in this form."""
        return self.instead.get(id(line), line)

    def head(self) -> list[str]:
        """What stands above ``make``."""
        lines = ["import math", "", "import numpy as np", "", ""]
        for text in sources(self.helpers):
            lines += [*text.split("\n"), "", ""]
        return lines

    def text(self) -> str:
        self.weights_and_gradients()
        self.network()
        self.moving()
        options = ", ".join(self.memory.wanted)
        given = ", ".join(self.memory.arrays)
        return "\n".join([*self.head(), *self.made(given, options)]) + "\n"

    def made(self, given: str, options: str) -> list[str]:
        """``make``: the setup, and the step that it returns."""
        lines = [f"def make(n, {given}):"]
        lines += [f"    {text}" for text in self.setup]
        lines += ["", f"    def step(x, y, rng{', ' + options if options else ''}):"]
        lines += [f"        {text}" for text in self.body]
        return [*lines, "", "    return step"]

    def weights_and_gradients(self) -> None:
        """Views of the arenas, by the names of the parameters."""
        trace, memory = self.step.trace, self.memory
        self.names: dict[int, str] = {}
        self.homes: dict[int, Line] = {}
        self.twins: list[tuple[Line, Line]] = []
        parts = zip(memory.paths, memory.ends[:-1], memory.ends[1:], strict=True)
        for path, a, b in parts:
            line = trace.parameters[path].line
            shape = constant(tuple(line.value.shape))
            self.names[id(line)] = line.label
            self.setup.append(f"{line.label} = W[{a}:{b}].reshape({shape})")
            home = Line("source", f"into_d{line.label}", (), {}, line.value, shape=line.shape)
            self.names[id(home)] = home.call
            self.setup.append(f"{home.call} = dW[{a}:{b}].reshape({shape})")
            gradient = self.step.changed[path]
            if id(gradient) in self.homes:  # two parameters have one gradient
                self.twins.append((gradient, home))
                continue
            self.homes[id(gradient)] = home
        for path, name in trace.parameters.items():
            if path not in trace.moved:
                self.names[id(name.line)] = f"fixed_{name.line.label}"
        for name in trace.buffers.values():
            self.names[id(name.line)] = f"buffer_{name.line.label}"

    def network(self) -> None:
        """Forward and backward, the test for bad numbers, and the changes of the gradients."""
        trace, step = self.step.trace, self.step
        lines = step.of_stage("given", "forward", "backward", "change")
        assert trace.loss is not None
        output = step.instead.get(id(trace.output.line), trace.output.line)
        loss = step.instead.get(id(trace.loss.line), trace.loss.line)
        kept = [output, loss, *step.changed.values()]
        kept += [name.line for name in trace.new_buffers.values()]
        lines = self.formed(lines, kept)
        output, loss = self.now(output), self.now(loss)
        homes = {
            id(self.now(line)): self.homes[id(line)] for line in kept if id(line) in self.homes
        }
        placed = plan(lines, homes, [self.now(line) for line in kept])
        given = [x for x in trace.script.lines if x.kind in GIVEN and x.stage == "update"]
        options = [line.label for line in given]
        taken = (*self.memory.arrays, *options)
        running = self.runner(lines, placed, self.names, homes, taken)
        varying = {id(name.line) for name in trace.inputs.values()}
        body = running.write(varying)
        self.setup += body.setup
        self.helpers += body.helpers
        self.known = running.known
        first_change = True
        for text, line in body.steps:
            if line.stage == "change" and first_change:
                self.test(loss, self.unplaced(placed))
                first_change = False
            self.body.append(text)
        for gradient, home in self.twins:
            text = f"np.copyto({self.names[id(home)]}, {self.known(self.now(gradient))})"
            self.body.append(text)
        if first_change:
            self.test(loss, self.unplaced(placed))
        for path, name in trace.new_buffers.items():
            target = self.names[id(trace.buffers[path].line)]
            self.body.append(f"np.copyto({target}, {self.known(self.now(name.line))})")
        self.result = f"return {self.known(loss)}, {self.known(output)}"

    def unplaced(self, placed: Plan) -> list[str]:
        """The gradients that dW does not hold yet: they are changed on their way there."""
        homes = {id(home) for home in self.homes.values()}
        found = {}
        for path in self.memory.paths:
            raw = self.now(self.step.gradients[path])
            changed = self.now(self.step.changed[path])
            if raw is not changed and id(placed.buffer.get(id(raw))) not in homes:
                found[self.known(raw)] = True
        return list(found)

    def test(self, loss: Line, others: list[str]) -> None:
        """Nothing is moved by numbers that are not finite."""
        name = self.known(loss)
        sums = ["np.dot(dW, dW)", *(f"np.vdot({g}, {g})" for g in others)]
        quick = " and ".join(f"math.isfinite({x})" for x in (name, *sums))
        slow = " and ".join(f"np.isfinite({g}).all()" for g in ("dW", *others))
        self.body += [
            f"if not ({quick}):",
            f"    if not (np.isfinite({name}) and {slow}):",
            "        return None, None",
        ]

    def moving(self) -> None:
        """The update, over all parameters of a group at once."""
        self.memory.wanted = []
        updates = list(zip(self.step.updates, self.memory.stretches, strict=True))
        for update, (a, b) in updates if len(updates) > 1 else ():  # its part of each arena
            names = [(name, f"{name}_group{update.group}") for name in update.given]
            self.setup += [f"{part} = {name}[{a}:{b}]" for name, part in names]
        for update, (a, b) in updates:
            self.moving_group(update, a, b)
        self.body.append(self.result)

    def moving_group(self, update: Update, a: int, b: int) -> None:
        """The update of the parameters that lie from ``a`` to ``b`` in the arenas."""
        suffix = f"_group{update.group}" if len(self.step.updates) > 1 else ""
        names = {id(line): name + suffix for name, line in update.given.items()}
        given = [_resized_source(line, b - a) for line in update.given.values()]
        replaced = {id(old): new for old, new in zip(update.given.values(), given, strict=True)}
        lines = [*given, *_flattened(update, b - a, replaced)]
        results = {n: replaced.get(id(x), x) for n, x in update.results.items()}
        lines = self.formed(lines, list(results.values()))
        results = {n: self.now(x) for n, x in results.items()}
        homes = {id(results[name]): replaced[id(update.given[name])] for name in results}
        placed = plan(lines, homes, list(results.values()))
        outside = {
            id(new): names[id(old)] for old, new in zip(update.given.values(), given, strict=True)
        }
        running = self.runner(lines, placed, outside, homes, taken=self._taken())
        body = running.write(set())
        self.memory.wanted += [
            line.label for line in lines if line.kind in GIVEN and id(line) not in outside
        ]
        self.setup += body.setup
        self.body += [text for text, _ in body.steps]

    def _taken(self) -> set[str]:
        arenas = self.memory.arrays if len(self.step.updates) > 1 else ()
        texts = (*self.setup, *self.body)
        return {*arenas, *(text.split(" = ")[0] for text in texts if " = " in text)}


def _resized_source(line: Line, size: int) -> Line:
    """A flat array in the place of one parameter's."""
    value = np.zeros(size, np.asarray(line.value).dtype)
    return Line("source", line.call, (), {}, value, label=line.label, shape=(size,))


def _flattened(update: Update, size: int, replaced: dict[int, Line]) -> list[Line]:
    """The update's lines about flat arrays, with the numbers that they are given."""
    made: list[Line] = []

    def swap(value: Any) -> Any:
        if isinstance(value, Name):
            line = value.line
            if line.kind in GIVEN and id(line) not in replaced:
                replaced[id(line)] = line
                made.append(line)
            return Name(value.script, replaced.get(id(line), line))
        if isinstance(value, tuple | list):
            return type(value)(swap(part) for part in value)
        return value

    for line in update.lines:
        flat = np.ndim(line.value) > 0
        value = np.zeros(size, line.value.dtype) if flat else line.value
        new = Line(
            line.kind,
            line.call,
            swap(line.inputs),
            {key: swap(v) for key, v in line.options.items()},
            value,
            line.function,
            local=line.local,
            stage="update",
            rule=line.rule,
            shape=(size,) if flat else (),
        )
        replaced[id(line)] = new
        made.append(new)
    return made
