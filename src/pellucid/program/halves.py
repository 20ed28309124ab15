"""A batch in two halves, each on a core of its own: for the fused form, where sums may re-order."""

from __future__ import annotations

import inspect
import textwrap
import threading
from typing import Any

import numpy as np

from pellucid.nn import Module
from pellucid.program.name import Line
from pellucid.program.step import Step
from pellucid.program.tidy import Sized

__all__ = ["Worker", "can_be_halved", "halved"]

# multiply-adds of a forward pass over one batch from which two halves are quicker than a whole
LEAST = 10_000_000


class Worker:
    """A thread that waits for a piece of work, does it, and says when it is done."""

    def __init__(self) -> None:
        self.go, self.done = threading.Lock(), threading.Lock()
        self.go.acquire()
        self.done.acquire()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        """Work for as long as the program runs."""
        with np.errstate(all="ignore"):  # what is not finite is told by the program
            while True:
                self.go.acquire()
                try:
                    self.result, self.error = self.work(), None
                except BaseException as error:
                    self.error = error
                self.done.release()

    def start(self, work: Any) -> None:
        """Begin; there is one piece of work at a time."""
        self.work = work
        self.go.release()

    def wait(self) -> Any:
        """What the work gave, once it is done."""
        self.done.acquire()
        if self.error is not None:
            raise self.error
        return self.result


def can_be_halved(step: Step, loss: Any) -> bool:
    """Whether each row goes its own way through the network, to a mean over the rows.

    No draws, no statistics over the batch, no changes of the gradients before the update.
    """
    mean = isinstance(loss, Module) and getattr(loss, "reduction", "") == "mean"
    if not mean or getattr(loss, "uneven", False) or step.trace.sites or step.trace.buffers:
        return False
    if any(line.stage == "change" for line in step.lines):
        return False
    inside = [x for x in step.lines if x.stage == "forward" and x.layer != "loss"]
    return all(_by_rows(line) for line in inside)


def _by_rows(line: Line) -> bool:
    """Whether rows stay rows: what has n rows gives n rows."""
    took = any(_has_rows(name.line) for name in line.names())
    return not took or _has_rows(line)


def _has_rows(line: Line) -> bool:
    first = line.shape[0] if line.shape else None
    return line.call == "x" or (isinstance(first, Sized) and first.text == "n")


def halved(
    network: tuple[list[str], list[str]],
    update: tuple[list[str], list[str]],
    given: str,
    options: str,
    dtype: str,
) -> list[str]:
    """The source of ``make`` for two halves; ``network`` and ``update``: setup and step of each."""
    setup, body = network
    more, moves = update
    text = [
        *textwrap.dedent(inspect.getsource(Worker)).rstrip().split("\n"),
        "",
        "",
        f'@njit("void({dtype}[::1], {dtype}[::1], {dtype}, {dtype})", cache=True, nogil=True)',
        "def combine(dW, other, a, b):",
        '    """The gradient of the whole: a of one half, b of the other."""',
        "    for i in range(dW.size):",
        "        dW[i] = a * dW[i] + b * other[i]",
        "",
        "",
        "worker = Worker()",
        "",
        "",
        f"def make_half(n, {given}):",
        *(f"    {line}" for line in setup),
        "",
        "    def half(x, y, rng):",
        *(f"        {line}" for line in body),
        "",
        "    return half",
        "",
        "",
        f"def make(n, {given}):",
    ]
    own = ", ".join(name for name in given.split(", ") if name != "dW")
    return [
        *text,
        "    k = n - n // 2",
        "    rest = dW.copy()",
        f"    first = make_half(k, {', '.join(f'{v}={v}' for v in own.split(', '))}, dW=dW)",
        f"    second = make_half(n - k, {', '.join(f'{v}={v}' for v in own.split(', '))}, dW=rest)",
        "    a, b = k / n, (n - k) / n",
        "    output = None",
        *(f"    {line}" for line in more),
        "",
        f"    def step(x, y, rng{', ' + options if options else ''}):",
        "        nonlocal output",
        "        worker.start(lambda: second(x[k:], y[k:], rng))",
        "        loss, top = first(x[:k], y[:k], rng)",
        "        loss_2, bottom = worker.wait()",
        "        if loss is None or loss_2 is None:",
        "            return None, None",
        "        combine(dW, rest, a, b)",
        "        if output is None:",
        "            output = np.empty((n, *top.shape[1:]), top.dtype)",
        "        output[:k], output[k:] = top, bottom",
        *(f"        {line}" for line in moves),
        "        return a * loss + b * loss_2, output",
        "",
        "    return step",
    ]
