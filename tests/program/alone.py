"""The reading form, run by itself, beside the eager network."""

from __future__ import annotations

import copy
import functools
from typing import Any

import numpy as np

from pellucid.program import Program
from pellucid.program.program import eager_step
from pellucid.random import generator


def functions(source: str) -> dict[str, Any]:
    """What a written file defines."""
    space: dict[str, Any] = {}
    exec(compile(source, "written.py", "exec"), space)
    return space


def trains_alone(program: Program, steps: int = 3, rows: int = 2) -> None:
    """Train by the source, each second time without the last rows: losses, weights, buffers."""
    step = functions(program.source)["step"]
    model, optimizer = copy.deepcopy((program.model, program.optimizer))
    x, y = program.example
    update, trace = program.step.update, program.step.trace
    assert update is not None
    weights = [p.data.copy() for p in model.parameters()]
    buffers = [b.data.copy() for b in model.buffers()]
    moved = [w for w, path in zip(weights, trace.parameters, strict=True) if path in trace.moved]
    given: dict[str, Any] = {"buffers": buffers} if trace.buffers else {}
    if update.slots:
        given["memory"] = [tuple(np.zeros_like(w) for _ in update.slots) for w in moved]
    for k in range(steps):
        n = len(x) - rows * (k % 2)
        draws = functools.partial(generator, 0, "step", 0, k)
        rng = {"rng": draws} if trace.sites else {}
        options = program.memory.options()
        options |= {"t": k + 1} if "t" in options else {}
        loss = step(weights=weights, x=x[:n], y=y[:n], **given, **rng, **options)
        changes = program.changes
        assert float(loss) == eager_step(
            model, optimizer, program.loss, x[:n], y[:n], changes, k
        ), k
        for w, p in zip(weights, model.parameters(), strict=True):
            assert w.tobytes() == p.data.tobytes(), k
        for kept, b in zip(buffers, model.buffers(), strict=True):
            assert kept.tobytes() == b.data.tobytes(), k
