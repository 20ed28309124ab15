"""A network as a NumPy program: to read, to run, to save, to check."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid import durable
from pellucid.errors import DtypeError, GradientError, OptionError, ShapeError, choose
from pellucid.nn import Module, describe
from pellucid.nn.module import changes as times_changed
from pellucid.optim import Optimizer
from pellucid.program.assemble import running_source
from pellucid.program.fused import fused_source, load_fused
from pellucid.program.inference import Inference, described
from pellucid.program.load import load
from pellucid.program.memory import Memory
from pellucid.program.reading import Reading, read_out
from pellucid.program.settings import suffix_of
from pellucid.program.source import reading_source
from pellucid.program.step import Step
from pellucid.program.trace import Changes
from pellucid.random import generator, step_key

__all__ = ["Program", "write"]

Array = NDArray[Any]
Loss = Callable[..., Any]


@overload
def write(model: Module, loss: ArrayLike, /) -> Inference: ...


@overload
def write(
    model: Module,
    loss: Loss,
    optimizer: Optimizer,
    example_batch: tuple[ArrayLike, ArrayLike],
    *,
    l1: float = ...,
    l2: float = ...,
    clip_norm: float | None = ...,
    clip_value: float | None = ...,
    form: str = ...,
    threads: int = ...,
) -> Program: ...


def write(
    model: Module,
    loss: Any,
    optimizer: Any = None,
    example_batch: Any = None,
    *,
    l1: float = 0.0,
    l2: float = 0.0,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    form: str = "running",
    threads: int = 1,
) -> Program | Inference:
    """Write the training step of a network, a loss and an optimizer as a NumPy program.

    ``example_batch`` is a pair (x, y) with the shapes and dtypes of the batches to come; the size
    of the batch may change from step to step. The parameters become views of one array, and the
    optimizer's state is shared with the program. Raises GradientError for what cannot be written:
    a branch on a value, code that is not NumPy's.

    ``form="fused"`` runs loops and matrix products compiled by Numba, within rounding of eager;
    ``threads=2`` shares them out to two cores, which changes no bit (give the remaining products of
    NumPy one thread then, as ``fit`` does).

    ``write(model, example)`` writes the prediction alone; ``example`` is a batch of inputs.

    >>> from pellucid import nn, optim
    >>> net = nn.MLP([2, 3, 2])
    >>> x, y = np.zeros((4, 2), np.float32), np.array([0, 1, 0, 1])
    >>> sgd = optim.SGD(net.parameters(), lr=0.1)
    >>> program = write(net, nn.CrossEntropyLoss(), sgd, (x, y))
    >>> "z1 = x @ W1.T + b1" in program.source
    True
    """
    if optimizer is None and example_batch is None and not callable(loss):
        return Inference(model, loss)
    if optimizer is None or example_batch is None:
        raise OptionError(
            "write",
            got="no optimizer" if optimizer is None else "no example_batch",
            needs="model, loss, optimizer and example_batch; or a model and an example of inputs",
        )
    x, y = (np.asarray(part) for part in example_batch)
    changes = Changes(l1, l2, clip_norm, clip_value)
    return Program(model, loss, optimizer, x, y, changes, form, threads)


class Program:
    """The step of a network, ready to run: ``program(x, y)`` trains once and returns the loss.

    ``source`` is the reading form, ``running_source`` what is run: the same lines with buffers.
    ``form="fused"`` runs ``fused_source`` instead: compiled loops, equal within rounding.
    ``output`` holds the network's outputs of the last step; it is overwritten by the next one.
    """

    def __init__(
        self,
        model: Module,
        loss: Loss,
        optimizer: Optimizer,
        x: Array,
        y: Array,
        changes: Changes | None = None,
        form: str = "running",
        threads: int = 1,
    ) -> None:
        self.form = choose("program", form, ("running", "fused"))
        self.model, self.loss, self.optimizer = model, loss, optimizer
        self.changes = changes or Changes()
        self.example = x, y
        self.step = Step.of(model, loss, optimizer, x, y, self.changes)
        if not self.step.updates:
            raise GradientError(
                f"program of {type(model).__name__}",
                got="parameters that are not all updated alike",
                needs="all of a group moved alike, and all groups with the same memories and dtype",
            )
        self.memory = Memory(model, optimizer, self.step)
        self.running_source = running_source(self.step, self.memory)
        self.fused_source = fused_source(self.step, self.memory, threads) if form == "fused" else ""
        name = type(model).__name__.lower()
        if form == "fused":
            self._module = load_fused(self.fused_source, f"{name}_fused")
        else:
            self._module = load(self.running_source, f"{name}_step")
        self._steps: dict[int, Callable[..., Any]] = {}
        self.output: Array | None = None
        self._told = self._names()
        self._looked, self._signature = times_changed(), _signature(model)

    def __call__(
        self, x: ArrayLike, y: ArrayLike, rng: Callable[[int], np.random.Generator] | None = None
    ) -> float | None:
        """Train one step in place; return the loss, or None where a number was not finite.

        Nothing is moved in that case: the step can be run again, eagerly, from unchanged weights.
        ``rng(k)`` gives the generator of the k-th draw (dropout).
        """
        x, y = (self._fitting(*pair) for pair in zip("xy", (x, y), self.example, strict=True))
        self.check_labels(y)
        with np.errstate(all="ignore"):  # what is not finite is told by None
            return self.run(x, y, rng or _unkeyed)

    def check_labels(self, y: Array) -> None:
        """Raise DataError for class numbers that are none: a program does not look at values."""
        if y.dtype.kind in "iu" and hasattr(self.loss, "check_labels"):
            self.loss.check_labels(y, self.step.trace.output.shape)

    def run(self, x: Array, y: Array, rng: Callable[[int], np.random.Generator]) -> float | None:
        """The step itself, for arrays that are known to fit."""
        step = self._steps.get(len(x)) or self._make(len(x))
        self.check()
        loss, self.output = step(x, y, rng, **self.memory.options())
        if loss is None:
            return None
        self.memory.count()
        return float(loss)

    def check(self) -> None:
        """Raise OptionError where the network is not the one that the program was written for."""
        self.memory.check()
        if times_changed() == self._looked:
            return
        if _signature(self.model) != self._signature:
            raise OptionError(
                "program",
                got="a network that was changed since: other layers, parameters, options or mode",
                needs="the network as it was when the program was written",
                try_="pellucid.write again, or model.train() if it was left in eval mode",
            )
        self._looked = times_changed()

    def _make(self, n: int) -> Callable[..., Any]:
        """The step for batches of ``n``, with buffers of its own."""
        self._steps[n] = self._module.make(n, **self.memory.arrays)
        return self._steps[n]

    def _fitting(self, name: str, array: ArrayLike, example: Array) -> Array:
        array = np.ascontiguousarray(array)
        if array.shape[1:] != example.shape[1:]:
            expected = ", ".join(["n", *map(str, example.shape[1:])])
            raise ShapeError(
                "program", got=f"{name} of shape {array.shape}", needs=f"shape ({expected})"
            )
        if array.dtype != example.dtype:
            raise DtypeError(
                "program",
                got=f"{name} of dtype {array.dtype}",
                needs=f"{example.dtype}, as in the example that it was written for",
                try_=f"{name}.astype(np.{example.dtype})",
            )
        return array

    @functools.cached_property
    def source(self) -> str:
        """The reading form: the file that a careful person would have written."""
        step = self.step
        return reading_source(step.trace, self._reading, step.updates, step.changed, self._told)

    @functools.cached_property
    def _reading(self) -> Reading:
        step, stages = self.step, ("forward", "backward", "change")
        return read_out(step.trace, step.lines, self.model, stages, step.stack)

    def _names(self) -> dict[str, str]:
        told = [f"{name} is {text}" for name, text in self.optimizer.told.items()]
        return {
            "network": described(self.model),
            "loss": _with_options(self.loss),
            "optimizer": _settings(self.optimizer),
            "given": "; ".join(told),
            "checked": "program.verify() runs it beside the eager network and compares every bit",
        }

    def line_of(self, layer: str, rule: str, stage: str) -> tuple[int, str] | None:
        """The line of ``source`` that runs a rule of a layer, forward or backward; its text too."""
        numbers = self._numbers
        for line in self.step.lines:
            mine = (line.layer, line.rule, line.stage) == (layer, rule, stage)
            number = numbers.get(self._reading.where(line.label)) if mine else None
            if number is not None:
                return number, self.source.splitlines()[number - 1].partition("  # ")[0].strip()
        return None

    @functools.cached_property
    def _numbers(self) -> dict[tuple[str, str], int]:
        """By function ("" for the step) and name: the number of the line that computes a value."""
        found: dict[tuple[str, str], int] = {}
        function: str | None = None
        for number, text in enumerate(self.source.splitlines(), start=1):
            if text.startswith("def "):
                name = text[4:].partition("(")[0]
                function = "" if name == "step" else name
            names, equals, _ = text.strip().partition(" = ")
            if equals and function is not None:
                for name in names.split(", "):
                    found.setdefault((function, name), number)
        return found

    def save(self, path: str | Path) -> None:
        """Write the reading form to a file."""
        durable.write_text(path, self.source)

    def verify(self, steps: int = 10) -> None:
        """Train copies for some steps, eagerly and by the program, and compare every bit.

        The batch is the example, every third time without its last rows. Raises GradientError at
        the first difference; the network itself is left alone.
        """
        eager = copy.deepcopy((self.model, self.optimizer))
        written = copy.deepcopy((self.model, self.optimizer))
        x, y = self.example
        twin = Program(written[0], self.loss, written[1], x, y, self.changes)
        for k in range(steps):
            rows = slice(0, len(x) - len(x) // 3 * (k % 3 == 2))
            loss = eager_step(*eager, self.loss, x[rows], y[rows], self.changes, k)
            other = twin(x[rows], y[rows], functools.partial(generator, 0, "step", 0, k))
            if other is None or np.float64(loss).tobytes() != np.float64(other).tobytes():
                raise _unequal(k, "the loss", loss, other)
            for name, t in eager[0].state_dict().items():
                if t.tobytes() != written[0].state_dict()[name].tobytes():
                    raise _unequal(k, name, "eager", "program")


def eager_step(
    model: Module, optimizer: Optimizer, loss: Loss, x: Array, y: Array, changes: Changes, k: int
) -> float:
    """One step of eager mode, with the draws of step k."""
    with step_key(0, 0, k):
        result = loss(model(x), y)
    optimizer.zero_grad()
    result.backward()
    changes.apply(list(model.parameters()))
    optimizer.step()
    return float(result.item())


def _signature(model: Module) -> list[Any]:
    """What a program takes for granted: the layers, their options and modes, the parameters."""
    plain = (int, float, str, bool, tuple, type(None))
    found: list[Any] = [id(p) for p in model.parameters()]
    for path, module in model.named_modules():
        options = {k: v for k, v in vars(module).items() if k[0] != "_" and isinstance(v, plain)}
        found.append((path, type(module), options))
    return found


def _with_options(loss: Any) -> str:
    """The loss with the options that are not the usual ones."""
    if not isinstance(loss, Module):
        return getattr(loss, "__name__", type(loss).__name__)
    options = describe(loss).get("options", {})
    shown = [f"{k}={v.get('array') if isinstance(v, dict) else v!r}" for k, v in options.items()]
    return f"{type(loss).__name__}({', '.join(shown)})"


def _settings(optimizer: Optimizer) -> str:
    """The optimizer with its learning rate and what is not as usual."""
    usual = inspect.signature(type(optimizer)).parameters
    group = optimizer.param_groups[0]
    shown = [
        f"{name}={group[name]!r}"
        for name in optimizer.defaults
        if name == "lr" or (name in usual and group[name] != usual[name].default)
    ]
    others = [
        f"{name}{suffix_of(k)}={other[name]!r}"
        for k, other in enumerate(optimizer.param_groups)
        for name in optimizer.defaults
        if other[name] != group[name]
    ]
    groups = f"; of the other groups: {', '.join(others)}" if others else ""
    return f"{type(optimizer).__name__}({', '.join(shown)}){groups}"


def _unkeyed(site: int) -> np.random.Generator:
    raise OptionError(
        "program",
        got=f"a draw (number {site}) without a generator",
        needs="rng: a function that gives the generator of each draw",
        try_="program(x, y, lambda site: pellucid.random.generator(seed, step, site))",
    )


def _unequal(k: int, what: str, eager: Any, program: Any) -> GradientError:
    return GradientError(
        f"verify, step {k}",
        got=f"{what}: {eager} and {program}",
        needs="the same bits from the eager network and from the program",
    )
