"""Inputs and targets that need no preparation, under a name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pellucid.data.base import Array

__all__ = ["Arrays"]


@dataclass(frozen=True, eq=False)
class Arrays:
    """x (N, ...) and y (N, ...) as a network takes them: windows of a text, tokens, series.

    It unpacks like the pair (x, y), and stands wherever such a pair does.

    >>> import numpy as np
    >>> x, y = Arrays(np.zeros((3, 2)), np.ones(3), "three")
    >>> x.shape, y.shape
    ((3, 2), (3,))
    """

    x: Array
    y: Array
    name: str = "arrays"
    source: str = "arrays in memory"

    def __iter__(self) -> Iterator[Array]:
        yield self.x
        yield self.y

    def __len__(self) -> int:
        return len(self.x)

    def example(self, i: int) -> tuple[Array, Array]:
        """Input and target ``i``, as the network meets them."""
        return self.x[i], self.y[i]

    def measured(self) -> Arrays:
        """What a network is measured on: all of it, unless a subclass knows better."""
        return self
