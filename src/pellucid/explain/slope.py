"""Is this gradient right? The loss itself is asked, at two places close by."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.autograd import Tensor, no_grad
from pellucid.errors import OptionError, nearest
from pellucid.nn import Module

__all__ = ["SlopeCheck", "check_slope"]

Array = NDArray[Any]
STEP = 1e-4


@dataclass(frozen=True)
class SlopeCheck:
    """A derivative as the backward pass gives it, and as the loss itself shows it."""

    what: str
    shown: float  # as it stands in the explanation
    analytic: float  # the same in float64
    numeric: float
    error: float  # relative to the larger of 1e-3 and the slope
    kink: bool  # the slopes on the two sides differ: nobody can judge

    @property
    def agrees(self) -> bool:
        """Whether the two agree as well as finite differences can."""
        return self.error < 1e-5

    def __str__(self) -> str:
        verdict = "they agree" if self.agrees else "they DIFFER"
        verdict = "a kink: the loss has two slopes here" if self.kink else verdict
        return (
            f"{self.what}: backward {self.analytic:.9g}, finite differences {self.numeric:.9g}; "
            f"relative difference {self.error:.1e}, {verdict}"
        )


def check_slope(
    model: Module,
    loss: Callable[..., Any],
    x: Array,
    y: Array,
    what: str,
    labels: dict[str, str],
    shown: dict[str, Array],
) -> SlopeCheck:
    """Compare one derivative of the loss with (L(w + h) - L(w - h)) / 2h, in float64.

    ``what`` is an entry, "W1[3, 5]", or a whole array, "W1": then the slope is the one along the
    gradient. ``labels``: the arrays' names in the program to their paths in the network; paths
    are understood too. ``shown``: the gradients by path. Raises OptionError for a name or a place
    that is not there.
    """
    path, index = _place(what, labels, shown)
    twin = copy.deepcopy(model).to(np.float64).eval()
    x = x.astype(np.float64) if x.dtype.kind == "f" else x
    y = y.astype(np.float64) if y.dtype.kind == "f" else y
    parameter = dict(twin.named_parameters())[path]

    def value(weights: Array | None = None) -> Any:
        here = parameter.data
        parameter.data = here if weights is None else weights
        try:
            return loss(twin(Tensor(x)), Tensor(y))
        finally:
            parameter.data = here

    value().backward()
    gradient = np.zeros(parameter.shape) if parameter.grad is None else parameter.grad.data
    direction = np.zeros(parameter.shape)
    if index is None:
        direction = gradient / max(float(np.linalg.norm(gradient)), 1e-300)
    else:
        direction[index] = 1.0
    analytic = float((gradient * direction).sum())
    as_shown = float((shown[path].astype(np.float64) * direction).sum())
    return _compared(what, as_shown, analytic, _differences(value, parameter.data, direction))


def _differences(value: Callable[..., Any], W: Array, d: Array) -> list[float]:
    """The loss at -h, -h/2, 0, h/2, h along the direction."""
    with no_grad():
        return [float(value(W + k * STEP * d).item()) for k in (-1, -0.5, 0, 0.5, 1)]


def _compared(what: str, shown: float, analytic: float, f: list[float]) -> SlopeCheck:
    wide, narrow = (f[4] - f[0]) / (2 * STEP), (f[3] - f[1]) / STEP
    numeric = (4 * narrow - wide) / 3  # Richardson: the error is of order h^4
    size = max(1e-3, abs(analytic), abs(numeric))
    left, right = (f[2] - f[1]) / (STEP / 2), (f[3] - f[2]) / (STEP / 2)
    error = abs(analytic - numeric) / size
    kink = error >= 1e-5 and abs(left - right) > 0.01 * size
    return SlopeCheck(what, shown, analytic, numeric, error, kink)


def _place(
    what: str, labels: dict[str, str], shown: dict[str, Array]
) -> tuple[str, tuple[int, ...] | None]:
    """The path of the array, and the place in it if one was named."""
    found = re.fullmatch(r"\s*(?:d(?=[A-Za-z_]))?([\w.]+)\s*(?:\[([\d\s,]+)\])?\s*", what)
    name = found[1] if found else what
    path = labels.get(name, name if name in shown else "")
    if not path and found:  # a name that itself begins with d
        name = what.strip().partition("[")[0].strip()
        path = labels.get(name, name if name in shown else "")
    if not path:
        raise OptionError(
            "check",
            got=f"{what!r}",
            needs=f"one of {', '.join(labels)}, or an entry such as {next(iter(labels))}[0, 0]",
            try_=nearest(name, labels),
        )
    if not found or found[2] is None:
        return path, None
    index = tuple(int(part) for part in found[2].split(",") if part.strip())
    shape = shown[path].shape
    if len(index) != len(shape) or any(i >= n for i, n in zip(index, shape, strict=True)):
        raise OptionError(
            "check", got=f"{what!r}", needs=f"a place in {name}, whose shape is {shape}"
        )
    return path, index
