"""Five numbers that stand for many measurements: least, quarters, middle, greatest."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Spread"]


@dataclass(frozen=True)
class Spread:
    """The spread of some measurements, and how many they were.

    >>> Spread.of([4, 1, 2, 3, 5])
    Spread(least=1, low=2.0, median=3, high=4.0, most=5, count=5)
    """

    least: float
    low: float
    median: float
    high: float
    most: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of at least one value."""
        middle = statistics.median(values)
        low = high = middle
        if len(values) > 1:
            low, _, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(min(values), low, middle, high, max(values), len(values))

    def times(self, factor: float) -> Spread:
        """The same in another unit."""
        five = (self.least, self.low, self.median, self.high, self.most)
        least, low, median, high, most = (round(factor * value, 6) for value in five)
        return Spread(least, low, median, high, most, self.count)
