"""Small made-up sets for learning: logic gates, clouds, rings, moons, spirals and a sine."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pellucid.data.base import Array, Column, Data
from pellucid.errors import DataError, OptionError, choose
from pellucid.random import generator

__all__ = ["TOYS", "toy"]

GATES = {"and": (0, 0, 0, 1), "or": (0, 1, 1, 1), "xor": (0, 1, 1, 0)}
CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float64)
MAX_SAMPLES = 10_000_000
WHOLE = "four rows are the whole truth table: train on all of them (validation=0, test=0)"

Maker = Callable[[int, float, np.random.Generator], tuple[Array, Array]]


def toy(
    name: str, *, samples: int | None = None, noise: float | None = None, seed: int = 0
) -> Data:
    """The toy set ``name`` with ``samples`` rows and Gaussian noise of deviation ``noise``.

    A gate has its four rows unless more are asked for; they are then repeated in turn.
    Raises OptionError for an unknown name and DataError for a size or noise out of range.

    >>> toy("xor").y.tolist()
    [0, 1, 1, 0]
    """
    make, rows, spread = TOYS[choose("data", name, TOYS)]
    rows = rows if samples is None else samples
    spread = spread if noise is None else noise
    if not 2 <= rows <= MAX_SAMPLES:
        raise DataError(name, got=f"samples={rows}", needs=f"2 to {MAX_SAMPLES:,} samples")
    if not 0 <= spread < np.inf:
        raise OptionError(name, got=f"noise={spread}", needs="a finite number, 0 or more")
    x, y = make(rows, spread, generator(seed, "toy", name))
    return _pack(name, x, y)


def _pack(name: str, x: Array, y: Array) -> Data:
    source = f"made by pellucid.data.toy({name!r})"
    if y.dtype.kind == "f":
        return Data(x, y, "regression", (), name, source, columns=(Column("x"),), target="y")
    classes = tuple(str(label) for label in range(int(y.max()) + 1))
    notes = (WHOLE,) if name in GATES and len(x) == 4 else ()
    return Data(
        x, y.astype(np.int64), "classification", classes, name, source, notes, target="class"
    )


def _gate(name: str) -> Maker:
    def make(rows: int, noise: float, rng: np.random.Generator) -> tuple[Array, Array]:
        turn = np.arange(rows) % 4
        return CORNERS[turn] + _normal(rng, noise, (rows, 2)), np.array(GATES[name])[turn]

    return make


def _blobs(rows: int, noise: float, rng: np.random.Generator) -> tuple[Array, Array]:
    label = np.arange(rows) % 3
    angle = 2 * np.pi * label / 3 + np.pi / 2
    return 2 * _circle(angle) + _normal(rng, noise, (rows, 2)), label


def _circles(rows: int, noise: float, rng: np.random.Generator) -> tuple[Array, Array]:
    label = np.arange(rows) % 2
    radius = np.where(label == 0, 1.0, 0.5)
    ring = radius[:, None] * _circle(rng.uniform(0, 2 * np.pi, rows))
    return ring + _normal(rng, noise, (rows, 2)), label


def _moons(rows: int, noise: float, rng: np.random.Generator) -> tuple[Array, Array]:
    label = np.arange(rows) % 2
    arc = _circle(rng.uniform(0, np.pi, rows))
    lower = np.array([1.0, 0.5]) - arc
    return np.where(label[:, None] == 0, arc, lower) + _normal(rng, noise, (rows, 2)), label


def _spirals(rows: int, noise: float, rng: np.random.Generator) -> tuple[Array, Array]:
    label = np.arange(rows) % 2
    radius = np.sqrt(rng.uniform(0.01, 1, rows))  # the root spreads the points evenly over the disc
    arm = radius[:, None] * _circle(3 * np.pi * radius + np.pi * label)
    return arm + _normal(rng, noise, (rows, 2)), label


def _sine(rows: int, noise: float, rng: np.random.Generator) -> tuple[Array, Array]:
    x = rng.uniform(-np.pi, np.pi, (rows, 1))
    return x, np.sin(x[:, 0]) + _normal(rng, noise, (rows,))


def _circle(angle: Array) -> Array:
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)  # (N, 2)


def _normal(rng: np.random.Generator, noise: float, shape: tuple[int, ...]) -> Array:
    return noise * rng.standard_normal(shape)


# name: how it is made, its number of rows, its noise
TOYS: dict[str, tuple[Maker, int, float]] = {
    "and": (_gate("and"), 4, 0.0),
    "or": (_gate("or"), 4, 0.0),
    "xor": (_gate("xor"), 4, 0.0),
    "blobs": (_blobs, 300, 0.6),
    "circles": (_circles, 400, 0.08),
    "moons": (_moons, 400, 0.15),
    "spirals": (_spirals, 600, 0.03),
    "sine": (_sine, 400, 0.1),
}
