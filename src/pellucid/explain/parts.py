"""What is told of a step: lines, blocks of lines, and what the update does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.explain.slope import SlopeCheck
from pellucid.program.name import Line

__all__ = ["Block", "Move", "Row", "Told"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Row:
    """A line of the step: in symbols, as a product of derivatives, and its value."""

    name: str
    formula: str
    chain: str  # dL/dW1 = dL/dz1 · dz1/dW1, for a gradient
    shape: tuple[Any, ...]
    line: Line

    @property
    def value(self) -> Array:
        """The numbers of the example, exactly as the line computes them."""
        return np.asarray(self.line.value)


@dataclass(frozen=True)
class Block:
    """The lines of a layer, forward or backward."""

    stage: str
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Move:
    """What the update does to one array of weights."""

    name: str
    before: Array
    gradient: Array
    after: Array


@dataclass
class Told:
    """A step on one example, before it is given a form."""

    title: str
    facts: list[tuple[str, str]]
    given: tuple[Row, ...]
    blocks: list[Block]
    rule: list[str]  # the update, in symbols
    moves: list[Move]
    checks: list[SlopeCheck]
    classes: tuple[str, ...] = ()
    truth: int | None = None  # the place of the right class
    rival: int | None = None  # the place of the likeliest wrong class
    picture: Array | None = None  # grey levels 0 to 1, (H, W)
    values: dict[str, Array] = field(default_factory=dict)
