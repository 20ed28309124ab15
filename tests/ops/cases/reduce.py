"""Many numbers into one."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import SHAPES, Case, Input, Reference

AXES = [(s, a, k) for s in SHAPES for a in (None, -1, 0) for k in (False, True) if s or a is None]
AXES += [((2, 3, 2), (0, 2), False), ((2, 3, 2), (-1, 1), True)]


def reductions(rule: str, reference: Reference, domain: str, **options: Any) -> list[Case]:
    return [
        Case(rule, (Input(s, domain),), reference, {"axis": a, "keepdims": k, **options})
        for s, a, k in AXES
    ]


def _log_sum_exp(x: Any, axis: Any, keepdims: bool) -> Any:
    return np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))


def _variance(x: Any, axis: Any, keepdims: bool, ddof: int = 0) -> Any:
    mean = np.mean(x, axis=axis, keepdims=True)
    n = x.size / mean.size
    return np.sum((x - mean) ** 2, axis=axis, keepdims=keepdims) / (n - ddof)


CASES = [
    *reductions("Sum", np.add.reduce, "real"),
    *reductions("Mean", np.mean, "real"),
    *reductions("Var", _variance, "real"),
    Case("Var", (Input((3, 4)),), _variance, {"axis": 0, "keepdims": False, "ddof": 1}),
    Case("Var", (Input((3, 4)),), _variance, {"axis": None, "keepdims": True, "ddof": 1}),
    *reductions("Max", np.maximum.reduce, "apart"),
    *reductions("Min", np.minimum.reduce, "apart"),
    *reductions("LogSumExp", _log_sum_exp, "real"),
]
