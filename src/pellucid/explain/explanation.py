"""One real example through the network: every line of the step, with its numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid import durable, nn, optim
from pellucid.errors import GradientError, OptionError, choose
from pellucid.explain.page import as_page
from pellucid.explain.parts import Block, Move, Row, Told
from pellucid.explain.slope import SlopeCheck, check_slope
from pellucid.explain.text import as_text
from pellucid.nn import Module
from pellucid.nn.dropout import Thinning
from pellucid.nn.norm import BatchNorm
from pellucid.optim import Optimizer
from pellucid.program.inference import described
from pellucid.program.label import label
from pellucid.program.name import GIVEN, Line
from pellucid.program.reading import headings, read_out
from pellucid.program.source import rule_lines
from pellucid.program.spell import expression
from pellucid.program.tidy import aligned, lift_constants, shorten
from pellucid.program.trace import Changes, Trace, trace_step
from pellucid.program.update import find_updates
from pellucid.train import Run
from pellucid.train.parts import make_part
from pellucid.train.task import Tokens

__all__ = ["Explanation", "explain"]

Array = NDArray[Any]
WITHOUT = ", without class weights and smoothing: the weights come from all the training labels"


class Explanation(Told):
    """A step on one example. ``print`` shows it; ``save(path)`` writes it as a page.

    ``value("dW1")`` gives the numbers of any line, bit for bit what eager mode computes.
    """

    def value(self, name: str) -> Array:
        """The numbers of a line by its name. Raises OptionError for a name that is not there."""
        return self.values[choose("explanation", name, self.values)]

    def __str__(self) -> str:
        return as_text(self)

    def html(self) -> str:
        """The explanation as one self-contained page."""
        return as_page(self)

    def save(self, path: str | Path) -> None:
        """Write the page to a file."""
        durable.write_text(path, self.html())

    def to_json(self) -> dict[str, Any]:
        """Every line with all its numbers, as plain data."""
        rows = [(block, row) for block in self.blocks for row in block.rows]
        return {
            "title": self.title,
            "facts": dict(self.facts),
            "lines": [
                {
                    "stage": block.stage,
                    "layer": block.title,
                    "name": row.name,
                    "formula": row.formula,
                    "chain": row.chain or None,
                    "shape": [str(n) for n in row.shape],
                    "value": row.value.tolist(),
                }
                for block, row in rows
            ],
            "update": self.rule,
            "checks": [vars(check) for check in self.checks],
        }


def explain(
    subject: Run | Module,
    x: ArrayLike,
    y: Any,
    *,
    loss: Callable[..., Any] | None = None,
    optimizer: Optimizer | None = None,
    layer: str | None = None,
    check: str | Sequence[str] = (),
) -> Explanation:
    """Take one example through a training step, line by line, with its numbers.

    ``subject`` is a run, whose loss, optimizer and preparation are used (``x`` and ``y`` are then
    a raw sample and its class's place or its number), or a network, for which ``loss`` may be
    given (cross-entropy for a whole number ``y``, mean squared error else) and ``optimizer`` (SGD
    with learning rate 0.1). ``layer`` shows one layer alone; ``check`` names gradients, such as
    "W1[3, 5]" or "W1", to be compared with finite differences.

    The network is taken as it predicts: without dropout, batch norm with its running statistics.
    Nothing is changed. Raises OptionError for a layer or gradient that is not there.

    >>> net = nn.MLP([2, 3, 2], generator=np.random.default_rng(0))
    >>> told = explain(net, np.array([0.5, -1.0], np.float32), 1)
    >>> told.value("dz2").shape
    (1, 2)
    """
    setting = _of_run(subject, x, y) if isinstance(subject, Run) else _of_model(subject, x, y)
    if loss is not None:
        setting.loss = loss
    if optimizer is not None:
        setting.optimizer = optimizer
    wanted = [check] if isinstance(check, str) else list(check)
    return _Teller(setting).explanation(layer, wanted)


@dataclass
class _Setting:
    """What is explained: a network, its loss and optimizer, one example as a batch."""

    model: Module
    loss: Callable[..., Any]
    optimizer: Optimizer
    x: Array
    y: Array
    changes: Changes = field(default_factory=Changes)
    classes: tuple[str, ...] = ()
    truth: int | None = None
    picture: Array | None = None
    answer: str = ""
    plain: bool = False  # the loss without the run's class weights


def _of_run(run: Run, x: ArrayLike, y: Any) -> _Setting:
    sample = np.array(x)[np.newaxis]
    problem, settings = run.problem, run.settings
    preparation = problem.preparation
    if preparation is None:
        part = make_part("example", (sample, np.array([y])), problem)
        inputs, target = part.x, part.y
    else:
        inputs = preparation.transform(sample, problem.dtype)
        target = preparation.transform_target(np.array([y]), problem.dtype)
        target = target.reshape(1, 1).astype(problem.dtype) if problem.columns else target
    plain = settings.class_weights is not None  # they come from all the training labels
    losses = settings.build_loss(problem.task, problem.columns, np.arange(len(problem.classes)))
    made = _Setting(
        run.model,
        losses.measure if plain else losses.train,
        settings.build_optimizer(run.model),
        inputs,
        target,
        settings.changes,
        run.classes,
        int(y) if problem.task == "classification" else None,
    )
    if sample.ndim == 3 and preparation is not None and sample.dtype == np.uint8:
        made.picture = sample[0] / preparation.maximum
    made.plain = plain
    if isinstance(problem.kind, Tokens):
        made.answer = problem.kind.in_words(sample[0], target[0], run.outputs(sample)[0], problem)
        return made
    answer = run.predict(sample)[0]
    truth = run.labels[int(y)] if problem.task == "classification" else y
    made.answer = f"it is {truth}; the network says {_plain(answer)}"
    if problem.task == "classification":
        made.answer += f" ({100 * run.predict_proba(sample)[0].max():.1f} % sure)"
    return made


def _plain(value: Any) -> str:
    return f"{value:.5g}" if isinstance(value, float | np.floating) else str(value)


def _of_model(model: Module, x: ArrayLike, y: Any) -> _Setting:
    first = next(model.parameters(), None)
    dtype = np.dtype(np.float32) if first is None else first.dtype
    inputs = np.array(x)[np.newaxis]
    inputs = inputs.astype(dtype) if inputs.dtype.kind == "f" else inputs
    target = np.asarray(y)[np.newaxis]
    whole = target.dtype.kind in "iu" and target.ndim == 1
    return _Setting(
        model,
        nn.CrossEntropyLoss() if whole else nn.MSELoss(),
        optim.SGD(model.parameters(), lr=0.1),
        inputs,
        target if whole else target.astype(dtype),
        truth=int(target[0]) if whole else None,
    )


class _Teller:
    """The traced step, and what is said about it."""

    def __init__(self, setting: _Setting) -> None:
        self.setting = setting
        self.trace = self._traced()
        lift_constants(self.trace.script)
        lines = self.trace.script.lines
        self.lines, self.instead = shorten(lines, self.trace.results)
        label(self.trace, setting.model, self.instead)
        for table in (self.trace.moved, *self.trace.new_state.values()):
            for name in table.values():
                name.line = self.final(name.line)
        self.gradients = {p: self.final(n.line) for p, n in self.trace.gradients.items()}
        read_out(self.trace, self.lines, setting.model, ("forward", "backward", "change"))
        self.labels = {line.label for line in self.lines if line.label}

    def _traced(self) -> Trace:
        """The step at batch size 1, its sizes as expressions of n where they can be."""
        s = self.setting
        training = s.model.training
        s.model.eval()

        def at(n: int) -> Trace:
            x, y = (np.resize(part, (n, *part.shape[1:])) for part in (s.x, s.y))
            return trace_step(s.model, s.loss, s.optimizer, x, y, s.changes)

        try:
            trace = at(1)
            try:
                aligned(trace.script.lines, at(4).script.lines, 1, 4)
            except GradientError:  # sizes of 1 are treated in another way somewhere
                trace = at(1)
                for line in trace.script.lines:
                    line.shape = np.shape(line.value)
            return trace
        finally:
            s.model.train(training)

    def final(self, line: Line) -> Line:
        """The line itself, or what took its place."""
        return self.instead.get(id(line), line)

    def explanation(self, layer: str | None, checks: list[str]) -> Explanation:
        """Everything that is told."""
        s, trace = self.setting, self.trace
        told = [x for x in self.lines if x.label and x.kind not in GIVEN and x.stage != "update"]
        rows = {id(line): self.row(line) for line in told}
        blocks: list[Block] = []
        titles = headings(s.model)
        for line in told:
            stage = "backward" if line.stage == "backward" else "forward"
            stage = "change" if line.stage == "change" else stage
            title = "" if stage == "change" else titles.get(line.layer, line.layer)
            stage = "loss" if title == "loss" and stage == "forward" else stage
            if not blocks or (blocks[-1].stage, blocks[-1].title) != (stage, title):
                blocks.append(Block(stage, title, ()))
            last = blocks[-1]
            blocks[-1] = Block(stage, title, (*last.rows, rows[id(line)]))
        values = {line.label: np.array(line.value) for line in self.lines if line.label}
        output = self.final(trace.output.line)
        slopes = self.slopes(checks)
        return Explanation(
            f"{type(s.model).__name__}, one example",
            self.facts(),
            tuple(self.row(n.line) for n in trace.inputs.values()),
            _only(blocks, layer, s.model),
            self.rule(),
            self.moves() if layer is None else [],
            slopes,
            s.classes,
            s.truth,
            _rival(np.asarray(output.value), s.truth),
            s.picture,
            values,
        )

    def facts(self) -> list[tuple[str, str]]:
        s = self.setting
        loss = type(s.loss).__name__
        if not isinstance(s.loss, nn.Module):
            loss = getattr(s.loss, "__name__", "a function")
        assert self.trace.loss is not None
        value = np.asarray(self.final(self.trace.loss.line).value).item()
        rate = s.optimizer.param_groups[0]["lr"]
        facts = [("example", s.answer)] if s.answer else []
        facts += [
            ("network", described(s.model)),
            ("loss", f"{loss}: {_plain(value)}{WITHOUT if s.plain else ''}"),
            ("update", f"{type(s.optimizer).__name__}, learning rate {rate:g}, its first step"),
        ]
        layers = list(s.model.modules())
        off = ["no dropout"] * any(isinstance(m, Thinning) for m in layers)
        batch_norm = any(isinstance(m, BatchNorm) for m in layers)
        off += ["batch norm by its running statistics"] * batch_norm
        return [*facts, ("state", f"as it predicts: {', '.join(off)}")] if off else facts

    def row(self, line: Line) -> Row:
        formula = "" if line.kind in GIVEN else expression(line, lambda x: x.label or None)
        return Row(line.label, formula, self.chain(line), tuple(line.shape), line)

    def chain(self, line: Line) -> str:
        """The product of derivatives that a gradient is."""
        name = line.label
        about = name[1:]
        if line.stage != "backward" or not name.startswith("d") or about not in self.labels:
            return ""
        for arriving in self.arrivals(line):
            if arriving.startswith("d") and arriving[1:] in self.labels:
                came = arriving[1:]
                return f"dL/d{about} = dL/d{came} · d{came}/d{about}"
        return f"dL/d{about}, from the loss itself"

    def arrivals(self, line: Line) -> list[str]:
        """The named values in a line's formula, nearest first."""
        found: list[str] = []
        waiting = [n.line for n in line.names()]
        while waiting:
            x = waiting.pop(0)
            if x.label:
                found.append(x.label)
            elif x.kind not in GIVEN:
                waiting += [n.line for n in x.names()]
        return found

    def rule(self) -> list[str]:
        changed = {**self.gradients, **{p: self.final(x) for p, x in self.trace.rebound}}
        updates = find_updates(self.trace, self.lines, changed)
        return rule_lines(updates[0]) if updates else []

    def moves(self) -> list[Move]:
        changed = {**self.gradients, **{p: self.final(x) for p, x in self.trace.rebound}}
        return [
            Move(
                self.trace.parameters[path].line.label,
                np.array(self.trace.parameters[path].line.value),  # it may move later
                np.asarray(changed[path].value),
                np.asarray(name.line.value),
            )
            for path, name in self.trace.moved.items()
        ]

    def slopes(self, checks: list[str]) -> list[SlopeCheck]:
        s = self.setting
        labels = {name.line.label: path for path, name in self.trace.parameters.items()}
        shown = {path: np.asarray(line.value) for path, line in self.gradients.items()}
        return [check_slope(s.model, s.loss, s.x, s.y, what, labels, shown) for what in checks]


def _rival(output: Array, truth: int | None) -> int | None:
    """The likeliest class that is not the right one."""
    if truth is None or output.ndim != 2 or output.shape[1] < 2:
        return None
    order = np.argsort(-output[0], kind="stable")
    return int(next(k for k in order if k != truth))


def _only(blocks: list[Block], layer: str | None, model: Module) -> list[Block]:
    """The blocks of one layer, forward and backward."""
    if layer is None:
        return blocks
    titles = headings(model)
    told = {block.title for block in blocks}
    leaves = {p for p, m in model.named_modules() if not list(m.children())}
    names = {p: t for p, t in titles.items() if p in leaves or (p and t in told)}
    names["loss"] = names.pop("loss")  # as the last
    title = names[choose("--layer", layer, names)]
    found = [block for block in blocks if block.title == title]
    if not found:
        raise OptionError("--layer", got=layer, needs="a layer that computes something here")
    return found
