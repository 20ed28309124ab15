"""A training step, traced and tidied: the lines that every form of the program is written from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.nn import Module
from pellucid.optim import Optimizer
from pellucid.program.blocks import Stack, find_stack
from pellucid.program.label import label
from pellucid.program.name import GIVEN, Line
from pellucid.program.tidy import aligned, lift_constants, shorten
from pellucid.program.trace import Changes, Trace, trace_step
from pellucid.program.update import Update, find_updates

__all__ = ["Step"]

Array = NDArray[Any]


@dataclass
class Step:
    """A traced and tidied training step: the lines, and what they mean."""

    trace: Trace
    lines: list[Line]
    instead: dict[int, Line]
    gradients: dict[str, Line]  # as backward gives them
    changed: dict[str, Line]  # as the update takes them
    updates: list[Update]  # one for each group of parameters; none where they cannot be written
    stack: Stack | None  # equal blocks, which a reader sees once

    @property
    def update(self) -> Update:
        """The first group's."""
        return self.updates[0]

    @classmethod
    def of(
        cls,
        model: Module,
        loss: Callable[..., Any],
        optimizer: Optimizer,
        x: Array,
        y: Array,
        changes: Changes,
    ) -> Step:
        """Trace the step at two batch sizes and make one program of the two traces."""
        n = len(x)
        # the first is the one whose memory is looked at: one row alone has every memory order
        n, m = (n, n + 3) if n > 1 else (n + 3, n)
        trace, other = (
            trace_step(model, loss, optimizer, _resized(x, k), _resized(y, k), changes)
            for k in (n, m)
        )
        aligned(trace.script.lines, other.script.lines, n, m)
        lift_constants(trace.script)
        lines, instead = shorten(trace.script.lines, trace.results)
        label(trace, model, instead)

        def final(line: Line) -> Line:
            return instead.get(id(line), line)

        for table in (trace.moved, trace.new_buffers, *trace.new_state.values()):
            for name in table.values():
                name.line = final(name.line)
        gradients = {path: final(name.line) for path, name in trace.gradients.items()}
        changed = {**gradients, **{path: final(line) for path, line in trace.rebound}}
        updates = find_updates(trace, lines, changed)
        # groups of parameters cut through equal blocks: these are then written one by one
        stack = find_stack(trace, lines, model, instead) if len(updates) < 2 else None
        if stack is not None:
            stack.name_ends(lines)
        return cls(trace, lines, instead, gradients, changed, updates, stack)

    def of_stage(self, *stages: str) -> list[Line]:
        """The lines of these stages, in order."""
        return [x for x in self.lines if x.stage in stages or x.kind in GIVEN]


def _resized(array: Array, n: int) -> Array:
    """``n`` rows of an example: its own, repeated as needed."""
    return np.resize(array, (n, *array.shape[1:])) if len(array) != n else array
