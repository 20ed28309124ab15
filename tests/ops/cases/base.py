"""What a row of the list is.

A row says which rule, which inputs (a shape and a domain each, or a fixed value), which options,
and what plain NumPy, written another way, says about the result.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.random import generator

Reference = Callable[..., Any]


@dataclass(frozen=True)
class Input:
    """One input: its shape, and where its numbers come from.

    ``apart``: distinct numbers, away from 0 and from those of the other inputs: no kink is near.
    """

    shape: tuple[int, ...] = ()
    domain: str = "real"
    constant: bool = False  # the rule has no gradient for it

    def make(self, rng: np.random.Generator, place: int) -> Any:
        n = math.prod(self.shape)
        if self.domain == "real":
            return rng.normal(size=self.shape)
        if self.domain == "positive":
            return rng.uniform(0.5, 2.0, self.shape)
        if self.domain == "probability":
            return rng.uniform(0.05, 0.95, self.shape)
        if self.domain == "apart":
            grid = 0.3 * (np.arange(n) - n // 2) + 0.07 + 0.13 * place
            return rng.permutation(grid).reshape(self.shape)
        if self.domain == "truth":
            return np.arange(n).reshape(self.shape) % 3 == 0
        if self.domain == "sign":
            return np.where(np.arange(n).reshape(self.shape) % 3 == 0, -1.0, 1.0)
        if self.domain == "log probability":  # the classes on the last axis
            z = rng.normal(size=self.shape)
            return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
        if self.domain == "distribution":  # rows of probabilities, the classes on axis 1
            p = rng.uniform(0.1, 1.0, self.shape)
            return p / p.sum(axis=min(1, p.ndim - 1), keepdims=True)
        raise AssertionError(self.domain)


@dataclass(frozen=True)
class Fixed:
    """An input that is given as it is: a number, class labels, None."""

    value: Any
    constant: bool = True

    def make(self, rng: np.random.Generator, place: int) -> Any:
        return self.value


@dataclass(frozen=True)
class Rng:
    """A generator, a new one of the same key for each run."""

    constant: bool = True

    def make(self, rng: np.random.Generator, place: int) -> Any:
        return generator(7, "rule")


@dataclass(frozen=True)
class Case:
    rule: str
    inputs: tuple[Any, ...]
    reference: Reference
    options: dict[str, Any] = field(default_factory=dict)
    smooth: bool = True  # False: forward only, the numbers stand on a kink
    through: str = ""  # a rule that makes the first input: the gradient is meant behind it alone

    def make(self, dtype: Any = np.float64) -> list[Any]:
        rng = generator(0, self.rule, *(len(getattr(i, "shape", ())) for i in self.inputs))
        made = [i.make(rng, place) for place, i in enumerate(self.inputs)]
        return [x.astype(dtype) if is_float(x) else x for x in made]

    def __str__(self) -> str:
        shapes = " ".join(str(getattr(i, "shape", "-")).replace(" ", "") for i in self.inputs)
        options = ",".join(f"{k}={v}" for k, v in self.options.items())
        return f"{self.rule} {shapes} {options}".strip()


def is_float(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind == "f"


SHAPES = [(), (5,), (3, 4), (1, 4), (2, 3, 2)]
PAIRS = [
    ((), ()),
    ((5,), (5,)),
    ((3, 4), (3, 4)),
    ((3, 4), (4,)),
    ((1, 4), (3, 1)),
    ((), (2, 3)),
    ((2, 1, 3), (4, 1)),
]


def one(rule: str, reference: Reference, domain: str = "real", **options: Any) -> list[Case]:
    """A row for each shape of an operation on one array."""
    return [Case(rule, (Input(s, domain),), reference, options) for s in SHAPES]


def two(rule: str, reference: Reference, *domains: str) -> list[Case]:
    """A row for each pair of shapes, broadcast ones among them."""
    left, right = domains or ("real", "real")
    return [Case(rule, (Input(a, left), Input(b, right)), reference) for a, b in PAIRS]


def each(f: Callable[..., float]) -> Reference:
    """A function of Python numbers, applied number by number."""
    return lambda *arrays, **options: np.vectorize(lambda *x: f(*x, **options), otypes=[float])(
        *arrays
    )
