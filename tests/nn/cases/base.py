"""What a row of the list is, and the formulas for its numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Layer:
    """A layer: its class and options (or several in a row), and what it is called with.

    ``shape`` is the first input and ``more`` the others: a shape stands for numbers by formula, an
    array or a list is given as it is, a tuple of shapes is a tuple of arrays, None stays None.
    ``call`` holds the keyword arguments, in the same way. An option may itself be a layer.
    """

    kind: str
    options: dict[str, Any]
    shape: Any
    parts: tuple[tuple[str, dict[str, Any]], ...] = ()
    more: tuple[Any, ...] = ()
    call: dict[str, Any] = field(default_factory=dict)
    random: bool = False  # draws while training: its numbers are not torch's
    in_torch: bool = True
    slope: bool = True  # False: an option makes the gradient another than the slope, on purpose
    batched: bool = True  # whether axis 0 of the first input counts independent examples
    rough: bool = False  # torch computes float64 with a constant of float32

    def __str__(self) -> str:
        parts = " > ".join(kind for kind, _ in self.parts)
        more = "".join(f" {_brief(x)}" for x in self.more)
        call = f" {_shown(self.call)}" if self.call else ""
        return f"{self.kind} {parts or _shown(self.options)} {_brief(self.shape)}{more}{call}"


@dataclass(frozen=True)
class Loss:
    """A loss: its class and options, the shapes of its inputs and what its targets are.

    ``more``: shapes of further inputs before the target; ``after``: arrays given after it.
    ``domains``: where the numbers of the inputs come from, those in ``more`` too; a key of
    ``DOMAINS``. Log-probabilities are meant to stay such while a gradient is checked.
    """

    kind: str
    options: dict[str, Any]
    shape: tuple[int, ...]
    target: str  # "numbers", "probabilities", "classes", "distributions", "signs", "" for none ...
    arrays: dict[str, list[float]] = field(default_factory=dict)  # weights of classes or examples
    more: tuple[tuple[int, ...], ...] = ()
    after: tuple[Any, ...] = ()
    domains: tuple[str, ...] = ()

    def __str__(self) -> str:
        more = "".join(f" {x}" for x in self.more)
        after = "".join(f" {_brief(x)}" for x in self.after)
        shown = _shown({**self.options, **self.arrays})
        domains = f" {','.join(self.domains)}" if self.domains else ""
        return f"{self.kind} {self.target} {shown} {self.shape}{more}{after}{domains}"


def _shown(options: dict[str, Any]) -> str:
    return ",".join(f"{k}={_brief(v)}" for k, v in options.items()) or "-"


def _brief(x: Any) -> str:
    """An array as its shape and first numbers, everything else as it is."""
    if isinstance(x, np.ndarray):
        return f"{x.dtype.name}{x.shape}:{','.join(str(v) for v in x.ravel()[:6])}".replace(" ", "")
    return str(x)


def numbers(shape: tuple[int, ...], start: float) -> Any:
    """The same numbers everywhere, by formula: between -1.2 and 1.2."""
    return (1.2 * np.cos(1.7 * np.arange(math.prod(shape)) + start)).reshape(shape)


def probabilities(shape: tuple[int, ...], start: float) -> Any:
    return 0.5 + 0.375 * numbers(shape, start)


def distributions(shape: tuple[int, ...], start: float) -> Any:
    """Probabilities that sum to 1 over the classes, axis 1 (or 0 without a batch)."""
    p = probabilities(shape, start)
    return p / p.sum(axis=min(1, len(shape) - 1), keepdims=True)


def positive(shape: tuple[int, ...], start: float) -> Any:
    return 1.5 + numbers(shape, start)


def log_probabilities(shape: tuple[int, ...], start: float) -> Any:
    """Logarithms of probabilities that sum to 1 over the last axis."""
    x = numbers(shape, start)
    return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))


def signs(shape: tuple[int, ...], start: float) -> Any:
    return np.where(numbers(shape, start) > 0, 1.0, -1.0)


DOMAINS = {
    "numbers": numbers,
    "probabilities": probabilities,
    "positive": positive,
    "log probabilities": log_probabilities,
}


def is_shape(x: Any) -> bool:
    return isinstance(x, tuple) and all(isinstance(n, int) for n in x)


def given(x: Any, start: float) -> Any:
    """What a row means by an input: numbers by formula for a shape, else the thing itself."""
    if is_shape(x):
        return numbers(x, start)
    if isinstance(x, tuple):
        return tuple(given(part, start + 0.3 * (i + 1)) for i, part in enumerate(x))
    return np.array(x) if isinstance(x, list) else x


def options_in(layer: Layer, nn: Any) -> dict[str, Any]:
    """The options, a layer among them made of the classes of ``nn``."""
    return {
        name: getattr(nn, x.kind)(**options_in(x, nn)) if isinstance(x, Layer) else x
        for name, x in layer.options.items()
    }


def inputs(layer: Layer) -> list[Any]:
    """The inputs by place."""
    return [given(x, 3.0 + 0.7 * i) for i, x in enumerate((layer.shape, *layer.more))]


def keywords(layer: Layer) -> dict[str, Any]:
    """The inputs by name."""
    return {name: given(x, 5.0 + 0.7 * i) for i, (name, x) in enumerate(layer.call.items())}


def loss_inputs(loss: Loss) -> list[Any]:
    """The inputs of a loss, in order: those with a gradient, the target, what comes after."""
    domains = loss.domains or ("numbers",) * (1 + len(loss.more))
    starts = [2.0, *(2.6 + 0.6 * i for i in range(len(loss.more)))]
    shapes = zip(domains, (loss.shape, *loss.more), starts, strict=True)
    first = [DOMAINS[domain](shape, start) for domain, shape, start in shapes]
    target = [targets(loss)] if loss.target else []
    return [*first, *target, *(np.array(a) for a in loss.after)]


def targets(loss: Loss) -> Any:
    shape = loss.shape
    if loss.target in ("classes", "signs of rows"):
        axis = min(1, len(shape) - 1) if loss.target == "classes" else len(shape) - 1
        rows = (*shape[:axis], *shape[axis + 1 :])
        if loss.target == "signs of rows":
            return signs(rows, 0.5)
        return np.array((7 * np.arange(math.prod(rows)) + 2).reshape(rows) % shape[axis])
    kinds = {**DOMAINS, "distributions": distributions, "signs": signs}
    return kinds[loss.target](shape, 0.5)


def parameter(name: str, shape: tuple[int, ...], place: int) -> Any:
    """The value that the tests and torch give to a parameter or a buffer."""
    if name.endswith(("running_var", "weight")) and len(shape) == 1:
        return 1 + 0.5 * numbers(shape, place)
    return 0.6 * numbers(shape, place)


def shaped(kind: str, *shapes: Any, **options: Any) -> list[Layer]:
    return [Layer(kind, options, shape) for shape in shapes]


def together(shape: tuple[int, ...], *parts: tuple[str, dict[str, Any]], **how: Any) -> Layer:
    return Layer("Sequential", {}, shape, parts, **how)


ROWS, IMAGES = (5, 4), (3, 4, 2)
