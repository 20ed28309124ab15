"""The non-linear functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .base import Case, Input, each, one


def a_softmax(x: Any, axis: int = -1) -> Any:
    return np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True)


def erf_gelu(x: float, approximate: str = "none") -> float:
    if approximate == "tanh":
        return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return 0.5 * x * (1 + math.erf(x / math.sqrt(2)))


CASES = [
    *one("Step", each(lambda x: 1.0 if x >= 0 else 0.0), "apart"),
    *one("Sigmoid", lambda x: (1 + np.tanh(x / 2)) / 2),
    *one("Tanh", each(math.tanh)),
    *one("ReLU", each(lambda x: x if x > 0 else 0.0), "apart"),
    *one("LeakyReLU", each(lambda x, slope=0.01: x if x > 0 else slope * x), "apart"),
    *one("LeakyReLU", each(lambda x, slope: x if x > 0 else slope * x), "apart", slope=0.2),
    *one("ELU", each(lambda x: x if x > 0 else math.exp(x) - 1), "apart"),
    *one(
        "ELU", each(lambda x, alpha: x if x > 0 else alpha * (math.exp(x) - 1)), "apart", alpha=0.5
    ),
    *one("Softplus", each(lambda x: math.log(1 + math.exp(x)))),
    *one("Softplus", each(lambda x, beta: math.log(1 + math.exp(beta * x)) / beta), beta=2.5),
    *one("SiLU", each(lambda x: x / (1 + math.exp(-x)))),
    *one("GELU", each(erf_gelu)),
    *one("GELU", each(erf_gelu), approximate="tanh"),
    *[
        Case(rule, (Input(s),), f, {"axis": axis})
        for rule, f in (
            ("Softmax", a_softmax),
            ("LogSoftmax", lambda x, axis: np.log(a_softmax(x, axis))),
        )
        for s, axis in [((5,), -1), ((3, 4), -1), ((3, 4), 0), ((1, 4), 1), ((2, 3, 2), 1)]
    ],
]
