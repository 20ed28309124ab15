"""Is this derivative right? Ask the function itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.autograd import Tensor, no_grad
from pellucid.errors import GradientError
from pellucid.random import generator, step_key

__all__ = ["GradientCheck", "check_gradients"]


@dataclass(frozen=True)
class GradientCheck:
    """What a check found: the two slopes of the worst parameter, and their relative difference."""

    worst: str
    analytic: float
    numeric: float
    error: float
    errors: Mapping[str, float]


def check_gradients(
    function: Callable[..., Any],
    *inputs: Any,
    tolerance: float = 1e-6,
    step: float = 1e-5,
    seed: int = 0,
) -> GradientCheck:
    """Compare backward() with finite differences, in float64, along one random direction a tensor.

    ``function`` (a module or any function of tensors) is called with ``inputs``; its result may
    have any shape: it is projected on fixed random numbers to one number f. For every
    floating-point input and every parameter of a module, with d a random direction of length 1:

        analytic = sum(df/dx * d)      numeric = (f(x + h d) - f(x - h d)) / 2h

    and the error is |analytic - numeric| / max(1, |analytic|, |numeric|). A module is checked as a
    float64 copy of itself: its own numbers are left alone. Random draws (dropout) are repeated the
    same way at each call.

    Raises GradientError with both numbers and the name of the worst where an error exceeds
    ``tolerance``, and where the function has a kink at the point, so that nobody can judge.

    >>> x = np.array([1.0, 2.0])
    >>> check_gradients(lambda t: (t**2).sum(), x).error < 1e-9
    True
    """
    probe = _Probe(function, inputs, seed)
    analytic = probe.slopes()
    found: dict[str, tuple[float, float, float]] = {}
    for name in probe.points:
        numeric = probe.difference(name, step, tolerance)
        scale = max(1.0, abs(analytic[name]), abs(numeric))
        found[name] = abs(analytic[name] - numeric) / scale, analytic[name], numeric
    worst = max(found, key=lambda name: found[name][0] if found[name][0] >= 0 else math.inf)
    error, slope, numeric = found[worst]
    if not error <= tolerance:
        raise GradientError(
            f"gradient check of {worst}",
            got=f"backward() says {slope:.10g}, finite differences say {numeric:.10g}",
            needs=f"a relative difference of at most {tolerance:g}; it is {error:.3g}",
            try_="compare the backward rule with the derivative of the forward rule",
        )
    return GradientCheck(worst, slope, numeric, error, {n: f[0] for n, f in found.items()})


class _Probe:
    """A function, the points it is checked at, and one random direction from each."""

    def __init__(self, function: Callable[..., Any], inputs: tuple[Any, ...], seed: int) -> None:
        self.function, self.seed = function, seed
        self.restore: list[tuple[Tensor, Any]] = []
        self.inputs = tuple(_as_leaf(x) for x in inputs)
        self.points: dict[str, Tensor] = {
            f"input {i}": x
            for i, x in enumerate(self.inputs)
            if isinstance(x, Tensor) and x.requires_grad
        }
        self.tensors = dict(_own_tensors(function))
        self.points.update(
            {n: t for n, t in self.tensors.items() if t.requires_grad and t.dtype.kind == "f"}
        )
        if not self.points:
            raise GradientError(
                "gradient check",
                got="no floating-point input and no parameter",
                needs="something to differentiate by",
            )
        rng = generator(seed, "check")
        self.directions = {n: _unit(rng, p.shape) for n, p in self.points.items()}
        self.weights: Any = None

    def _in_float64(self, run: Callable[[], Any]) -> Any:
        """Run with the module's own tensors as float64 copies, then give it back what it had."""
        kept = {name: t.data for name, t in self.tensors.items()}
        grads = {name: t.grad for name, t in self.tensors.items()}
        try:
            for name, t in self.tensors.items():
                t.data = kept[name].astype(np.float64) if t.dtype.kind == "f" else kept[name].copy()
                t.grad = None
            return run()
        finally:
            for name, t in self.tensors.items():
                t.data, t.grad = kept[name], grads[name]

    def _value(self) -> Tensor:
        with step_key(self.seed, 0, 0):
            out = self.function(*self.inputs)
        if self.weights is None:
            self.weights = generator(self.seed, "projection").normal(size=out.shape)
        return (out * self.weights).sum()  # type: ignore[no-any-return]

    def slopes(self) -> dict[str, float]:
        """df along each direction, by backward()."""

        def run() -> dict[str, float]:
            self._value().backward()
            return {
                name: 0.0 if p.grad is None else float((p.grad.data * self.directions[name]).sum())
                for name, p in self.points.items()
            }

        return self._in_float64(run)  # type: ignore[no-any-return]

    def at(self, name: str, distance: float) -> float:
        """f at ``distance`` along the direction of one point."""

        def run() -> float:
            point = self.points[name]
            here = point.data
            point.data = here + distance * self.directions[name]
            try:
                with no_grad():
                    return self._value().item()  # type: ignore[no-any-return]
            finally:
                point.data = here

        return self._in_float64(run)  # type: ignore[no-any-return]

    def difference(self, name: str, h: float, tolerance: float) -> float:
        """The slope by central differences, extrapolated from h and h / 2 (error of order h^4).

        At a kink the slopes on the two sides differ however small h is; at a smooth point that gap
        shrinks with h. A kink nearby makes the differences over h, h / 2 and h / 4 disagree.
        """
        f0 = self.at(name, 0.0)
        wide, wide_gap = self._slope_and_gap(name, h, f0)
        narrow, gap = self._slope_and_gap(name, h / 2, f0)
        size = max(1.0, abs(narrow))
        if gap > 0.8 * wide_gap and gap > 100 * tolerance * size:
            raise _kink(name, narrow, gap)
        spread = abs(narrow - wide)
        if spread <= tolerance * size:
            return (4 * narrow - wide) / 3
        near, near_gap = self._slope_and_gap(name, h / 4, f0)
        if abs(near - narrow) > 0.3 * spread:  # at a smooth point it is a quarter
            raise _kink(name, near, max(gap, near_gap))
        smooth = abs(gap - 2 * near_gap) <= tolerance * size
        return (4 * near - narrow) / 3 if smooth else near

    def _slope_and_gap(self, name: str, h: float, f0: float) -> tuple[float, float]:
        """The mean of the slopes on the two sides, and how far apart they are."""
        up, down = self.at(name, h), self.at(name, -h)
        return (up - down) / (2 * h), abs(up - 2 * f0 + down) / h


def _kink(name: str, slope: float, gap: float) -> GradientError:
    return GradientError(
        f"gradient check of {name}",
        got=f"a slope of {slope - gap / 2:.6g} on one side and {slope + gap / 2:.6g} on the other",
        needs="a point where the function has one slope: this is a kink, or very near one",
        try_="another input, away from kinks such as ReLU's at 0",
    )


def _as_leaf(x: Any) -> Any:
    array = x.data if isinstance(x, Tensor) else x
    if isinstance(array, np.ndarray | list | float):
        array = np.asarray(array)
        if array.dtype.kind == "f":
            return Tensor(array.astype(np.float64), requires_grad=True)
    return x


def _own_tensors(function: Any) -> list[tuple[str, Tensor]]:
    """Parameters and buffers, if ``function`` is a module."""
    if not hasattr(function, "named_parameters"):
        return []
    return [*function.named_parameters(), *function.named_buffers()]


def _unit(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    d = rng.normal(size=shape)
    return d / max(float(np.sqrt((d * d).sum())), 1e-300)
