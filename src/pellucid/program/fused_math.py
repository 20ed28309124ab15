"""What the fused form's loops call: exp that the compiler can vectorise, and sums of rows.

These functions are copied to the top of a fused program and compiled there. They are plain
Python on NumPy's scalars too, so that they can be tested without a compiler.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["exp32", "row_max", "row_min", "row_sum"]


def exp32(x: Any) -> Any:
    """e^x in float32, to 1 unit in the last place: e^x = 2^k e^r with |r| <= ln(2) / 2.

    Source of the coefficients: S. Moshier, Cephes, expf.
    """
    f = np.float32
    z = f(-104) if x < f(-104) else (f(89) if x > f(89) else x)
    k = np.floor(z * f(1.44269504) + f(0.5))
    r = z - k * f(0.693359375)  # ln(2) in two parts: k times the first is exact
    r = r - k * f(-2.12194440e-4)
    p = f(1.9875691500e-4)
    p = p * r + f(1.3981999507e-3)
    p = p * r + f(8.3334519073e-3)
    p = p * r + f(4.1665795894e-2)
    p = p * r + f(1.6666665459e-1)
    p = p * r + f(5.0000001201e-1)
    p = p * r * r + r + f(1)
    i = np.int32(k) if z == z else np.int32(0)
    half = i >> np.int32(1)  # 2^k in two factors: 2^128 alone would overflow
    first = np.int32((half + np.int32(127)) << np.int32(23)).view(np.float32)
    second = np.int32((i - half + np.int32(127)) << np.int32(23)).view(np.float32)
    return p * first * second


def row_sum(row: Any) -> Any:
    """The sum of a row; the one place where the compiler may reorder additions."""
    total = row[0]
    for j in range(1, row.size):
        total += row[j]
    return total


def row_max(row: Any) -> Any:
    """The greatest number of a row, or not-a-number if there is one."""
    best = row[0]
    for j in range(1, row.size):
        best = row[j] if row[j] > best or row[j] != row[j] else best
    return best


def row_min(row: Any) -> Any:
    """The smallest number of a row, or not-a-number if there is one."""
    best = row[0]
    for j in range(1, row.size):
        best = row[j] if row[j] < best or row[j] != row[j] else best
    return best
