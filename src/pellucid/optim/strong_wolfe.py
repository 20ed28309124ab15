"""How far to go along a direction: a line search until the strong Wolfe conditions hold."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from pellucid.optim.optimizer import Array

__all__ = ["Point", "cubic_minimum", "strong_wolfe"]

DECREASE, CURVATURE = 1e-4, 0.9  # the constants c1 and c2 of the conditions
SMALLEST_MOVE = 1e-9  # a bracket that moves no weight further than this is not refined


class Point(NamedTuple):
    """A place on the line: how far, the loss there, its gradient, and its slope along the line."""

    t: float
    loss: float
    gradient: Any
    slope: float


def strong_wolfe(
    evaluate: Callable[[float], tuple[float, Array]],
    d: Array,
    start: Point,
    t: float,
    most: int,
) -> tuple[Point, int]:
    """A point on the line start + t d that is low enough and flat enough, and how often it looked.

    Low enough: loss <= loss_0 + c1 t slope_0; flat enough: |slope| <= c2 |slope_0|. First steps
    forward until such points are enclosed, then narrows the enclosure; ``most`` bounds both.
    ``t`` is the first try. Nocedal & Wright 2006, algorithms 3.5 and 3.6.
    """
    search = _Search(evaluate, d, start, most)
    found = search.enclose(t)
    return (found if found is not None else search.narrow()), search.looks


class _Search:
    """One search: the line, where it began, and the two ends of the enclosure."""

    def __init__(
        self,
        evaluate: Callable[[float], tuple[float, Array]],
        d: Array,
        start: Point,
        most: int,
    ) -> None:
        self.evaluate, self.d, self.start, self.most = evaluate, d, start, most
        self.looks = self.turns = 0
        self.ends = [start, start]

    def look(self, t: float) -> Point:
        """The loss and slope at t."""
        self.looks += 1
        loss, g = self.evaluate(t)
        return Point(t, loss, g, float(np.dot(g, self.d)))

    def too_high(self, point: Point) -> bool:
        """A loss that is not a number is too high as well."""
        return not point.loss <= self.start.loss + DECREASE * point.t * self.start.slope

    def flat(self, point: Point) -> bool:
        return abs(point.slope) <= -CURVATURE * self.start.slope

    def enclose(self, t: float) -> Point | None:
        """Go forward: a point that will do, or None with ``ends`` around such points."""
        last, point = self.start, self.look(t)
        while self.turns < self.most:
            rises = self.turns > 1 and point.loss >= last.loss
            if self.too_high(point) or rises:
                self.ends = [last, point]
                return None
            if self.flat(point):
                return point
            if point.slope >= 0:
                self.ends = [last, point]
                return None
            bounds = (point.t + 0.01 * (point.t - last.t), 10 * point.t)
            last, point = point, self.look(cubic_minimum(last, point, bounds))
            self.turns += 1
        self.ends = [self.start, point]
        return None

    def narrow(self) -> Point:
        """Shrink the enclosure to a point that will do; its lower end if that takes too long."""
        low = int(self.ends[1].loss < self.ends[0].loss)
        near_before = False
        largest = float(np.max(np.abs(self.d)))
        while self.turns < self.most:
            if abs(self.ends[1].t - self.ends[0].t) * largest < SMALLEST_MOVE:
                break
            t, near_before = self.between(near_before)
            point = self.look(t)
            self.turns += 1
            if self.too_high(point) or point.loss >= self.ends[low].loss:
                self.ends[1 - low] = point
                low = int(self.ends[1].loss < self.ends[0].loss)
                continue
            if self.flat(point):
                return point
            if point.slope * (self.ends[1 - low].t - self.ends[low].t) >= 0:
                self.ends[1 - low] = self.ends[low]
            self.ends[low] = point
        return self.ends[low]

    def between(self, near_before: bool) -> tuple[float, bool]:
        """Where to look next, and whether that is near an end; not near one twice in a row."""
        t = cubic_minimum(self.ends[0], self.ends[1])
        left, right = sorted(end.t for end in self.ends)
        margin = 0.1 * (right - left)
        if min(right - t, t - left) >= margin:
            return t, False
        if not near_before and left < t < right:
            return t, True
        return (right - margin if abs(t - right) < abs(t - left) else left + margin), False


def cubic_minimum(a: Point, b: Point, bounds: tuple[float, float] | None = None) -> float:
    """Where the cubic through two points with these slopes is lowest, within bounds.

    The bounds are the two points' places unless given; where the cubic has no lowest point, it is
    the middle of them. Nocedal & Wright 2006, equation 3.59.

    >>> cubic_minimum(Point(0.0, 1.0, None, -2.0), Point(2.0, 1.0, None, 2.0))  # (t - 1)²
    1.0
    """
    a, b = (a, b) if a.t <= b.t else (b, a)
    low, high = bounds or (a.t, b.t)
    if a.t == b.t:
        return (low + high) / 2
    first = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = first**2 - a.slope * b.slope
    if not square >= 0:  # NaN too
        return (low + high) / 2
    root = math.sqrt(square)
    across = b.slope - a.slope + 2 * root
    if across == 0:
        return (low + high) / 2
    return min(max(b.t - (b.t - a.t) * (b.slope + root - first) / across, low), high)
